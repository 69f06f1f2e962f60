# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing in to the desk by one's own security key, while one's issuer does not answer. Offered at no other time."""

from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.database.connections import transaction
from vaka.identity.fallback import UNREACHABLE
from vaka.identity.key_sign_in import ANSWERED_WITHIN, KeySignInRefusedError
from vaka.identity.pending import PendingSecret, begin_login, read_pending, take_login
from vaka.identity.reasons import Reason
from vaka.identity.trust import Trusted
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


async def list_away(entrance: Entrance, preferences: Preferences) -> list[str]:
    """Return what the operators' issuers are called that do not answer."""
    return [_title(one, preferences) for one in await _find_away(entrance)]


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
        pending = await begin_login(connection, away[0].id, "operator", entrance.clock.now())
    preferences = read_preferences(request)
    page = entrance.pages.render(
        "signin_fallback.html", preferences, away=[_title(one, preferences) for one in away],
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
        token = await _sign_in(entrance, request, form.answer, read_pending(request.cookies.get(FALLBACK_COOKIE, "")))
    except KeySignInRefusedError as refused:
        await entrance.attempts.refuse(refused.code, host_of(request), refused.said)
        return show_refusal(entrance, request, refused.code, refused.sentence)
    structlog.get_logger().warning("signed in by the fallback", reason=UNREACHABLE)
    await end_sessions(entrance, request)
    return await let_in(entrance, request, "operator", token)


async def _sign_in(entrance: Entrance, request: Request, answer: str, pending: PendingSecret | None) -> str:
    """Return the token of a session. Raises KeySignInRefusedError."""
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
    await fallback.require_away(touched)
    async with transaction(entrance.platform) as connection:
        return await fallback.open(connection, touched, browser=read_browser(request))


async def _find_away(entrance: Entrance) -> list[Trusted]:
    async with transaction(entrance.platform) as connection:
        issuers = await entrance.fallback.list_issuers(connection)
    return await entrance.fallback.find_away(issuers)


def _title(issuer: Trusted, preferences: Preferences) -> str:
    return issuer.content.title_sv if preferences.language == "sv" else issuer.content.title_en
