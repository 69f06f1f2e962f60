# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""By which issuer a browser came: kept in it alone, for the page that is shown once its session is no more."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from vaka.identity.sessions import Realm
from vaka.identity.trust_content import NAME

_COOKIES: Mapping[Realm, str] = {
    "operator": "__Host-vaka-operator-issuer",
    "authority": "__Host-vaka-authority-issuer",
    "administrator": "__Host-vaka-administrator-issuer",
}
"""One for each realm, as sessions are. It opens nothing: it names an issuer as the sign-in page does to everybody."""


def keep_issuer(response: Response, realm: Realm, name: str) -> None:
    """Let the browser keep until it closes by which issuer it came to a realm."""
    response.set_cookie(_COOKIES[realm], name, path="/", secure=True, httponly=True, samesite="lax")


def forget_issuer(response: Response, realm: Realm) -> None:
    """Let the browser forget it."""
    response.delete_cookie(_COOKIES[realm], path="/", secure=True, httponly=True, samesite="lax")


def read_issuer(request: Request, realm: Realm) -> str | None:
    """Return what the issuer is called here, if the browser brought the name of one."""
    said = request.cookies.get(_COOKIES[realm], "")
    return said if NAME.fullmatch(said) else None
