# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing in to the desk by one's own security key, while one's issuer does not answer or is declared to let nobody in.
Offered at no other time.
"""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.database.connections import transaction
from vaka.identity.fallback import Away, reason_of
from vaka.identity.key_sign_in import ANSWERED_WITHIN, KeySignInRefusedError
from vaka.identity.pending import PendingSecret, begin_login, read_pending, take_login
from vaka.identity.reasons import Reason
from vaka.web.browser_kinds import read_browser
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.preferences import Preferences, read_preferences
from vaka.web.refusals import RequestRefusedError
from vaka.web.safety import WRONG_ORIGIN, comes_from_own_page
from vaka.web.signin.arriving import FALLBACK_COOKIE, host_of, let_in, refuse, show_refusal
from vaka.web.signin.entrance import Entrance, end_sessions


class FallbackForm(Form):
    """What a key said."""

    answer: KeyAnswer = ""


@dataclass(frozen=True, slots=True)
class AwayLine:
    """An issuer that is away, as the pages say it."""

    title: str
    until: datetime | None
    """Until when two people declared it so; None where it was measured."""


async def list_away(entrance: Entrance, preferences: Preferences) -> list[AwayLine]:
    """Return the operators' issuers that do not answer or are declared to let nobody in."""
    return [_line(one, preferences) for one in await _find_away(entrance)]


async def show_fallback(entrance: Entrance, request: Request) -> Response:
    """GET /fallback: the page on which a key is touched; refused while every issuer answers."""
    if not comes_from_own_page(request.headers, entrance.settings.signin.origin):
        raise RequestRefusedError(HTTPStatus.FORBIDDEN, WRONG_ORIGIN)
    reason = Reason.WRONG_REALM if request.query_params.get("realm", "operator") != "operator" else None
    away = [] if reason else await _find_away(entrance)
    if reason or not away:
        reason = reason or (Reason.ISSUER_ANSWERS if entrance.fallback.is_possible else Reason.ISSUER_NOT_APPROVED)
        await entrance.attempts.note(reason.code, host_of(request))
        return refuse(entrance, request, reason)
    async with transaction(entrance.platform) as connection:
        pending = await begin_login(connection, away[0].issuer.id, "operator", entrance.clock.now())
    preferences = read_preferences(request)
    page = entrance.pages.render(
        "signin_fallback.html", preferences, away=[_line(one, preferences) for one in away],
        options=entrance.fallback.ask(pending),
    )  # fmt: skip
    response = HTMLResponse(page)
    response.set_cookie(
        FALLBACK_COOKIE, pending.cookie, max_age=int(ANSWERED_WITHIN.total_seconds()), path="/", secure=True,
        httponly=True, samesite="strict",
    )  # fmt: skip
    return response


async def sign_in_by_key(entrance: Entrance, request: Request) -> Response:
    """POST /fallback: let somebody in by his key, or say why not; each refusal is written down."""
    form = await read_form(request, FallbackForm)
    try:
        pending = read_pending(request.cookies.get(FALLBACK_COOKIE, ""))
        token, away = await _sign_in(entrance, request, form.answer, pending)
    except KeySignInRefusedError as refused:
        await entrance.attempts.refuse(refused.code, host_of(request), refused.said)
        return show_refusal(entrance, request, refused.code, refused.sentence)
    structlog.get_logger().warning("signed in by the fallback", reason=reason_of(away)["reason"])
    await end_sessions(entrance, request)
    return await let_in(entrance, request, "operator", token)


async def _sign_in(
    entrance: Entrance, request: Request, answer: str, pending: PendingSecret | None
) -> tuple[str, list[Away]]:
    """Return the token of a session, and which issuers were away. Raises KeySignInRefusedError."""
    fallback, now = entrance.fallback, entrance.clock.now()
    if pending is None:
        raise KeySignInRefusedError.of(Reason.NO_PENDING)
    async with transaction(entrance.platform) as connection:
        # Taken whatever comes of it, in a transaction of its own: a touch counts once.
        begun = await take_login(connection, pending, now)
    if begun is None or now - begun.started_at > ANSWERED_WITHIN:
        raise KeySignInRefusedError.of(Reason.PENDING_SPENT)
    async with transaction(entrance.platform) as connection:
        touched = await fallback.judge(connection, pending, answer)
    away = await fallback.require_away(touched)
    async with transaction(entrance.platform) as connection:
        return await fallback.open(connection, touched, away, browser=read_browser(request)), away


async def _find_away(entrance: Entrance) -> list[Away]:
    async with transaction(entrance.platform) as connection:
        issuers = await entrance.fallback.list_issuers(connection)
        declared = await entrance.fallback.list_declared(connection) if issuers else {}
    return await entrance.fallback.find_away(issuers, declared)


def _line(away: Away, preferences: Preferences) -> AwayLine:
    until = None if away.outage is None else away.outage.holds_until
    return AwayLine(away.issuer.content.title_in(preferences.language), until)
