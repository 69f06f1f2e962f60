# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What waits for the authority, what the supplier has to do for it, and on which day it is told how things stand."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.calendars import list_links, needs
from vaka.access.decide import NothingHereError, may
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.assurance.deadlines import read_shown_deadlines
from vaka.assurance.evidence import Supervised, list_supervised, read_standings
from vaka.assurance.tasks import Task, is_due_soon, list_term_tasks
from vaka.assurance.waiting import permission_for, read_waiting
from vaka.database.connections import Connection, transaction
from vaka.errors import Category, VakaError
from vaka.ledger.reading import read_state
from vaka.notices.digest_days import digest_act, read_digest_day, set_digest_day
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import confirm
from vaka.web.refusals import STATUS
from vaka.web.touching import Confirming
from vaka.web.weekdays import WEEKDAYS, Weekday

MAY_SEE = needs(UUID(int=0))
MAY_SET = Permission.PORTAL_SET_NOTICES


class DayForm(Form):
    """On which day of the week the digest comes."""

    weekday: Weekday
    answer: KeyAnswer = ""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /tasks: what waits for one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "tasks")


async def show_tasks(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/tasks: what waits for the authority, and what it waits for."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "tasks")
    return await show_page(portal, asker, authority)


async def set_day(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/tasks/digest: say on which day the digest comes, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form, here = await read_form(request, DayForm), f"/log/{authority.slug}/tasks"
    weekday = int(form.weekday)
    try:
        asked = Confirming(
            digest_act(authority.id, weekday), f"{here}/digest", here, "tasks", {"weekday": form.weekday}
        )
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await set_digest_day(
                platform, asker.principal, authority.id, weekday, now=portal.clock.now(), confirmation=confirmed
            )
    except VakaError as error:
        return await explain(portal, asker, authority, error)
    return RedirectResponse(here, 303)


async def explain(portal: Portal, asker: Asker, authority: Authority, error: VakaError) -> Response:
    """Answer with the page and what is wrong. Raises what says nothing that somebody can mend."""
    if error.category not in (Category.INVALID, Category.CONFLICT, Category.FORBIDDEN):
        raise error
    return await show_page(portal, asker, authority, error)


async def show_page(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError | None = None, link: str = ""
) -> Response:
    """Answer with the page; ``link`` is one that was just made, and is shown this once."""
    now, path = portal.clock.now(), f"/log/{authority.slug}"
    async with transaction(portal.platform) as platform:
        supervised = await find_supervised(platform, authority.id, now)
        async with portal.gateway.transaction(authority.id) as tenant:
            state = await read_state(tenant)
            waiting = await read_waiting(platform, tenant, supervised, now)
        standings = await read_standings(platform, authority.id)
        days = await read_shown_deadlines(platform, authority.id)
        weekday = await read_digest_day(platform, authority.id)
        links = await list_links(platform, asker.principal, authority.id)
    seen = [one for one in seen_by(asker.principal, authority.id, waiting) if is_due_soon(one, now)]
    theirs = [one for one in list_term_tasks(standings, supervised.contract, now) if one.turn != "authority"]
    message, status = None, 200
    if error is not None:
        message = Message(error.sentence.in_language(asker.preferences.language))
        status = STATUS[error.category]
    context: dict[str, Any] = {
        "waiting": seen, "late": sum(one.is_late(now) for one in seen),
        "theirs": theirs, "their_terms": [list(one) for _, one in groupby(theirs, lambda task: task.term)],
        "days": [one for one in days if is_due_soon(one, now)], "weekday": weekday, "weekdays": WEEKDAYS,
        "links": links, "link": link, "said": lambda sentence: sentence.in_language(asker.preferences.language),
        "may_set": may(asker.principal, MAY_SET, authority.id),
        "may_see_notices": may(asker.principal, Permission.PORTAL_SEE_ACCESS, authority.id),
    }  # fmt: skip
    return portal.page(
        asker, "portal_tasks.html", authority, f"{path}/tasks", status,
        page="tasks", path=path, state=state, message=message, **context,
    )  # fmt: skip


def seen_by(principal: Principal, authority_id: UUID, tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks whose page somebody may open."""
    return [one for one in tasks if may(principal, permission_for(one.kind), authority_id)]


async def find_supervised(platform: Connection, authority_id: UUID, now: datetime) -> Supervised:
    """Return an authority with what its terms are judged by at a moment. Raises NothingHereError."""
    supervised = next((one for one in await list_supervised(platform, now) if one.id == authority_id), None)
    if supervised is None:
        raise NothingHereError  # the reception of unknown senders has no contract
    return supervised
