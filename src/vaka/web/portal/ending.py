# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The end of a contract (term 6): taking out everything the authority owns."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from vaka.access.decide import NothingHereError
from vaka.access.exporting import begin_export
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.accounts import name_accounts
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.reading import read_state
from vaka.tenants.authorities import Authority
from vaka.tenants.exporting import list_exports, write_export
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.pages import Message
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.receipts import receipt_address
from vaka.web.times import LOCAL

MAY_EXPORT = Permission.PORTAL_EXPORT_AUTHORITY


class ExportUnderWayError(VakaError):
    """This portal is sending an export of the authority already: one at a time is enough work for it."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Ett uttag av allt pågår redan. Vänta tills det är klart. Inget har lämnats ut.",
                en="Everything is being taken out already. Wait until that has ended. Nothing was taken out.",
            ),
        )


class TakeOutForm(Form):
    """Why everything is taken out."""

    reason: Annotated[str, Field(max_length=LONGEST_REASON)] = ""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /end: the page of one's own authority; of several, the first by name."""
    own = portal.own_authorities(asker, MAY_EXPORT)
    if not own:
        raise NothingHereError
    return RedirectResponse(f"/log/{own[0].slug}/end", 303)


async def show_end(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/end: what was taken out, and the form."""
    authority = await require_authority(portal, request, asker, MAY_EXPORT)
    return await show(portal, asker, authority)


async def take_everything(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/end/export: the archive. The log says so before its first byte is sent."""
    authority = await require_authority(portal, request, asker, MAY_EXPORT)
    form = await read_form(request, TakeOutForm)
    export, now = new_identifier(portal.clock.now()), portal.clock.now()
    try:
        if authority.id in portal.exporting:
            raise ExportUnderWayError
        # Asked for before anything is entered: without the keyholder there would be an archive full of locked rows.
        await portal.keyring.of(authority.id).hold([authority.id])
        async with portal.gateway.transaction(authority.id) as tenant:
            number = await begin_export(tenant, asker.principal, authority.id, export, form.reason, now=now)
    except VakaError as error:
        return await explain(portal, asker, authority, error, form)
    name = f"vaka-{authority.slug}-{now.astimezone(LOCAL):%Y%m%d-%H%M}-{number}.zip"
    return StreamingResponse(
        _send(portal, authority, export, require_reason(form.reason)),
        media_type="application/zip",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Link": f'<{receipt_address(authority, number)}>; rel="related"',
        },
    )


async def _send(portal: Portal, authority: Authority, export: UUID, reason: str) -> AsyncIterator[bytes]:
    portal.exporting.add(authority.id)
    log = portal.logs.log_name(authority.slug)
    pieces = write_export(portal.gateway, portal.keyring, authority, export, reason, log, portal.clock)
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece
    finally:
        portal.exporting.discard(authority.id)


async def explain(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError, form: TakeOutForm | None = None
) -> Response:
    """Answer with the page and what is wrong; raise what is not about the form."""
    if error.category not in (Category.INVALID, Category.CONFLICT, Category.FORBIDDEN):
        raise error
    return await show(portal, asker, authority, form, error)


async def show(
    portal: Portal, asker: Asker, authority: Authority, form: TakeOutForm | None = None, error: VakaError | None = None
) -> Response:
    """Answer with the page."""
    path = f"/log/{authority.slug}"
    async with portal.gateway.transaction(authority.id) as tenant:
        state, exports = await read_state(tenant), await list_exports(tenant)
    async with transaction(portal.platform) as platform:
        accounts = await name_accounts(platform, {one.account for one in exports})
    message, status = None, 200
    if error is not None:
        message, status = Message(error.sentence.in_language(asker.preferences.language)), 400
    return portal.page(
        asker, "portal_end.html", authority, f"{path}/end", status,
        page="end", path=path, state=state, exports=exports, accounts=accounts, form=form or TakeOutForm(),
        message=message, longest_reason=LONGEST_REASON, under_way=authority.id in portal.exporting,
    )  # fmt: skip
