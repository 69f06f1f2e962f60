# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom the supplier reaches when something has happened: the authority's own list, and what is wrong (term 35)."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.permissions import Permission
from vaka.cases.contacts import (
    LONGEST_HOURS,
    LONGEST_MAIL,
    LONGEST_NAME,
    LONGEST_PHONE,
    LONGEST_VALID,
    MOST_CONTACTS,
    Named,
    contact_day,
    end_contact,
    ending_act,
    list_contacts,
    set_contact,
    setting_act,
    whose_duty,
)
from vaka.database.connections import transaction
from vaka.errors import Category, VakaError
from vaka.ledger.reading import read_state
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import confirm
from vaka.web.refusals import STATUS
from vaka.web.touching import Confirming

MAY = Permission.PORTAL_HANDLE_CASES
USUALLY = timedelta(days=182)
"""Until when a contact holds unless somebody fills in something else."""
Place = Annotated[str, Field(pattern=r"^[1-9]$")]


class ContactForm(Form):
    """Whom the supplier reaches, first, second and so on."""

    place: Place
    name: Annotated[str, Field(max_length=LONGEST_NAME)]
    mail: Annotated[str, Field(max_length=LONGEST_MAIL)] = ""
    phone: Annotated[str, Field(max_length=LONGEST_PHONE)] = ""
    hours: Annotated[str, Field(max_length=LONGEST_HOURS)] = ""
    valid_until: Annotated[str, Field(max_length=10)]
    answer: KeyAnswer = ""

    @property
    def named(self) -> Named:
        """What was filled in; whether it is sound is for whoever keeps it."""
        return Named(int(self.place), self.name, self.mail, self.phone, self.hours, self.valid_until)


class EndForm(Form):
    """A contact that is taken off the list."""

    place: Place
    answer: KeyAnswer = ""


async def show_contacts(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/contacts: whom the supplier reaches, and until when that holds."""
    authority = await require_authority(portal, request, asker, MAY)
    return await _show(portal, asker, authority)


async def name_contact(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/contacts: name one, in place of who stood there, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, MAY)
    form, here, now = await read_form(request, ContactForm), f"/log/{authority.slug}/contacts", portal.clock.now()
    try:
        form.named.require_sound(contact_day(now))
        fields = form.model_dump(exclude={"answer"})
        asked = Confirming(
            setting_act(authority.id, form.named), here, here, "contacts", fields,
            shown={"who": form.name, "mail": form.mail or "–", "phone": form.phone or "–", "there": form.hours or "–"},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await set_contact(platform, asker.principal, authority.id, form.named, now=now, confirmation=confirmed)
    except VakaError as error:
        return await _explain(portal, asker, authority, error, form)
    return RedirectResponse(here, 303)


async def take_off(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/contacts/end: take one off the list, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, MAY)
    form, here, now = await read_form(request, EndForm), f"/log/{authority.slug}/contacts", portal.clock.now()
    place = int(form.place)
    try:
        async with transaction(portal.platform) as platform:
            held = {one.place: one.named for one in await list_contacts(platform, authority.id)}
        who = held.get(place, Named(place, "", "", "", "", ""))
        asked = Confirming(
            ending_act(authority.id, who), f"{here}/end", here, "contacts", {"place": form.place},
            shown={"who": who.name or "–", "mail": who.mail or "–", "phone": who.phone or "–"},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await end_contact(platform, asker.principal, authority.id, who, now=now, confirmation=confirmed)
    except VakaError as error:
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(here, 303)


async def _explain(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError, form: ContactForm | None = None
) -> Response:
    if error.category not in (Category.INVALID, Category.CONFLICT, Category.FORBIDDEN):
        raise error
    return await _show(portal, asker, authority, error, form)


async def _show(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError | None = None, form: ContactForm | None = None
) -> Response:
    today, path = contact_day(portal.clock.now()), f"/log/{authority.slug}"
    async with transaction(portal.platform) as platform:
        state = await read_state(platform)
        contacts = await list_contacts(platform, authority.id)
    status, message = 200, None
    if error is not None:
        status, message = STATUS[error.category], Message(error.sentence.in_language(asker.preferences.language))
    taken = {one.place for one in contacts}
    return portal.page(
        asker, "portal_contacts.html", authority, f"{path}/contacts", status, page="contacts", path=path, state=state,
        contacts=contacts, today=today, duty=whose_duty(contacts, today), form=form, message=message,
        places=range(1, MOST_CONTACTS + 1), latest=today + LONGEST_VALID, usually=today + USUALLY,
        next_place=next((one for one in range(1, MOST_CONTACTS + 1) if one not in taken), 1),
    )  # fmt: skip
