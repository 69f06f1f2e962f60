# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where one is signed in oneself: seen, and signed out there. Written once; each realm puts it into its own frame.

What ends something is sent twice: the first time it is answered with what will end, the second time it says so. Of
anybody else's sessions nothing is shown or ended here, whatever is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.clock import Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.errors import Sentence
from vaka.identity.command_sessions import CommandSession, end_command_sessions, list_command_sessions
from vaka.identity.session_list import OpenSession, list_sessions
from vaka.identity.sessions import end_sessions_of
from vaka.web.asker import Asker
from vaka.web.browser_kinds import name_browser
from vaka.web.forms import Form, read_form
from vaka.web.pages import Message
from vaka.web.texts import Language, mark, texts_in

REALMS: Mapping[str, str] = {
    "operator": mark("The desk"), "authority": mark("The authority's portal"), "administrator": mark("The office"),
}  # fmt: skip
METHODS: Mapping[str, str] = {"oidc": mark("E-identification (OpenID)"), "saml": mark("E-identification (SAML)"),
                              "passkey": mark("Fallback: security key alone"),
                              "break_glass": mark("Emergency access: two custodians' keys")}  # fmt: skip
ENDED = Sentence(sv="Utloggad där. Det syns i loggen.", en="Signed out there. It is seen in the log.")
GONE = Sentence(
    sv="Den inloggningen har redan avslutats. Inget har ändrats.",
    en="That session has ended already. Nothing was changed.",
)


class EndForm(Form):
    """Which session, and whether its owner is sure."""

    session: UUID | Literal["others"]
    sure: Annotated[str, Field(max_length=3)] = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """How one realm shows the page."""

    platform: Pool
    clock: Clock
    here: str
    """The page's address."""
    render: Callable[[int, Mapping[str, Any]], Response]
    """Answers with a status, and what the page shows put into the realm's frame."""
    commands: bool = False
    """Whether commands may run in the name of whoever it is: an administrator's, and so the office's alone."""

    async def list_commands(self, connection: Connection, account_id: UUID, now: datetime) -> Sequence[CommandSession]:
        """Return where they do."""
        return await list_command_sessions(connection, account_id, now) if self.commands else ()


@dataclass(frozen=True, slots=True)
class Line:
    """One session as the page shows it."""

    session: OpenSession
    browser: str
    realm: str
    method: str
    is_this: bool


async def show_sessions(frame: Frame, request: Request, asker: Asker) -> Response:
    """GET: where one is signed in."""
    message = ENDED if "ended" in request.query_params else None
    return await _show(frame, asker, message, tone="done")


async def end_session(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST: ask whether one is sure; then sign out at that place, or at all but this one."""
    form, session = await read_form(request, EndForm), asker.session
    only = None if form.session == "others" else form.session
    async with transaction(frame.platform) as connection:
        now = frame.clock.now()
        if form.sure:
            ended = await _end(frame, connection, asker, only, now)
        else:
            known = await list_sessions(connection, session.account_id, now)
            asked = [one for one in known if one.id != session.id and only in (None, one.id)]
            running = await frame.list_commands(connection, session.account_id, now)
            commands = [one for one in running if only in (None, one.id)]
    if form.sure and ended:
        return RedirectResponse(f"{frame.here}?ended=1", HTTPStatus.SEE_OTHER)
    if form.sure or not (asked or commands):
        return await _show(frame, asker, GONE, status=HTTPStatus.CONFLICT)
    lines = [_line(one, asker) for one in asked]
    shown = {"here": frame.here, "lines": lines, "commands": commands, "ending": str(form.session)}
    return frame.render(HTTPStatus.OK, shown)


async def _end(frame: Frame, connection: Connection, asker: Asker, only: UUID | None, now: datetime) -> int:
    """End one, or all but this one, and return how many that were."""
    session, actor = asker.session, asker.principal.actor
    if only == session.id:  # it is ended by signing out, which also tells the browser what to forget
        return 0
    ended = await end_sessions_of(
        connection, session.account_id, actor=actor, now=now, reason="ended_by_owner", only=only, but=session.id
    )
    if frame.commands:
        ended += await end_command_sessions(
            connection, session.account_id, actor=actor, now=now, reason="ended_by_owner", only=only
        )
    return ended


async def _show(
    frame: Frame, asker: Asker, said: Sentence | None, *, tone: str = "trouble", status: int = HTTPStatus.OK
) -> Response:
    async with transaction(frame.platform) as connection:
        now = frame.clock.now()
        known = await list_sessions(connection, asker.session.account_id, now)
        commands = await frame.list_commands(connection, asker.session.account_id, now)
    lines = sorted((_line(one, asker) for one in known), key=lambda line: not line.is_this)
    message = said and Message(said.in_language(asker.preferences.language), tone)
    shown = {"here": frame.here, "lines": lines, "commands": commands, "ending": None, "message": message}
    return frame.render(status, shown)


def _line(session: OpenSession, asker: Asker) -> Line:
    language: Language = asker.preferences.language
    gettext = texts_in(language).gettext
    return Line(
        session, name_browser(session.browser, language), gettext(REALMS[session.realm]),
        gettext(METHODS[session.method]) if session.method in METHODS else session.method,
        session.id == asker.session.id,
    )  # fmt: skip
