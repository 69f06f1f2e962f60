# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One's own security keys: seen, added, renamed, removed. Written once; each realm puts it into its own frame.

Of anybody else's keys nothing is shown or changed here.
"""

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
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.refusals import STATUS
from vaka.web.touching import Confirming, KeyFrame, confirm


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


async def show_keys(frame: KeyFrame, request: Request, asker: Asker) -> Response:
    """GET: what one has, and the forms. Who was sent here for want of a key is told so."""
    error = KeyNeededError() if "needed" in request.query_params else None
    return await _show(frame, asker, error, 200)


async def add(frame: KeyFrame, request: Request, asker: Asker) -> Response:
    """POST …/add: the page on which a key is made; whoever has one touches that first."""
    form = await read_form(request, AnswerForm)
    keys, here = frame.keys, frame.here
    confirmed: Confirmation | None = None
    if await keys.has_any(asker.session.account_id):
        asked = Confirming(keys.enrolment_for(asker.session), f"{here}/add", here, "keys")
        answered = await confirm(frame, asker, asked, form.answer)
        if isinstance(answered, Response):
            return answered
        confirmed = answered
    try:
        options = await keys.ask_for_new_key(asker.session, confirmed)
    except SignInAgainError as error:
        return await _show(frame, asker, error)
    facts = {"page": "keys", "here": here, "options": options, "longest_name": LONGEST_NAME}
    return frame.render("key_new.html", here, 200, facts)


async def enrol(frame: KeyFrame, request: Request, asker: Asker) -> Response:
    """POST: enrol the key that was made."""
    form = await read_form(request, NewForm)
    try:
        await frame.keys.enrol(asker.session, form.name, form.answer)
    except (KeyRefusedError, UnusableNameError) as error:
        return await _show(frame, asker, error)
    return RedirectResponse(frame.here, 303)


async def rename(frame: KeyFrame, request: Request, asker: Asker) -> Response:
    """POST …/rename: call a key something else."""
    form = await read_form(request, RenameForm)
    try:
        await frame.keys.rename(asker.session, form.key, form.name)
    except (NoSuchKeyError, UnusableNameError) as error:
        return await _show(frame, asker, error)
    return RedirectResponse(frame.here, 303)


async def remove(frame: KeyFrame, request: Request, asker: Asker) -> Response:
    """POST …/remove: ask for a touch of any of one's keys, then remove the one that is meant."""
    form = await read_form(request, RemoveForm)
    keys, here = frame.keys, frame.here
    meant = [key for key in await keys.list_keys(asker.session.account_id) if key.id == form.key]
    if not meant:
        return await _show(frame, asker, NoSuchKeyError())
    act = keys.removal_of(form.key)
    asked = Confirming(act, f"{here}/remove", here, "keys", {"key": str(form.key)}, {act.object: meant[0].name})
    confirmed = await confirm(frame, asker, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    await keys.remove(asker.session, form.key, confirmed)
    return RedirectResponse(here, 303)


async def _show(
    frame: KeyFrame, asker: Asker, error: VakaError | None = None, status: int | None = None
) -> Response:  # fmt: skip
    keys = await frame.keys.list_keys(asker.session.account_id)
    message = None if error is None else Message(error.sentence.in_language(asker.preferences.language))
    answer = status or (200 if error is None else STATUS[error.category])
    facts = {
        "page": "keys", "here": frame.here, "keys": keys, "message": message, "longest_name": LONGEST_NAME,
        "most_keys": MOST_KEYS,
    }  # fmt: skip
    return frame.render("key_list.html", frame.here, answer, facts)
