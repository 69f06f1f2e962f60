# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signed out here: what is left to do at the issuer, the way there, and back.

The session has ended before anything is asked of an issuer, and ends whether it answers or not. Whoever wants to sign
out there too follows a link; a shift is handed over without waiting for somebody else's page.
"""

import hmac
import os
from contextlib import suppress
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from vaka.database.connections import transaction
from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.oidc import require_oidc
from vaka.identity.oidc_request import end_session_address
from vaka.identity.pending import LIFETIME, SECRET_BYTES, PendingSecret, read_pending
from vaka.identity.reasons import Reason
from vaka.identity.saml_leaving import ask_to_sign_out, may_sign_out, open_at_issuer
from vaka.identity.saml_person import AtIssuer
from vaka.identity.trust import Trusted, find_slug, list_trusted
from vaka.web.asker import COOKIES, find_principal, read_token, take_token_back
from vaka.web.preferences import read_preferences
from vaka.web.refusals import RequestRefusedError
from vaka.web.safety import WRONG_ORIGIN, comes_from_own_page
from vaka.web.signin.arriving import LEAVING_COOKIE, LEAVING_SAML_COOKIE, host_of, refuse
from vaka.web.signin.entrance import Entrance, end_sessions
from vaka.web.signin.federated import read_realm
from vaka.web.signin.issuer_cookies import CameBy, forget_issuer, read_issuer

UNCLEAR = f"logout_{Reason.STATE.code}"


async def show_signed_out(entrance: Entrance, request: Request) -> Response:
    """GET /signed-out: that it is so, and where one may be signed in still. Whoever is not signed out is told that."""
    realm = read_realm(request)
    if await find_principal(entrance.platform, read_token(request, realm=realm), entrance.clock, realm=realm):
        return await show_stage(entrance, request, None, stage="still")
    came = read_issuer(request, realm)
    return await show_stage(entrance, request, came and await _find(entrance, came.name), stage="here")


async def sign_out_there(entrance: Entrance, request: Request) -> Response:
    """GET /sign-out/{name}: to the issuer, signed out here already. A link and no form, as on the way in."""
    if not comes_from_own_page(request.headers, entrance.settings.signin.origin):
        raise RequestRefusedError(HTTPStatus.FORBIDDEN, WRONG_ORIGIN)
    await end_sessions(entrance, request)
    response: Response
    try:
        response = await _send(entrance, request)
    except SignInRefusedError as refused:
        await entrance.attempts.note(f"logout_{refused.reason.code}", host_of(request))
        response = refuse(entrance, request, refused.reason)
    for realm in COOKIES:
        take_token_back(response, realm=realm)
    return response


async def come_back(entrance: Entrance, request: Request) -> Response:
    """GET /signed-out/{name}: back from the issuer. What did not begin in this browser says nothing of it."""
    leaving = read_pending(request.cookies.get(LEAVING_COOKIE, ""))
    said = request.query_params.getlist("state")
    trusted = await _find(entrance, request.path_params["name"])
    if trusted is None or leaving is None or len(said) != 1 or not _same(said[0], leaving.state):
        await entrance.attempts.note(UNCLEAR, host_of(request))
        return await show_stage(entrance, request, trusted, stage="unclear", status=HTTPStatus.FORBIDDEN)
    return await show_stage(entrance, request, trusted, stage="there")


async def show_stage(
    entrance: Entrance, request: Request, trusted: Trusted | None, *, stage: str, code: str = UNCLEAR,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:  # fmt: skip
    """Answer with what happened: signed in ``still``, out ``here``, ``there`` too, or ``unclear`` whether there.

    Once nothing is left to do at the issuer the browser forgets by which it came.
    """
    preferences, realm = read_preferences(request), read_realm(request)
    if trusted is not None and realm not in trusted.realms:
        realm = trusted.realms[0]
    way = trusted is not None and _leads_out(entrance, trusted, read_issuer(request, realm))
    page = entrance.pages.render(
        "signed_out.html", preferences, stage=stage, code=code, realm=realm,
        issuer=None if trusted is None else trusted.content.title_in(preferences.language),
        way=f"/sign-out/{trusted.name}?realm={realm}" if trusted is not None and way else None,
    )  # fmt: skip
    response = HTMLResponse(page, status)
    if stage == "there" or (stage == "here" and not way):
        forget_issuer(response, realm)
    return response


async def _send(entrance: Entrance, request: Request) -> Response:
    """Answer with the way to the issuer. Raises SignInRefusedError."""
    trusted, leaving = await _find(entrance, request.path_params["name"]), PendingSecret(os.urandom(SECRET_BYTES))
    if trusted is None:
        raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED)
    by_saml = trusted.content.protocol == "saml"
    if by_saml:
        at = _at_issuer(entrance, trusted, read_issuer(request, read_realm(request)))
        if at is None:
            raise SignInRefusedError(Reason.NO_PENDING, Said(trusted.name))
        async with transaction(entrance.platform) as connection:
            slug = await find_slug(connection, trusted)
        address: str | None = await ask_to_sign_out(entrance.saml, trusted, slug, leaving, at)
    else:
        address = _oidc_address(entrance, trusted, leaving)
    if address is None:
        raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED, Said(trusted.name))
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        LEAVING_SAML_COOKIE if by_saml else LEAVING_COOKIE, leaving.cookie, max_age=int(LIFETIME.total_seconds()),
        path="/", secure=True, httponly=True, samesite="none" if by_saml else "lax",
    )  # fmt: skip
    return response


async def _find(entrance: Entrance, name: str) -> Trusted | None:
    """Return the issuer of this name, if it is believed now."""
    async with transaction(entrance.platform) as connection:
        found = await list_trusted(connection, entrance.clock.now())
    return next((trusted for trusted in found if trusted.name == name), None)


def _leads_out(entrance: Entrance, trusted: Trusted, came: CameBy | None) -> bool:
    """Whether this browser can sign out at an issuer."""
    with suppress(SignInRefusedError):
        if trusted.content.protocol == "saml":
            may_sign_out(entrance.saml, trusted)
            return _at_issuer(entrance, trusted, came) is not None
        return _oidc_address(entrance, trusted, PendingSecret(bytes(SECRET_BYTES))) is not None
    return False


def _at_issuer(entrance: Entrance, trusted: Trusted, came: CameBy | None) -> AtIssuer | None:
    """Return what a SAML provider calls the session that this browser had there."""
    if came is None or came.name != trusted.name:
        return None
    return open_at_issuer(entrance.subjects, trusted.name, came.sealed)


def _oidc_address(entrance: Entrance, trusted: Trusted, leaving: PendingSecret) -> str | None:
    """Return where a browser signs out at an OpenID provider; None for nowhere. Raises SignInRefusedError."""
    issuer = require_oidc(trusted, demo=entrance.client.demo)
    return end_session_address(issuer, leaving.state, f"{entrance.settings.signin.origin}/signed-out/{trusted.name}")


def _same(said: str, state: str) -> bool:
    return hmac.compare_digest(said.encode(), state.encode())
