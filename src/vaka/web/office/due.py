# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is due by the supplier's registers, and where the supplier is reminded of it.

What the terms leave to do stands on their own page (`vaka.web.office.terms`); both are computed, and set by nobody.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.calendars import list_links, needs
from vaka.access.decide import may, require
from vaka.assurance.deadlines import read_deadlines
from vaka.assurance.tasks import is_due_soon
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.confirming import Act, Confirmation
from vaka.notices.own_ways import (
    NEEDS,
    end_own_way,
    ending_own_act,
    list_own_ways,
    own_digest_act,
    read_own_digest_day,
    set_own_digest_day,
    set_own_way,
    setting_own_act,
)
from vaka.notices.places import LONGEST_ADDRESS, LONGEST_CERTIFICATE, LONGEST_SERVER, Place, WayKind
from vaka.notices.ways import MOST_WAYS
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office, explain
from vaka.web.office.requests import EXPLAINED
from vaka.web.office.touching import confirm
from vaka.web.touching import Confirming
from vaka.web.weekdays import WEEKDAYS, Weekday

HERE = "/due"
MAY_SEE = needs(None)


class WayForm(Form):
    """One more place that the supplier is told at."""

    way: WayKind
    address: Annotated[str, Field(max_length=LONGEST_ADDRESS)]
    server: Annotated[str, Field(max_length=LONGEST_SERVER)] = ""
    certificate: Annotated[str, Field(max_length=LONGEST_CERTIFICATE)] = ""
    answer: KeyAnswer = ""

    @property
    def place(self) -> Place:
        """What was filled in; whether it is sound is for whoever sets it."""
        return Place(self.way, self.address, self.server, self.certificate)


class EndWayForm(Form):
    """A place that it is told at no more."""

    way: UUID
    answer: KeyAnswer = ""


class DayForm(Form):
    """On which day of the week the digest comes."""

    weekday: Weekday
    answer: KeyAnswer = ""


async def show_due(office: Office, request: Request, asker: Asker) -> Response:
    """GET /due: the days that come, where the supplier is told, and one's own calendars."""
    require(asker.principal, MAY_SEE, None)
    return await show_page(office, asker)


async def add_way(office: Office, request: Request, asker: Asker) -> Response:
    """POST /due/way: tell the supplier at one more place, confirmed with a security key."""
    require(asker.principal, NEEDS, None)
    form, now = await read_form(request, WayForm), office.clock.now()
    fields = {"way": form.way, "address": form.address, "server": form.server, "certificate": form.certificate}
    try:
        confirmed = await touch(office, asker, setting_own_act(form.place), "way", fields, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await set_own_way(connection, asker.principal, form.place, now=now, confirmation=confirmed)
    except VakaError as error:
        return await explain_here(office, asker, error, form)
    return RedirectResponse(f"{HERE}#ways", 303)


async def stop_way(office: Office, request: Request, asker: Asker) -> Response:
    """POST /due/end: tell the supplier there no more, confirmed with a security key."""
    require(asker.principal, NEEDS, None)
    form, now = await read_form(request, EndWayForm), office.clock.now()
    try:
        confirmed = await touch(office, asker, ending_own_act(form.way), "end", {"way": str(form.way)}, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await end_own_way(connection, asker.principal, form.way, now=now, confirmation=confirmed)
    except VakaError as error:
        return await explain_here(office, asker, error)
    return RedirectResponse(f"{HERE}#ways", 303)


async def set_day(office: Office, request: Request, asker: Asker) -> Response:
    """POST /due/digest: say on which day the digest comes, confirmed with a security key."""
    require(asker.principal, NEEDS, None)
    form, now = await read_form(request, DayForm), office.clock.now()
    weekday = int(form.weekday)
    try:
        act = own_digest_act(weekday)
        confirmed = await touch(office, asker, act, "digest", {"weekday": form.weekday}, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await set_own_digest_day(connection, asker.principal, weekday, now=now, confirmation=confirmed)
    except VakaError as error:
        return await explain_here(office, asker, error)
    return RedirectResponse(HERE, 303)


async def touch(
    office: Office, asker: Asker, act: Act, action: str, fields: dict[str, str], answer: str
) -> Confirmation | Response:
    """Return that the act may be done, or the page that has to come first. Raises TooManyChallengesError."""
    return await confirm(office, asker, Confirming(act, f"{HERE}/{action}", HERE, "due", fields), answer)


async def explain_here(office: Office, asker: Asker, error: VakaError, form: WayForm | None = None) -> Response:
    """Answer with the page and what is wrong. Raises what says nothing that somebody can mend."""
    if error.category not in EXPLAINED:
        raise error
    return await show_page(office, asker, error, form)


async def show_page(
    office: Office, asker: Asker, error: VakaError | None = None, form: WayForm | None = None, link: str = ""
) -> Response:
    """Answer with the page; ``link`` is one that was just made, and is shown this once."""
    now = office.clock.now()
    async with transaction(office.platform) as connection:
        days = await read_deadlines(connection, now)
        ways = await list_own_ways(connection)
        weekday = await read_own_digest_day(connection)
        links = await list_links(connection, asker.principal, None)
    soon = [one for one in days if is_due_soon(one, now)]
    status, message = explain(asker, error)
    return office.page(
        asker, "office_due.html", "due", HERE, status, message=message, days=soon, later=len(days) - len(soon),
        late=sum(one.is_late(now) for one in soon), ways=ways, most_ways=MOST_WAYS,
        open_ways=[one for one in ways if one.ended_at is None], weekday=weekday, weekdays=WEEKDAYS, links=links,
        link=link, form=form, may_set=may(asker.principal, NEEDS, None),
        said=lambda sentence: sentence.in_language(asker.preferences.language),
    )  # fmt: skip
