# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who asks: the session cookie becomes a principal, anew for each request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.grants import read_grants
from vaka.access.principal import Grant, Principal
from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.identity.sessions import Realm, Session, find_session
from vaka.web.preferences import Preferences, Theme, read_preferences

SESSION_COOKIE = "__Host-vaka-operator"
REALM: Realm = "operator"
COOKIES: Mapping[Realm, str] = {
    "operator": SESSION_COOKIE,
    "authority": "__Host-vaka-authority",
    "administrator": "__Host-vaka-administrator",
}
"""Each realm's session has a cookie of its own: one does not open another's doors."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody signed in, and how their browser wants its pages."""

    principal: Principal
    preferences: Preferences

    @property
    def session(self) -> Session:
        """The session that asks."""
        return self.principal.session


async def find_principal(platform: Pool, token: str, clock: Clock, *, realm: Realm = REALM) -> Principal | None:
    """Return who holds this session token now, with the grants that hold now; None for nobody.

    A session of another realm is nobody's here. Whether it is locked is for the caller to judge (``attending``). Raises
    DatabaseUnavailableError.
    """
    if not token:
        return None
    now = clock.now()
    async with transaction(platform) as connection:
        session = await find_session(connection, token, now)
        if session is None or session.realm != realm:
            return None
        grants = await read_grants(connection, session.account_id, now)
        return Principal(session, tuple(grant for grant in grants if reaches(session, grant)))


def reaches(session: Session, grant: Grant) -> bool:
    """Whether a session may use a grant: where an authority's own issuer asserted it, that authority's alone."""
    return session.authority_id is None or grant.authority_id == session.authority_id


async def find_asker(
    platform: Pool, request: Request, clock: Clock, *, realm: Realm = REALM, theme: Theme = "dark"
) -> Asker | None:
    """Return who makes this request, or None for somebody who is not signed in. ``theme`` is what pages begin with."""
    principal = await find_principal(platform, read_token(request, realm=realm), clock, realm=realm)
    if principal is None:
        return None
    return Asker(principal, read_preferences(request, principal.session.language, theme))


def read_token(request: Request, *, realm: Realm = REALM) -> str:
    """Return the session token the browser sent, or nothing."""
    return request.cookies.get(COOKIES[realm], "")


def give_token(response: Response, token: str, *, realm: Realm = REALM) -> None:
    """Let the browser keep the token: for this host alone, out of reach of scripts, until the browser closes."""
    response.set_cookie(COOKIES[realm], token, path="/", secure=True, httponly=True, samesite=_same_site(realm))


def take_token_back(response: Response, *, realm: Realm = REALM) -> None:
    """Let the browser forget the token and what it cached."""
    response.delete_cookie(COOKIES[realm], path="/", secure=True, httponly=True, samesite=_same_site(realm))
    response.headers["Clear-Site-Data"] = '"cache"'


def _same_site(realm: Realm) -> Literal["lax", "strict"]:
    """Say from where the cookie is sent: an administrator's with nothing that begins at another site."""
    return "strict" if realm == "administrator" else "lax"
