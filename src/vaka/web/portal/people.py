# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking a person in care up, to ask the log about him or her. What was typed may be a name."""

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
from vaka.tenants.subjects import MOST_PEOPLE, find_people
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.portal.lookup import LookedFor
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.questions import QuestionGoneError


class PersonForm(Form):
    """Who is looked for: words of a name, a personal number or a telephone number."""

    text: Annotated[str, Field(max_length=100)] = ""


async def look_up(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/people: who is looked for. Leads to whom it may be."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_FIND_PERSON)
    form = await read_form(request, PersonForm)
    number = portal.lookups.keep(asker.session.id, LookedFor(authority.id, form.text))
    return RedirectResponse(f"/log/{authority.slug}/people/{number}", HTTPStatus.SEE_OTHER)


async def show_found(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/people/{number}: everybody it may be, each with the way to what the log says.

    That it was looked is entered before anybody is shown; a search that finds nobody is one too.
    """
    authority = await require_authority(portal, request, asker, Permission.PORTAL_FIND_PERSON)
    asked = portal.lookups.find(asker.session.id, number_of(request))
    if asked.authority != authority.id:
        raise QuestionGoneError
    path = f"/log/{authority.slug}"
    found = await find_people(portal.gateway, portal.keyring, portal.people, authority.id, asked.text)
    shown = found[:MOST_PEOPLE]
    async with portal.gateway.transaction(authority.id) as tenant:
        facts = {"found": len(shown), "more": len(found) > MOST_PEOPLE}
        entry = Entry(
            Event.PERSON_SEARCHED, asker.principal.actor, portal.clock.now(), portal.log_name(authority), detail=facts
        )
        await append(tenant, entry)
    return portal.page(
        asker, "portal_people.html", authority, path, 200,
        page="log", path=path, text=asked.text, people=shown, more=len(found) > MOST_PEOPLE,
    )  # fmt: skip


def number_of(request: Request) -> UUID:
    """Return the number of an address; one that is none is an address that does not exist."""
    try:
        return UUID(request.path_params["number"])
    except ValueError:
        raise NothingHereError from None
