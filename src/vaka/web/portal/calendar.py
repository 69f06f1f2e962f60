# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Links by which calendars show what waits for the authority: made and ended on its page, and what one opens."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.calendars import end_link, find_reader, make_link, making_act
from vaka.access.decide import NothingHereError, may
from vaka.access.time_boxes import find_scope
from vaka.assurance.deadlines import read_shown_deadlines
from vaka.assurance.waiting import read_waiting
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.web.asker import Asker
from vaka.web.calendars import answer_calendar
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.portal.opened import enter_opened_by
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.scope import is_within
from vaka.web.portal.tasks import MAY_SEE, explain, find_supervised, seen_by, show_page
from vaka.web.portal.touching import confirm
from vaka.web.programs.allowance import ALL_CALENDARS, CALENDARS
from vaka.web.touching import Confirming


class MakeForm(Form):
    """Nothing but what a key said."""

    answer: KeyAnswer = ""


class EndForm(Form):
    """Which link ends."""

    link: UUID


async def make_calendar(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/tasks/calendar: make a link for a calendar and show it, once; confirmed with a key."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    form, here = await read_form(request, MakeForm), f"/log/{authority.slug}/tasks"
    try:
        asked = Confirming(making_act(authority.id), f"{here}/calendar", here, "tasks")
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            token = await make_link(
                platform, asker.principal, authority.id, now=portal.clock.now(), confirmation=confirmed
            )
    except VakaError as error:
        return await explain(portal, asker, authority, error)
    return await show_page(portal, asker, authority, link=f"{portal.origin}/calendar/{token}")


async def end_calendar(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/tasks/calendar/end: end a link of one's own."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    form, now = await read_form(request, EndForm), portal.clock.now()
    try:
        async with transaction(portal.platform) as platform:
            await end_link(platform, asker.principal, authority.id, form.link, now=now)
    except VakaError as error:
        return await explain(portal, asker, authority, error)
    return RedirectResponse(f"/log/{authority.slug}/tasks", 303)


async def give_calendar(portal: Portal, request: Request) -> Response:
    """GET /calendar/{secret}: the days of whoever's link it is, as he may see them now. An auditor does where their
    page is within his audit, and each time is an entry. Raises NothingHereError for a secret that opens nothing,
    whatever the reason; TooOftenError.
    """
    now = portal.clock.now()
    portal.allowances.require("calendars", ALL_CALENDARS)
    async with transaction(portal.platform) as platform:
        reader = await find_reader(platform, request.path_params["secret"], now)
        if reader is None or reader.authority_id is None:
            raise NothingHereError
        portal.allowances.require(f"calendar:{reader.link}", CALENDARS)
        scope = find_scope(reader.principal, reader.authority_id)
        if not may(reader.principal, MAY_SEE, reader.authority_id) or not is_within(scope, "/tasks"):
            raise NothingHereError
        await enter_opened_by(portal, reader.principal, reader.authority_id, "calendar")
        supervised = await find_supervised(platform, reader.authority_id, now)
        async with portal.gateway.transaction(supervised.id) as tenant:
            waiting = await read_waiting(platform, tenant, supervised, now)
        days = [*seen_by(reader.principal, supervised.id, waiting)]
        days += await read_shown_deadlines(platform, supervised.id)
    return answer_calendar(
        days, f"Vaka, {supervised.name}", f"{portal.origin}/log/{supervised.slug}", reader.language, now
    )
