# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An administrator's own security keys: seen, added, renamed, removed. Each proves its model."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.step_up import KeyNeededError
from vaka.errors import VakaError
from vaka.identity.ceremonies import SignInAgainError
from vaka.identity.confirming import Confirmation
from vaka.identity.refusing import KeyRefusedError
from vaka.identity.security_keys import LONGEST_NAME, MOST_KEYS, NoSuchKeyError, UnusableNameError
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.office.office import Office, explain
from vaka.web.office.touching import Confirming, KeyAnswer, confirm

HERE = "/keys"


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


async def show_keys(office: Office, request: Request, asker: Asker) -> Response:
    """GET /keys: what one has, and the forms. Who was sent here for want of a key is told so."""
    return await _show(office, asker, KeyNeededError() if "needed" in request.query_params else None, 200)


async def add(office: Office, request: Request, asker: Asker) -> Response:
    """POST /keys/add: the page on which a key is made; whoever has one touches that first."""
    form = await read_form(request, AnswerForm)
    keys = office.security_keys
    confirmed: Confirmation | None = None
    if await keys.has_any(asker.session.account_id):
        asked = Confirming(keys.enrolment_for(asker.session), f"{HERE}/add", HERE, "keys")
        answered = await confirm(office, asker, asked, form.answer)
        if isinstance(answered, Response):
            return answered
        confirmed = answered
    try:
        options = await keys.ask_for_new_key(asker.session, confirmed)
    except SignInAgainError as error:
        return await _show(office, asker, error)
    return office.page(asker, "office_key_new.html", "keys", HERE, options=options, longest_name=LONGEST_NAME)


async def enrol(office: Office, request: Request, asker: Asker) -> Response:
    """POST /keys: enrol the key that was made."""
    form = await read_form(request, NewForm)
    try:
        await office.security_keys.enrol(asker.session, form.name, form.answer)
    except (KeyRefusedError, UnusableNameError) as error:
        return await _show(office, asker, error)
    return RedirectResponse(HERE, 303)


async def rename(office: Office, request: Request, asker: Asker) -> Response:
    """POST /keys/rename: call a key something else."""
    form = await read_form(request, RenameForm)
    try:
        await office.security_keys.rename(asker.session, form.key, form.name)
    except (NoSuchKeyError, UnusableNameError) as error:
        return await _show(office, asker, error)
    return RedirectResponse(HERE, 303)


async def remove(office: Office, request: Request, asker: Asker) -> Response:
    """POST /keys/remove: ask for a touch of any of one's keys, then remove the one that is meant."""
    form = await read_form(request, RemoveForm)
    keys = office.security_keys
    meant = [key for key in await keys.list_keys(asker.session.account_id) if key.id == form.key]
    if not meant:
        return await _show(office, asker, NoSuchKeyError())
    act = keys.removal_of(form.key)
    asked = Confirming(act, f"{HERE}/remove", HERE, "keys", {"key": str(form.key)}, {act.object: meant[0].name})
    confirmed = await confirm(office, asker, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    await keys.remove(asker.session, form.key, confirmed)
    return RedirectResponse(HERE, 303)


async def _show(office: Office, asker: Asker, error: VakaError | None = None, status: int | None = None) -> Response:
    keys = await office.security_keys.list_keys(asker.session.account_id)
    told, message = explain(asker, error)
    return office.page(
        asker, "office_keys.html", "keys", HERE, status or told,
        keys=keys, message=message, longest_name=LONGEST_NAME, most_keys=MOST_KEYS,
    )  # fmt: skip
