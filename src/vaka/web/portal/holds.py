# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Legal holds: of whom nothing is removed or erased. Whom one means is posted, and never part of an address."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.holds import lift_hold, lifting_act, place_hold, placing_act
from vaka.access.permissions import Permission
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.reading import read_state
from vaka.tenants.authorities import Authority
from vaka.tenants.holds import list_holds
from vaka.tenants.subjects import find_people
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.names import name_everything, name_things
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import confirm
from vaka.web.touching import Confirming

MAY_HOLD = Permission.PORTAL_HOLD_PERSON
Reason = Annotated[str, Field(max_length=LONGEST_REASON)]


class PlaceForm(Form):
    """Whom, and why. Once it is known who is meant, that is sent instead of what was typed."""

    text: Annotated[str, Field(max_length=100)] = ""
    person: UUID | Literal[""] = ""
    reason: Reason = ""
    answer: KeyAnswer = ""


class LiftForm(Form):
    """Whose hold, and why."""

    person: UUID
    reason: Reason = ""
    answer: KeyAnswer = ""


class NotOnePersonError(VakaError):
    """Nobody is meant, or several are."""

    def __init__(self, found: int) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Ingen i registret stämmer. Skriv hela personnumret. Inget har ändrats.",
                en="Nobody in the register matches. Write the whole personal number. Nothing was changed.",
            )
            if not found
            else Sentence(
                sv="Flera stämmer. Skriv hela personnumret. Inget har ändrats.",
                en="Several people match. Write the whole personal number. Nothing was changed.",
            ),
        )


async def show_holds(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/holds: who is held, why and since when; and the form."""
    authority = await require_authority(portal, request, asker, MAY_HOLD)
    return await _show(portal, asker, authority)


async def place(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/holds: hold the one person who is meant, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, MAY_HOLD)
    form = await read_form(request, PlaceForm)
    here = f"/log/{authority.slug}/holds"
    try:
        person = form.person or await _find_one(portal, asker, authority, form.text)
        asked = Confirming(
            placing_act(authority.id, person, form.reason), here, here, "holds",
            {"person": str(person), "reason": form.reason}, person=person,
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with portal.gateway.transaction(authority.id) as tenant:
            await place_hold(
                tenant, asker.principal, authority.id, person, reason=form.reason, now=portal.clock.now(),
                confirmation=confirmed,
            )  # fmt: skip
    except VakaError as error:
        return await _explain(portal, asker, authority, error, form)
    return RedirectResponse(here, 303)


async def lift(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/holds/lift: let rules and orders hold for that person again; confirmed with a key."""
    authority = await require_authority(portal, request, asker, MAY_HOLD)
    form = await read_form(request, LiftForm)
    here = f"/log/{authority.slug}/holds"
    try:
        asked = Confirming(
            lifting_act(authority.id, form.person, form.reason), f"{here}/lift", here, "holds",
            {"person": str(form.person), "reason": form.reason},
            person=form.person,
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with portal.gateway.transaction(authority.id) as tenant:
            await lift_hold(
                tenant, asker.principal, authority.id, form.person, reason=form.reason, now=portal.clock.now(),
                confirmation=confirmed,
            )  # fmt: skip
    except VakaError as error:
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(here, 303)


async def _find_one(portal: Portal, asker: Asker, authority: Authority, text: str) -> UUID:
    """Return who is meant, and enter that it was looked. Raises NotOnePersonError."""
    found = await find_people(portal.gateway, portal.keyring, portal.people, authority.id, text)
    async with portal.gateway.transaction(authority.id) as tenant:
        await _enter_search(portal, asker, authority, tenant, len(found))
    if len(found) != 1:
        raise NotOnePersonError(len(found))
    return found[0].id


async def _explain(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError, form: PlaceForm | None = None
) -> Response:
    if error.category not in (Category.INVALID, Category.CONFLICT):
        raise error
    return await _show(portal, asker, authority, form, error)


async def _show(
    portal: Portal, asker: Asker, authority: Authority, form: PlaceForm | None = None, error: VakaError | None = None
) -> Response:
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        holds = await list_holds(tenant)
        if holds:
            await _enter_search(portal, asker, authority, tenant, len(holds))
        keys = portal.keyring.of(authority.id)
        things = await name_things(tenant, keys, [], people=True, also=[one.person_id for one in holds])
    names = await name_everything(portal.platform, things, [], [one.placed_by for one in holds])
    message, status, path = None, 200, f"/log/{authority.slug}"
    if error is not None:
        message = Message(error.sentence.in_language(asker.preferences.language))
        status = 409 if error.category is Category.CONFLICT else 400
    return portal.page(
        asker, "portal_holds.html", authority, f"{path}/holds", status,
        page="holds", path=path, state=state, holds=holds, names=names, form=form or PlaceForm(), message=message,
        longest_reason=LONGEST_REASON,
    )  # fmt: skip


async def _enter_search(portal: Portal, asker: Asker, authority: Authority, tenant: Connection, found: int) -> None:
    entry = Entry(
        Event.PERSON_SEARCHED, asker.principal.actor, portal.clock.now(), portal.log_name(authority),
        detail={"found": found, "more": False},
    )  # fmt: skip
    await append(tenant, entry)
