# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing in by an issuer of the trust registry: sent there, come back, and let in or told why not."""

import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.database.connections import transaction
from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.federation import sign_in_by
from vaka.identity.invitations import LONGEST_CODE, read_code
from vaka.identity.oidc import require_oidc
from vaka.identity.oidc_request import authorization_address, requested_levels
from vaka.identity.pending import LIFETIME, PendingLogin, PendingSecret, begin_login, read_pending, take_login
from vaka.identity.reasons import Reason
from vaka.identity.saml import require_saml
from vaka.identity.sessions import Realm
from vaka.identity.trust import Trusted, find_slug, find_trusted, list_trusted
from vaka.identity.trust_content import Content
from vaka.web.browser_kinds import read_browser
from vaka.web.forms import Form, read_form
from vaka.web.preferences import Preferences
from vaka.web.refusals import RequestRefusedError
from vaka.web.safety import WRONG_ORIGIN, comes_from_own_page
from vaka.web.signin.arriving import INVITATION_COOKIE, PENDING_COOKIE, host_of, let_in, refuse
from vaka.web.signin.entrance import Entrance, end_sessions
from vaka.web.signin.issuer_cookies import CameBy
from vaka.web.signin.saml import send_by_saml

INVITATION_SECONDS = 900
"""How long a browser keeps a code that was typed: long enough to find one's telephone."""
REALMS: tuple[Realm, ...] = ("operator", "authority", "administrator")


@dataclass(frozen=True, slots=True)
class Way:
    """A way to sign in, as the page shows it."""

    name: str
    title: str


class InvitationForm(Form):
    """The code of an invitation."""

    code: Annotated[str, Field(min_length=1, max_length=LONGEST_CODE)]


async def list_ways(entrance: Entrance, preferences: Preferences) -> Mapping[Realm, list[Way]]:
    """Return how one can sign in to each realm now, by title."""
    ways: dict[Realm, list[Way]] = {realm: [] for realm in REALMS}
    async with transaction(entrance.platform) as connection:
        for trusted in await list_trusted(connection, entrance.clock.now()):
            with suppress(SignInRefusedError):
                issuer = _usable(entrance, trusted)
                way = Way(trusted.name, issuer.title_in(preferences.language))
                for realm in trusted.realms:
                    ways[realm].append(way)
    return {realm: sorted(found, key=lambda way: (way.title, way.name)) for realm, found in ways.items()}


def read_realm(request: Request) -> Realm:
    """Return where somebody wants to sign in to; the operators' where he does not say."""
    wanted = request.query_params.get("realm", "operator")
    return next((realm for realm in REALMS if realm == wanted), "operator")


async def begin(entrance: Entrance, request: Request) -> Response:
    """GET /begin/{name}: to the issuer. A link and no form, as issuers lead on to others, which no policy can name."""
    if not comes_from_own_page(request.headers, entrance.settings.signin.origin):
        raise RequestRefusedError(HTTPStatus.FORBIDDEN, WRONG_ORIGIN)
    name, realm, now = request.path_params["name"], read_realm(request), entrance.clock.now()
    try:
        async with transaction(entrance.platform) as connection:
            trusted = await find_trusted(connection, name, realm, now)
            if trusted is None:
                raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED)
            _usable(entrance, trusted)
            pending, slug = await begin_login(connection, trusted.id, realm, now), await find_slug(connection, trusted)
        if trusted.content.protocol == "saml":
            return await send_by_saml(entrance, request, trusted, slug, pending, realm)
        issuer = require_oidc(trusted, demo=entrance.client.demo)
    except SignInRefusedError as refused:
        await entrance.attempts.note(refused.reason.code, host_of(request))
        return refuse(entrance, request, refused.reason)
    address = authorization_address(trusted, issuer, pending, _redirect_uri(entrance, name))
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        PENDING_COOKIE, pending.cookie, max_age=int(LIFETIME.total_seconds()), path="/", secure=True, httponly=True,
        samesite="lax",
    )  # fmt: skip
    return response


