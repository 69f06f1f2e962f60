# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One's own security keys: seen, added, renamed, removed. Of anybody else's nothing is shown or changed here."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError
from vaka.access.permissions import Permission
from vaka.access.step_up import KeyNeededError
from vaka.errors import VakaError
from vaka.identity.ceremonies import SignInAgainError
from vaka.identity.confirming import Confirmation
from vaka.identity.refusing import KeyRefusedError
from vaka.identity.security_keys import LONGEST_NAME, MOST_KEYS, NoSuchKeyError, UnusableNameError
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.pages import Message
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import Confirming, KeyAnswer, confirm, keys_address
from vaka.web.refusals import STATUS

MINE = Permission.PORTAL_OWN_KEYS


class AnswerForm(Form):
    """What a key said."""

    answer: KeyAnswer = ""


class NewForm(AnswerForm):
    """What the new key is to be called."""

    name: str = ""


class RenameForm(Form):
    """Which key, and what it is to be called."""

    key: UUID
    name: str = ""


class RemoveForm(AnswerForm):
    """Which key."""

    key: UUID


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /keys: one's keys, in the room of one's own authority; of several, the first by name."""
    own = portal.own_authorities(asker, MINE)
    if not own:
        raise NothingHereError
    return RedirectResponse(keys_address(own[0]), 303)


async def show_keys(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/keys: what one has, and the forms. Who was sent here for want of a key is told so."""
    authority = await require_authority(portal, request, asker, MINE)
    error = KeyNeededError() if "needed" in request.query_params else None
    return await _show(portal, asker, authority, error, 200)


async def add(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/keys/add: the page on which a key is made; whoever has one touches that first."""
    authority = await require_authority(portal, request, asker, MINE)
    form = await read_form(request, AnswerForm)
    keys, here = portal.security_keys, keys_address(authority)
    confirmed: Confirmation | None = None
    if await keys.has_any(asker.session.account_id):
        asked = Confirming(keys.enrolment_for(asker.session), f"{here}/add", here, "keys")
        answered = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(answered, Response):
            return answered
        confirmed = answered
    try:
        options = await keys.ask_for_new_key(asker.session, confirmed)
    except SignInAgainError as error:
        return await _show(portal, asker, authority, error)
    return portal.page(
        asker, "portal_key_new.html", authority, here, 200,
        page="keys", here=here, options=options, longest_name=LONGEST_NAME,
    )  # fmt: skip


async def enrol(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/keys: enrol the key that was made."""
    authority = await require_authority(portal, request, asker, MINE)
    form = await read_form(request, NewForm)
    try:
        await portal.security_keys.enrol(asker.session, form.name, form.answer)
    except (KeyRefusedError, UnusableNameError) as error:
        return await _show(portal, asker, authority, error)
    return RedirectResponse(keys_address(authority), 303)


async def rename(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/keys/rename: call a key something else."""
    authority = await require_authority(portal, request, asker, MINE)
    form = await read_form(request, RenameForm)
    try:
        await portal.security_keys.rename(asker.session, form.key, form.name)
    except (NoSuchKeyError, UnusableNameError) as error:
        return await _show(portal, asker, authority, error)
    return RedirectResponse(keys_address(authority), 303)


async def remove(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/keys/remove: ask for a touch of any of one's keys, then remove the one that is meant."""
    authority = await require_authority(portal, request, asker, MINE)
    form = await read_form(request, RemoveForm)
    keys, here = portal.security_keys, keys_address(authority)
    meant = [key for key in await keys.list_keys(asker.session.account_id) if key.id == form.key]
    if not meant:
        return await _show(portal, asker, authority, NoSuchKeyError())
    asked = Confirming(
        keys.removal_of(form.key), f"{here}/remove", here, "keys", {"key": str(form.key)}, named=meant[0].name
    )
    confirmed = await confirm(portal, asker, authority, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    await keys.remove(asker.session, form.key, confirmed)
    return RedirectResponse(here, 303)


async def _show(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError | None = None, status: int | None = None
) -> Response:
    keys = await portal.security_keys.list_keys(asker.session.account_id)
    message = None if error is None else Message(error.sentence.in_language(asker.preferences.language))
    answer = status or (200 if error is None else STATUS[error.category])
    here = keys_address(authority)
    return portal.page(
        asker, "portal_keys.html", authority, here, answer,
        page="keys", here=here, keys=keys, message=message, longest_name=LONGEST_NAME, most_keys=MOST_KEYS,
    )  # fmt: skip
