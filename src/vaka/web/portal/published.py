# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The whole log as published files, for the authority's verifier; and its checkpoint alone, to be kept aside.

A verifier asks for thousands of files. That they are taken is one entry: the first file of a session writes it, and so
does the first that is asked for ten minutes after. Like all reading it is never refused because the log stands still:
whoever must find out why has to verify it.
"""

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.permissions import Permission
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.publishing import CHECKPOINT, read_published_file
from vaka.ledger.reading import read_state
from vaka.web.asker import Asker
from vaka.web.portal.portal import Portal, require_authority

_FOR_EVER = "private, max-age=31536000, immutable"


class NotPublishedHereError(VakaError):
    """The log publishes no such file."""

    def __init__(self) -> None:
        super().__init__(
            Category.MISSING,
            Sentence(
                sv="Loggen har ingen sådan fil: den är inte publicerad än, eller posterna i den har gallrats.",
                en="The log has no such file: it is not published yet, or its entries have been pruned.",
            ),
        )


async def give_file(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/published/{file}: a file of the log as ``vaka verify`` reads it (C2SP tlog-tiles)."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_EXPORT_LOG)

    async def write() -> None:
        async with portal.gateway.transaction(authority.id) as tenant:
            state = await read_state(tenant)
            entry = Entry(
                Event.LOG_EXPORTED, asker.principal.actor, portal.clock.now(), portal.log_name(authority),
                detail={"format": "tlog-tiles", "reason": "verification", "size": state.signed_size or 0},
            )  # fmt: skip
            await append(tenant, entry)

    await portal.taking_out.enter(asker.session.id, authority.id, write)
    path = request.path_params["file"]
    async with portal.gateway.transaction(authority.id) as tenant:
        file = await read_published_file(tenant, path)
    if file is None:
        raise NotPublishedHereError
    is_text = path.rpartition("/")[2].partition(".")[0] == CHECKPOINT
    return Response(
        file.data,
        media_type="text/plain; charset=utf-8" if is_text else "application/octet-stream",
        headers={"Cache-Control": _FOR_EVER} if file.never_changes else {},
    )


async def save_checkpoint(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/checkpoint: the newest one as a file to be kept aside. No entry stands in it."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        if state.note is None or state.signed_size is None:
            raise NotPublishedHereError
        entry = Entry(
            Event.LOG_READ, asker.principal.actor, portal.clock.now(), portal.log_name(authority),
            detail={"format": "checkpoint", "size": state.signed_size},
        )  # fmt: skip
        await append(tenant, entry)
    name = f"{authority.slug}-{state.signed_size}.checkpoint"
    return Response(
        state.note, media_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip
