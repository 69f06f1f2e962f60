# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing in by a SAML identity provider: sent there, and back by a form that its page sends us."""

import hmac
import re
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.database.connections import transaction
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.federation import sign_in_by
from vaka.identity.invitations import read_code
from vaka.identity.pending import LIFETIME, PendingSecret, read_pending, take_login
from vaka.identity.reasons import Reason
from vaka.identity.saml_entity import place_of
from vaka.identity.saml_guard import Judged
from vaka.identity.saml_leaving import seal_at_issuer
from vaka.identity.saml_replay import require_unseen
from vaka.identity.sessions import Realm
from vaka.identity.trust import Trusted, find_slug, find_trusted_row
from vaka.identity.trust_content import SamlIssuer
from vaka.web.browser_kinds import read_browser
from vaka.web.forms import FormError, read_fields
from vaka.web.signin.arriving import INVITATION_COOKIE, SAML_COOKIE, host_of, let_in, refuse
from vaka.web.signin.entrance import Entrance, end_sessions
from vaka.web.signin.issuer_cookies import CameBy

ARRIVALS = re.compile(r"/saml/(?:supplier|authority/[a-z0-9_]{1,31})/acs")
"""Where assertions come to, from pages of issuers."""
_NO_SUCH = Sentence(sv="Det finns ingen sådan sida.", en="There is no such page.")


async def send_by_saml(
    entrance: Entrance, request: Request, trusted: Trusted, slug: str | None, pending: PendingSecret, realm: Realm
) -> Response:
    """Answer with the way to the issuer. Raises SignInRefusedError.

    Cookies of the usual kind do not come along with an assertion. So a code that was typed rides in the one that does,
    and what the browser was signed in to ends now.
    """
    address = await entrance.saml.send(trusted, slug, pending, realm)
    await end_sessions(entrance, request)
    code = read_code(request.cookies.get(INVITATION_COOKIE, ""))
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        SAML_COOKIE, pending.cookie if code is None else f"{pending.cookie}.{code.text}",
        max_age=int(LIFETIME.total_seconds()), path="/", secure=True, httponly=True, samesite="none",
    )  # fmt: skip
    return response


async def consume(entrance: Entrance, request: Request) -> Response:
    """POST /saml/…/acs: back from the issuer. The first reason against it is written down and told."""
    try:
        return await _consume(entrance, request)
    except SignInRefusedError as refused:
        if refused.reason in (Reason.NO_PENDING, Reason.STATE):
            await entrance.attempts.note(refused.reason.code, host_of(request))
        else:
            await entrance.attempts.refuse(refused.reason.code, host_of(request), refused.said)
        return refuse(entrance, request, refused.reason)


async def show_metadata(entrance: Entrance, request: Request) -> Response:
    """GET /saml/…/metadata: what issuers have to know of us."""
    described = entrance.saml.metadata(place_in(request))
    if described is None:
        raise VakaError(Category.MISSING, _NO_SUCH)
    return Response(described, media_type="application/samlmetadata+xml")


async def _consume(entrance: Entrance, request: Request) -> Response:
    secret, _, code = request.cookies.get(SAML_COOKIE, "").partition(".")
    pending, now = read_pending(secret), entrance.clock.now()
    if pending is None:
        raise SignInRefusedError(Reason.NO_PENDING)
    sent = await read_sent(request)
    if not hmac.compare_digest(sent.get("RelayState", "").encode(), pending.state.encode()):
        raise SignInRefusedError(Reason.STATE)
    async with transaction(entrance.platform) as connection:
        # Taken whatever comes of it, in a transaction of its own: an answer counts once.
        begun = await take_login(connection, pending, now)
    if begun is None:
        raise SignInRefusedError(Reason.PENDING_SPENT)
    async with transaction(entrance.platform) as connection:
        trusted = await find_trusted_row(connection, begun.trust_id, begun.realm, now)
        if trusted is None:
            raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED)
        slug = await find_slug(connection, trusted)
    if place_in(request) != place_of(slug):
        raise SignInRefusedError(Reason.ISSUER_MIXED, Said(trusted.name))
    judged = await entrance.saml.verify(trusted, slug, pending, begun, sent.get("SAMLResponse", ""), now)
    assertion = judged.assertion
    said = Said(trusted.name, " ".join(sorted(trusted.levels)), assertion.level_uri, assertion.digest)
    async with transaction(entrance.platform) as connection:
        await require_unseen(connection, judged, said, now)
    came, name, session = _words_for_leaving(entrance, trusted, slug, judged)
    async with transaction(entrance.platform) as connection:
        token = await sign_in_by(
            connection, assertion, begun.realm, said=said, attribute=trusted.content.matching_attribute,
            code=read_code(code), subjects=entrance.subjects, now=now, browser=read_browser(request),
            authority=trusted.authority_id, issuer_name=name, issuer_session=session,
        )  # fmt: skip
    return await let_in(entrance, request, begun.realm, token, came_by=came)


def _words_for_leaving(
    entrance: Entrance, trusted: Trusted, slug: str | None, judged: Judged
) -> tuple[CameBy, bytes | None, bytes | None]:
    """Return what the browser keeps for signing out, and what we do: nothing where the issuer signs nobody out."""
    at = judged.at_issuer
    if at is None or not isinstance(trusted.content, SamlIssuer) or not trusted.content.single_logout:
        return CameBy(trusted.name), None, None
    issuer, subjects = trusted.content.issuer, entrance.subjects
    entity = entrance.saml.entity(trusted, slug).identifier
    name = subjects.of_session(issuer, entity, at.name)
    session = subjects.of_session(issuer, entity, at.name, at.session) if at.session else None
    return CameBy(trusted.name, seal_at_issuer(subjects, trusted.name, at)), name, session


async def read_sent(request: Request) -> Mapping[str, str]:
    """Return what the issuer's page sent; what it says twice it has not said."""
    try:
        fields = await read_fields(request)
    except FormError:
        raise SignInRefusedError(Reason.ANSWER) from None
    found = dict(fields)
    if len(found) != len(fields):
        raise SignInRefusedError(Reason.STATE)
    return found


def place_in(request: Request) -> str:
    """Return which of us an address is of."""
    slug = request.path_params.get("slug")
    return place_of(None if slug is None else str(slug))
