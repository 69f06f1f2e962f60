# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signed out here: what is left to do at the issuer, the way there, and back (RP-Initiated Logout 1.0).

The session has ended before anything is asked of an issuer, and ends whether it answers or not. Whoever wants to sign
out there too follows a link; a shift is handed over without waiting for somebody else's page.
"""

import hmac
import os
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from vaka.database.connections import transaction
from vaka.identity.assertion import SignInRefusedError
from vaka.identity.oidc import require_oidc
from vaka.identity.oidc_request import end_session_address
from vaka.identity.pending import LIFETIME, SECRET_BYTES, PendingSecret, read_pending
from vaka.identity.reasons import Reason
from vaka.identity.trust import Trusted, list_trusted
from vaka.web.asker import COOKIES, find_principal, read_token, take_token_back
from vaka.web.preferences import read_preferences
from vaka.web.refusals import RequestRefusedError
from vaka.web.safety import WRONG_ORIGIN, comes_from_own_page
from vaka.web.signin.arriving import LEAVING_COOKIE, host_of, refuse
from vaka.web.signin.entrance import Entrance, end_sessions
from vaka.web.signin.federated import read_realm
from vaka.web.signin.issuer_cookies import read_issuer


async def show_signed_out(entrance: Entrance, request: Request) -> Response:
    """GET /signed-out: that it is so, and where one may be signed in still. Whoever is not signed out is told that."""
    realm = read_realm(request)
    if await find_principal(entrance.platform, read_token(request, realm=realm), entrance.clock, realm=realm):
        return RedirectResponse(f"/?realm={realm}", HTTPStatus.SEE_OTHER)
    name = read_issuer(request, realm)
    trusted = None if name is None else await _find(entrance, name)
    return _page(entrance, request, trusted, stage="here")


async def sign_out_there(entrance: Entrance, request: Request) -> Response:
    """GET /sign-out/{name}: to the issuer, signed out here already. A link and no form, as on the way in."""
    if not comes_from_own_page(request.headers, entrance.settings.signin.origin):
        raise RequestRefusedError(HTTPStatus.FORBIDDEN, WRONG_ORIGIN)
    await end_sessions(entrance, request)
    trusted, leaving = await _find(entrance, request.path_params["name"]), PendingSecret(os.urandom(SECRET_BYTES))
    address = None if trusted is None else _address(entrance, trusted, leaving)
    if address is None:
        await entrance.attempts.note(f"logout_{Reason.ISSUER_NOT_APPROVED.code}", host_of(request))
        response = refuse(entrance, request, Reason.ISSUER_NOT_APPROVED)
    else:
        response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
        response.set_cookie(
            LEAVING_COOKIE, leaving.cookie, max_age=int(LIFETIME.total_seconds()), path="/", secure=True,
            httponly=True, samesite="lax",
        )  # fmt: skip
    for realm in COOKIES:
        take_token_back(response, realm=realm)
    return response


async def come_back(entrance: Entrance, request: Request) -> Response:
    """GET /signed-out/{name}: back from the issuer. What did not begin in this browser says nothing of it."""
    leaving = read_pending(request.cookies.get(LEAVING_COOKIE, ""))
    said = request.query_params.getlist("state")
    trusted = await _find(entrance, request.path_params["name"])
    if trusted is None or leaving is None or len(said) != 1 or not _same(said[0], leaving.state):
        await entrance.attempts.note(f"logout_{Reason.STATE.code}", host_of(request))
        return _page(entrance, request, trusted, stage="unclear", status=HTTPStatus.FORBIDDEN)
    return _page(entrance, request, trusted, stage="there")


async def _find(entrance: Entrance, name: str) -> Trusted | None:
    """Return the issuer of this name, if it is believed now."""
    async with transaction(entrance.platform) as connection:
        found = await list_trusted(connection, entrance.clock.now())
    return next((trusted for trusted in found if trusted.name == name), None)


def _address(entrance: Entrance, trusted: Trusted, leaving: PendingSecret) -> str | None:
    """Return where a browser is sent to sign out there too; None where there is no such place."""
    try:
        issuer = require_oidc(trusted, demo=entrance.client.demo)
    except SignInRefusedError:
        return None
    return end_session_address(issuer, leaving.state, f"{entrance.settings.signin.origin}/signed-out/{trusted.name}")


def _page(
    entrance: Entrance, request: Request, trusted: Trusted | None, *, stage: str, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Answer with what happened: signed out ``here``, ``there`` too, or ``unclear`` whether there."""
    preferences = read_preferences(request)
    way = None if trusted is None else _address(entrance, trusted, PendingSecret(bytes(SECRET_BYTES)))
    page = entrance.pages.render(
        "signed_out.html", preferences, stage=stage, code=f"logout_{Reason.STATE.code}",
        realm=read_realm(request) if trusted is None or stage == "here" else trusted.realms[0],
        issuer=None if trusted is None else trusted.content.title_in(preferences.language),
        way=None if trusted is None or way is None else f"/sign-out/{trusted.name}",
    )  # fmt: skip
    return HTMLResponse(page, status)


def _same(said: str, state: str) -> bool:
    return hmac.compare_digest(said.encode(), state.encode())
