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
from vaka.notices.places import LONGEST_ADDRESS, LONGEST_CERTIFICATE, LONGEST_SERVER, Place, WayKind
from vaka.notices.ways import (
    LONGEST_MINUTES,
    MOST_WAYS,
    end_way,
    ending_act,
    list_ways,
    minutes_act,
    read_minutes,
    set_minutes,
    set_way,
    setting_act,
)
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import confirm
from vaka.web.touching import Confirming

MAY_SEE = Permission.PORTAL_SEE_ACCESS
MAY_SET = Permission.PORTAL_SET_NOTICES
MOST_SHOWN = 100


class WayForm(Form):
    """One more place that notices are sent to."""

    way: WayKind
    address: Annotated[str, Field(max_length=LONGEST_ADDRESS)]
    server: Annotated[str, Field(max_length=LONGEST_SERVER)] = ""
    certificate: Annotated[str, Field(max_length=LONGEST_CERTIFICATE)] = ""
    answer: KeyAnswer = ""

    @property
    def place(self) -> Place:
        """What was filled in; whether it is sound is for whoever sets it."""
        return Place(self.way, self.address, self.server, self.certificate)


class EndForm(Form):
    """A place that notices are sent to no more."""

    way: UUID
    answer: KeyAnswer = ""


class MinutesForm(Form):
    """Within how many minutes notices arrive."""

    minutes: Annotated[str, Field(pattern=r"^[0-9]{1,5}$")]
    answer: KeyAnswer = ""


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
    await enter_opened(portal, asker, authority, "notices")
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
    """POST /log/{authority}/notices/way: send notices to one more place, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form, here = await read_form(request, WayForm), f"/log/{authority.slug}/notices"
    try:
        asked = Confirming(
            setting_act(authority.id, form.place), f"{here}/way", here, "holders",
            {"way": form.way, "address": form.address, "server": form.server, "certificate": form.certificate},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await set_way(
                platform, asker.principal, authority.id, form.place, now=portal.clock.now(), confirmation=confirmed
            )
    except VakaError as error:
        return await _explain(portal, asker, authority, error, form)
    return RedirectResponse(here, 303)


async def stop_way(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/notices/end: send notices there no more, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form, here = await read_form(request, EndForm), f"/log/{authority.slug}/notices"
    try:
        async with transaction(portal.platform) as platform:
            ways = {one.id: one.address for one in await list_ways(platform, authority.id)}
        asked = Confirming(
            ending_act(authority.id, form.way), f"{here}/end", here, "holders", {"way": str(form.way)},
            shown={"address": ways.get(form.way, "–")},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await end_way(
                platform, asker.principal, authority.id, form.way, now=portal.clock.now(), confirmation=confirmed
            )
    except VakaError as error:
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(here, 303)


async def agree_minutes(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/notices/minutes: agree within how many minutes notices arrive, confirmed with a key."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form, here = await read_form(request, MinutesForm), f"/log/{authority.slug}/notices"
    minutes = int(form.minutes)
    try:
        asked = Confirming(
            minutes_act(authority.id, minutes), f"{here}/minutes", here, "holders", {"minutes": form.minutes}
        )
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await set_minutes(
                platform, asker.principal, authority.id, minutes, now=portal.clock.now(), confirmation=confirmed
            )
    except VakaError as error:
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(here, 303)


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
