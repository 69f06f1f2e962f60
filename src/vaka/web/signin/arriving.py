# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Back from an issuer: let in or told why not, whatever protocol it was; and the cookies of what has begun."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from vaka.errors import Sentence
from vaka.identity.reasons import Reason
from vaka.identity.sessions import Realm
from vaka.web.asker import find_principal, give_token
from vaka.web.preferences import read_preferences, remember
from vaka.web.signin.entrance import Entrance, first_page
from vaka.web.signin.issuer_cookies import CameBy, forget_issuer, keep_issuer

PENDING_COOKIE = "__Host-vaka-pending"
SAML_COOKIE = "__Host-vaka-pending-saml"
"""Comes along with what another site's page sends, as assertions are; so it is for nothing else, and for minutes."""
FALLBACK_COOKIE = "__Host-vaka-fallback"
EMERGENCY_COOKIE = "__Host-vaka-emergency"
LEAVING_COOKIE = "__Host-vaka-leaving"
"""What a browser holds that signs out at an issuer: an answer says of it what it began itself."""
LEAVING_SAML_COOKIE = "__Host-vaka-leaving-saml"
"""So too, where the answer comes from the issuer's page."""
_FROM_ELSEWHERE = (SAML_COOKIE, LEAVING_SAML_COOKIE)
INVITATION_COOKIE = "__Host-vaka-invitation"
STATUS = {Reason.INVITATION: HTTPStatus.GONE, Reason.TOKEN_UNREACHABLE: HTTPStatus.BAD_GATEWAY}
"""What differs from FORBIDDEN."""


async def let_in(
    entrance: Entrance, request: Request, realm: Realm, token: str, *, came_by: CameBy | None = None
) -> Response:
    """Answer with a session of its own: whatever the browser had before is not taken over.

    The browser keeps by which issuer it came, so that it can sign out there too once the session is no more.
    """
    principal = await find_principal(entrance.platform, token, entrance.clock, realm=realm)
    response: Response
    if realm == "administrator" and principal is not None:
        # Their cookie comes with nothing that began elsewhere, and this did; so they go on from a page of ours.
        page = entrance.pages.render(
            "signed_in.html", read_preferences(request), session=principal.session,
            onward=first_page(entrance, realm, principal),
        )  # fmt: skip
        response = HTMLResponse(page)
    else:
        response = RedirectResponse(first_page(entrance, realm, principal), HTTPStatus.SEE_OTHER)
    give_token(response, token, realm=realm)
    if came_by is None:
        forget_issuer(response, realm)
    else:
        keep_issuer(response, realm, came_by)
    for name in (
        PENDING_COOKIE, SAML_COOKIE, FALLBACK_COOKIE, EMERGENCY_COOKIE, INVITATION_COOKIE, LEAVING_COOKIE,
        LEAVING_SAML_COOKIE,
    ):  # fmt: skip
        _forget(response, name)
    if principal is not None:
        remember(response, language=principal.session.language, theme=None)
    return response


def refuse(entrance: Entrance, request: Request, reason: Reason) -> Response:
    """Answer with what can be done about it, and the code that stands in the log."""
    response = show_refusal(entrance, request, reason.code, reason.sentence, STATUS.get(reason, HTTPStatus.FORBIDDEN))
    if reason is not Reason.STATE:  # or whoever lures a browser here would end what it has begun
        _forget(response, PENDING_COOKIE)
        _forget(response, SAML_COOKIE)
    if reason is Reason.INVITATION:
        _forget(response, INVITATION_COOKIE)
    return response


def show_refusal(
    entrance: Entrance, request: Request, code: str, sentence: Sentence, status: HTTPStatus = HTTPStatus.FORBIDDEN
) -> Response:  # fmt: skip
    """Answer with the page that says so."""
    preferences = read_preferences(request)
    text = sentence.in_language(preferences.language)
    return HTMLResponse(entrance.pages.render("signin_refused.html", preferences, text=text, code=code), status)


def host_of(request: Request) -> str:
    """Return the address that a request came from."""
    return request.client.host if request.client else ""


def _forget(response: Response, name: str) -> None:
    response.delete_cookie(
        name, path="/", secure=True, httponly=True, samesite="none" if name in _FROM_ELSEWHERE else "lax"
    )  # fmt: skip