async def finish(entrance: Entrance, request: Request) -> Response:
    """GET /callback/{name}: back from the issuer. The first reason against it is written down and told."""
    secret = read_pending(request.cookies.get(PENDING_COOKIE, ""))
    try:
        return await _finish(entrance, request, secret)
    except SignInRefusedError as refused:
        if refused.reason in (Reason.NO_PENDING, Reason.STATE):
            await entrance.attempts.note(refused.reason.code, host_of(request))
        else:
            await entrance.attempts.refuse(refused.reason.code, host_of(request), refused.said)
        return refuse(entrance, request, refused.reason)


async def take_invitation(entrance: Entrance, request: Request) -> Response:
    """POST /invitation: the browser keeps the code until somebody signs in with it. Nothing is said of the code."""
    form = await read_form(request, InvitationForm)
    code = read_code(form.code)
    if code is None:
        await entrance.attempts.note(Reason.INVITATION.code, host_of(request))
        return refuse(entrance, request, Reason.INVITATION)
    response = RedirectResponse(f"/?realm={read_realm(request)}", HTTPStatus.SEE_OTHER)
    response.set_cookie(
        INVITATION_COOKIE, code.text, max_age=INVITATION_SECONDS, path="/", secure=True, httponly=True, samesite="lax"
    )
    return response


async def _finish(entrance: Entrance, request: Request, secret: PendingSecret | None) -> Response:
    answer, now, name = _read_answer(request), entrance.clock.now(), request.path_params["name"]
    if secret is None:
        raise SignInRefusedError(Reason.NO_PENDING)
    if not hmac.compare_digest(answer.get("state", "").encode(), secret.state.encode()):
        raise SignInRefusedError(Reason.STATE)
    async with transaction(entrance.platform) as connection:
        # Taken whatever comes of it, in a transaction of its own: an answer counts once.
        begun = await take_login(connection, secret, now)
    if begun is None:
        raise SignInRefusedError(Reason.PENDING_SPENT)
    async with transaction(entrance.platform) as connection:
        trusted = await find_trusted(connection, name, begun.realm, now)
    if trusted is None:
        raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED)
    _require_same_issuer(trusted, begun, answer)
    said = Said(trusted.name, requested_levels(trusted))
    if "error" in answer:
        raise SignInRefusedError(
            Reason.CANCELLED if answer["error"] == "access_denied" else Reason.ISSUER_REFUSED, said
        )  # fmt: skip
    redirect_uri = _redirect_uri(entrance, name)
    assertion = await entrance.client.redeem(trusted, secret, begun, answer.get("code", ""), redirect_uri, now)
    said = Said(trusted.name, requested_levels(trusted), assertion.level_uri, assertion.digest)
    async with transaction(entrance.platform) as connection:
        token = await sign_in_by(
            connection, assertion, begun.realm, said=said, attribute=trusted.content.matching_attribute,
            code=read_code(request.cookies.get(INVITATION_COOKIE, "")), subjects=entrance.subjects, now=now,
            browser=read_browser(request), authority=trusted.authority_id,
        )  # fmt: skip
    await end_sessions(entrance, request)
    return await let_in(entrance, request, begun.realm, token, came_by=CameBy(trusted.name))


def _usable(entrance: Entrance, trusted: Trusted) -> Content:
    """Return what is said of an issuer that one can sign in by now. Raises SignInRefusedError."""
    if trusted.content.protocol == "saml":
        return require_saml(trusted, demo=entrance.saml.demo)[0]
    return require_oidc(trusted, demo=entrance.client.demo)


def _read_answer(request: Request) -> Mapping[str, str]:
    """Return what the issuer sent along; what it says twice it has not said."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in found:
            raise SignInRefusedError(Reason.STATE)
        found[name] = value
    return found


def _require_same_issuer(trusted: Trusted, begun: PendingLogin, answer: Mapping[str, str]) -> None:
    """Refuse another issuer's answer: by the address it came to, and by what it calls itself (RFC 9207)."""
    if trusted.id != begun.trust_id or answer.get("iss", trusted.content.issuer) != trusted.content.issuer:
        raise SignInRefusedError(Reason.ISSUER_MIXED, Said(trusted.name))


def _redirect_uri(entrance: Entrance, name: str) -> str:
    return f"{entrance.settings.signin.origin}/callback/{name}"
