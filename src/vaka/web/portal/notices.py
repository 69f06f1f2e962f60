# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the authority was told of and whether it arrived, and where it wants to be told (term 10)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may
from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.errors import Category, VakaError
from vaka.ledger.reading import read_state
from vaka.notices.board import Notice, acknowledge, list_deliveries, list_notices
from vaka.notices.ways import (
    LONGEST_ADDRESS,
    LONGEST_CERTIFICATE,
    LONGEST_MINUTES,
    LONGEST_SERVER,
    MOST_WAYS,
    WayKind,
    end_way,
    list_ways,
    read_minutes,
    set_minutes,
    set_way,
)
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.pages import Message
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.portal import Portal, require_authority

MAY_SEE = Permission.PORTAL_SEE_ACCESS
MAY_SET = Permission.PORTAL_SET_NOTICES
MOST_SHOWN = 100


class WayForm(Form):
    """One more place that notices are sent to."""

    way: WayKind
    address: Annotated[str, Field(max_length=LONGEST_ADDRESS)]
    server: Annotated[str, Field(max_length=LONGEST_SERVER)] = ""
    certificate: Annotated[str, Field(max_length=LONGEST_CERTIFICATE)] = ""


class EndForm(Form):
    """A place that notices are sent to no more."""

    way: UUID


class MinutesForm(Form):
    """Within how many minutes notices arrive."""

    minutes: Annotated[str, Field(pattern=r"^[0-9]{1,5}$")]


class SeenForm(Form):
    """Which notices were on the page that somebody has seen."""

    notices: Annotated[str, Field(max_length=37 * MOST_SHOWN, pattern=r"^[0-9a-f-]{36}(,[0-9a-f-]{36})*$")]

    @property
    def identifiers(self) -> list[UUID]:
        """The notices."""
        return [UUID(one) for one in self.notices.split(",")]


async def show_notices(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/notices: what was told, whether it arrived, and where it is sent."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    return await _show(portal, asker, authority)


async def acknowledge_seen(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/notices/seen: say that one has seen what the page showed. It is the portal's receipt."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form, now = await read_form(request, SeenForm), portal.clock.now()
    try:
        async with transaction(portal.platform) as platform:
            await acknowledge(platform, asker.principal, authority.id, form.identifiers, now=now)
    except VakaError as error:
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(f"/log/{authority.slug}/notices", 303)


async def add_way(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/notices/way: send notices to one more place."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form, now = await read_form(request, WayForm), portal.clock.now()
    try:
        async with transaction(portal.platform) as platform:
            await set_way(
                platform, asker.principal, authority.id, form.way, form.address, server=form.server,
                certificate=form.certificate, now=now,
            )  # fmt: skip
    except VakaError as error:
        return await _explain(portal, asker, authority, error, form)
    return RedirectResponse(f"/log/{authority.slug}/notices", 303)


async def stop_way(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/notices/end: send notices there no more."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form, now = await read_form(request, EndForm), portal.clock.now()
    try:
        async with transaction(portal.platform) as platform:
            await end_way(platform, asker.principal, authority.id, form.way, now=now)
    except VakaError as error:
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(f"/log/{authority.slug}/notices", 303)


async def agree_minutes(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/notices/minutes: agree within how many minutes notices arrive."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form, now = await read_form(request, MinutesForm), portal.clock.now()
    try:
        async with transaction(portal.platform) as platform:
            await set_minutes(platform, asker.principal, authority.id, int(form.minutes), now=now)
    except VakaError as error:
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(f"/log/{authority.slug}/notices", 303)


async def _explain(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError, form: WayForm | None = None
) -> Response:
    if error.category not in (Category.INVALID, Category.CONFLICT, Category.FORBIDDEN):
        raise error
    return await _show(portal, asker, authority, error, form)


async def _show(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError | None = None, form: WayForm | None = None
) -> Response:
    now, path = portal.clock.now(), f"/log/{authority.slug}"
    async with transaction(portal.platform) as platform:
        state = await read_state(platform)
        notices = await list_notices(platform, authority.id, MOST_SHOWN)
        deliveries = await list_deliveries(platform, notices)
        ways = await list_ways(platform, authority.id)
        minutes = await read_minutes(platform, authority.id)
    status, message = 200, None
    if error is not None:
        message = Message(error.sentence.in_language(asker.preferences.language))
        status = {Category.FORBIDDEN: 403, Category.CONFLICT: 409}.get(error.category, 400)
    by = [f"account:{one.acknowledged_by}" for one in notices if one.acknowledged_by is not None]
    names = await name_everything(portal.platform, Things(), [], by + [one.object for one in notices])
    return portal.page(
        asker, "portal_notices.html", authority, f"{path}/notices", status, page="holders", path=path, state=state,
        notices=notices, deliveries=deliveries, ways=ways, way_of={one.id: one for one in ways}, minutes=minutes,
        open_ways=[one for one in ways if one.ended_at is None], most_ways=MOST_WAYS, longest_minutes=LONGEST_MINUTES,
        late=sum(one.state(now) == "late" for one in notices), unseen=_unseen(notices), names=names, message=message,
        form=form, may_set=may(asker.principal, MAY_SET, authority.id), key=_public_key(portal.notices_key),
    )  # fmt: skip


def _unseen(notices: Sequence[Notice]) -> list[Notice]:
    return [one for one in notices if one.acknowledged_at is None]


def _public_key(path: Path | None) -> str:
    """Return what a receiver of webhooks verifies them with; empty where no notifier has started yet."""
    try:
        return "" if path is None else path.read_text("ascii")
    except OSError:
        return ""
