# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""By which issuer a browser came: kept in it alone, for the page that is shown once its session is no more."""

from collections.abc import Mapping
from typing import NamedTuple

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
_LONGEST = 3_000


class CameBy(NamedTuple):
    """What a browser keeps."""

    name: str
    """What the issuer is called here."""
    sealed: str = ""
    """What signing out at a SAML provider takes (`vaka.identity.saml_leaving`): unreadable there."""


def keep_issuer(response: Response, realm: Realm, came: CameBy) -> None:
    """Let the browser keep until it closes by which issuer it came to a realm."""
    response.set_cookie(_COOKIES[realm], ".".join(came), path="/", secure=True, httponly=True, samesite="lax")


def forget_issuer(response: Response, realm: Realm) -> None:
    """Let the browser forget it."""
    response.delete_cookie(_COOKIES[realm], path="/", secure=True, httponly=True, samesite="lax")


def read_issuer(request: Request, realm: Realm) -> CameBy | None:
    """Return by which issuer the browser came, if it brought the name of one."""
    said = request.cookies.get(_COOKIES[realm], "")
    name, _, sealed = said.partition(".")
    return CameBy(name, sealed) if len(said) <= _LONGEST and NAME.fullmatch(name) else None
