# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking a person in care up, to ask the log about him or her. What was typed is posted: it may be a name."""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from vaka.access.permissions import Permission
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.tenants.subjects import MOST_PEOPLE, find_people
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.portal.portal import Portal, require_authority


class PersonForm(Form):
    """Who is looked for: words of a name, a personal number or a telephone number."""

    text: Annotated[str, Field(max_length=100)] = ""


async def look_up(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/people: everybody it may be, each with the way to what the log says.

    That it was looked is entered before anybody is shown; a search that finds nobody is one too.
    """
    authority = await require_authority(portal, request, asker, Permission.PORTAL_FIND_PERSON)
    form = await read_form(request, PersonForm)
    path = f"/log/{authority.slug}"
    found = await find_people(portal.gateway, portal.keyring, portal.people, authority.id, form.text)
    shown = found[:MOST_PEOPLE]
    async with portal.gateway.transaction(authority.id) as tenant:
        facts = {"found": len(shown), "more": len(found) > MOST_PEOPLE}
        entry = Entry(
            Event.PERSON_SEARCHED, asker.principal.actor, portal.clock.now(), portal.log_name(authority), detail=facts
        )
        await append(tenant, entry)
    return portal.page(
        asker, "portal_people.html", authority, path, 200,
        page="log", path=path, text=form.text, people=shown, more=len(found) > MOST_PEOPLE,
    )  # fmt: skip
