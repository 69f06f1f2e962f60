# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Links by which calendars show the supplier's days: made and ended in the office, and what one opens."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.calendars import end_link, find_reader, make_link, making_act
from vaka.access.decide import NothingHereError, may, require
from vaka.access.resting import with_rest
from vaka.assurance.deadlines import read_deadlines
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.web.asker import Asker
from vaka.web.calendars import answer_calendar
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.due import HERE, MAY_SEE, explain_here, show_page, touch
from vaka.web.office.office import Office
from vaka.web.programs.allowance import ALL_CALENDARS, CALENDARS


class MakeForm(Form):
    """Nothing but what a key said."""

    answer: KeyAnswer = ""


class EndLinkForm(Form):
    """Which link ends."""

    link: UUID


async def make_calendar(office: Office, request: Request, asker: Asker) -> Response:
    """POST /due/calendar: make a link for a calendar and show it, once; confirmed with a security key."""
    require(asker.principal, MAY_SEE, None)
    form, now = await read_form(request, MakeForm), office.clock.now()
    try:
        confirmed = await touch(office, asker, making_act(None), "calendar", {}, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            token = await make_link(connection, asker.principal, None, now=now, confirmation=confirmed)
    except VakaError as error:
        return await explain_here(office, asker, error)
    return await show_page(office, asker, link=f"{office.origin}/calendar/{token}")


async def end_calendar(office: Office, request: Request, asker: Asker) -> Response:
    """POST /due/calendar/end: end a link of one's own."""
    require(asker.principal, MAY_SEE, None)
    form, now = await read_form(request, EndLinkForm), office.clock.now()
    try:
        async with transaction(office.platform) as connection:
            await end_link(connection, asker.principal, None, form.link, now=now)
    except VakaError as error:
        return await explain_here(office, asker, error)
    return RedirectResponse(f"{HERE}#calendar", 303)


async def give_calendar(office: Office, request: Request) -> Response:
    """GET /calendar/{secret}: the days of the registers, for whoever's link it is while he may see them.

    Raises NothingHereError for a secret that opens nothing, whatever the reason; TooOftenError.
    """
    now = office.clock.now()
    office.allowances.require("calendars", ALL_CALENDARS)
    async with transaction(office.platform) as connection:
        reader = await find_reader(connection, request.path_params["secret"], now)
        if reader is None or reader.authority_id is not None:
            raise NothingHereError
        office.allowances.require(f"calendar:{reader.link}", CALENDARS)
        principal = await with_rest(connection, reader.principal, now, office.training_ahead)
        if not may(principal, MAY_SEE, None):
            raise NothingHereError
        days = await read_deadlines(connection, now)
    return answer_calendar(days, "Vaka", office.origin, reader.language, now)
