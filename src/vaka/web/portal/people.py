# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking a person in care up, to ask the log about him or her, or to erase. What was typed may be a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError
from vaka.access.permissions import Permission
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.tenants.authorities import Authority
from vaka.tenants.subjects import MOST_PEOPLE, FoundPerson, find_people
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.portal.lookup import LookedFor
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.questions import QuestionGoneError


class PersonForm(Form):
    """Who is looked for: words of a name, a personal number or a telephone number."""

    text: Annotated[str, Field(max_length=100)] = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Whom the words may mean."""

    text: str
    people: Sequence[FoundPerson]
    more: bool
    """Whether there are more than are shown."""


async def look_up(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/people: who is looked for. Leads to whom it may be."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_FIND_PERSON)
    return await lead_to_found(portal, request, asker, authority, "people")


async def show_found(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/people/{number}: everybody it may be, each with the way to what the log says.

    That it was looked is entered before anybody is shown; a search that finds nobody is one too.
    """
    authority = await require_authority(portal, request, asker, Permission.PORTAL_FIND_PERSON)
    found = await find_asked(portal, request, asker, authority)
    path = f"/log/{authority.slug}"
    return portal.page(
        asker, "portal_people.html", authority, path, 200,
        page="log", path=path, text=found.text, people=found.people, more=found.more,
    )  # fmt: skip


async def lead_to_found(portal: Portal, request: Request, asker: Asker, authority: Authority, page: str) -> Response:
    """Keep who is looked for, and lead to the ``page`` of whom it may be: what was typed stands in no address."""
    form = await read_form(request, PersonForm)
    number = portal.lookups.keep(asker.session.id, LookedFor(authority.id, form.text))
    return RedirectResponse(f"/log/{authority.slug}/{page}/{number}", HTTPStatus.SEE_OTHER)


async def find_asked(portal: Portal, request: Request, asker: Asker, authority: Authority) -> Found:
    """Return whom the kept words may mean, and enter that it was looked. Raises QuestionGoneError."""
    asked = portal.lookups.find(asker.session.id, number_of(request))
    if asked.authority != authority.id:
        raise QuestionGoneError
    found = await find_people(portal.gateway, portal.keyring, portal.people, authority.id, asked.text)
    shown = Found(asked.text, found[:MOST_PEOPLE], len(found) > MOST_PEOPLE)
    await enter_look(portal, asker, authority, len(shown.people), more=shown.more)
    return shown


async def enter_look(portal: Portal, asker: Asker, authority: Authority, found: int, *, more: bool) -> None:
    """Write in the authority's log that so many people are about to be shown."""
    facts: dict[str, str | int | bool | None] = {"found": found, "more": more}
    log = portal.log_name(authority)
    entry = Entry(Event.PERSON_SEARCHED, asker.principal.actor, portal.clock.now(), log, detail=facts)
    async with portal.gateway.transaction(authority.id) as tenant:
        await append(tenant, entry)


def number_of(request: Request) -> UUID:
    """Return the number of an address; one that is none is an address that does not exist."""
    try:
        return UUID(request.path_params["number"])
    except ValueError:
        raise NothingHereError from None
