# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a locked session shows, and how it is unlocked. Written once; each realm puts it into its own frame.

The cover says nothing of anybody, its owner included. Whoever has a security key touches it, with PIN or finger;
whoever has none signs in anew, which ends this session and begins another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.errors import Sentence
from vaka.identity.ceremonies import Ceremonies
from vaka.identity.locking import unlock_session, unlocking_of
from vaka.identity.refusing import KeyRefusedError
from vaka.web.asker import Asker
from vaka.web.forms import Form, NoForm, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.routes import COVER

UNDONE = Sentence(
    sv="Det du skickade gjordes inte, för sidan var låst. Lås upp och gör om det.",
    en="What you sent was not done, for the page was locked. Unlock it and do it again.",
)


class UnlockForm(Form):
    """What a key said; empty the first time."""

    answer: KeyAnswer = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """How one realm covers its pages."""

    platform: Pool
    clock: Clock
    keys: Ceremonies
    sign_in: str
    render: Callable[[int, Mapping[str, Any]], Response]
    """Answers with a status, and what the page shows put into the realm's frame."""
    home: str = "/"
    """Where somebody goes on who is not locked any more: a page that he may see."""


async def show_cover(cover: Cover, request: Request, asker: Asker) -> Response:
    """GET /locked: that it is locked, and how it is unlocked; back to work where it is not."""
    if not asker.session.is_locked:
        return RedirectResponse(cover.home, HTTPStatus.SEE_OTHER)
    said = UNDONE if "undone" in request.query_params else None
    return await _show(cover, asker, said)


async def unlock(cover: Cover, request: Request, asker: Asker) -> Response:
    """POST /unlock: ask for a touch; then unlock by it."""
    form, session = await read_form(request, UnlockForm), asker.session
    if not session.is_locked:
        return RedirectResponse(cover.home, HTTPStatus.SEE_OTHER)
    act, refused = unlocking_of(session), None
    if form.answer:
        try:
            confirmation = await cover.keys.confirm(session, act, form.answer)
        except KeyRefusedError as error:
            refused = error.sentence
        else:
            async with transaction(cover.platform) as connection:
                await unlock_session(connection, session, confirmation, cover.clock.now())
            return RedirectResponse(cover.home, HTTPStatus.SEE_OTHER)
    if not await cover.keys.list_keys(session.account_id):
        return RedirectResponse(COVER, HTTPStatus.SEE_OTHER)
    options = await cover.keys.ask_for_touch(session, act)
    return await _show(
        cover, asker, refused, options=options, status=HTTPStatus.FORBIDDEN if refused else HTTPStatus.OK
    )


async def say_here(context: object, request: Request, asker: Asker) -> Response:
    """POST /here: a person did something in an open page, which counts as use of the session."""
    await read_form(request, NoForm)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def ask_whether_open(context: object, request: Request, asker: Asker) -> Response:
    """GET /here: an open page asks by itself whether it may still be seen; the door answers where it may not."""
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _show(
    cover: Cover, asker: Asker, said: Sentence | None, *, options: object = None, status: int = HTTPStatus.OK
) -> Response:
    message = said and Message(said.in_language(asker.preferences.language))
    has_keys = bool(await cover.keys.list_keys(asker.session.account_id))
    return cover.render(
        status, {"options": options, "has_keys": has_keys, "sign_in": cover.sign_in, "message": message}
    )
