# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the pages of sign-in share: the open parts of the process, who is signed in already, and where one goes."""

from dataclasses import dataclass

from starlette.requests import Request

from vaka.access.decide import authorities_where
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.identity.attempts import FailedAttempts
from vaka.identity.break_glass import Emergency
from vaka.identity.fallback import Fallback
from vaka.identity.oidc import OidcClient
from vaka.identity.saml import SamlClient
from vaka.identity.sessions import Realm, end_session
from vaka.identity.subjects import SubjectKey
from vaka.settings import Settings
from vaka.web.asker import COOKIES, Asker, find_asker, find_principal, read_token
from vaka.web.assets import Assets
from vaka.web.pages import Pages


@dataclass(frozen=True, slots=True)
class Entrance:
    """The open parts of a sign-in process."""

    platform: Pool
    pages: Pages
    assets: Assets
    clock: Clock
    settings: Settings
    attempts: FailedAttempts
    client: OidcClient
    saml: SamlClient
    subjects: SubjectKey
    fallback: Fallback
    emergency: Emergency


async def find_asker_here(entrance: Entrance, request: Request) -> Asker | None:
    """Return who is signed in already, to whichever realm; nobody where the session is locked, for that hides who."""
    for realm in COOKIES:
        asker = await find_asker(entrance.platform, request, entrance.clock, realm=realm)
        if asker is not None and not asker.session.is_locked:
            return asker
    return None


async def end_sessions(entrance: Entrance, request: Request) -> list[Realm]:
    """End every session that this browser brought; return of which realms there was one."""
    ended: list[Realm] = []
    for realm in COOKIES:
        principal = await find_principal(
            entrance.platform, read_token(request, realm=realm), entrance.clock, realm=realm
        )
        if principal is not None:
            async with transaction(entrance.platform) as connection:
                await end_session(connection, principal.session, entrance.clock.now())
            ended.append(realm)
    return ended


def own_room(entrance: Entrance, asker: Asker | None) -> str:
    """Return where somebody who is signed in works."""
    settings, realm = entrance.settings, asker.session.realm if asker else "operator"
    rooms = {"authority": settings.portal, "administrator": settings.office}
    return f"{rooms.get(realm, settings.desk).origin}/"


def first_page(entrance: Entrance, realm: Realm, principal: Principal | None) -> str:
    """Return where somebody goes who has just signed in."""
    if realm == "administrator":
        return f"{entrance.settings.office.origin}/"
    if realm == "authority":
        return f"{entrance.settings.portal.origin}{_first_room(principal)}"
    if principal is not None and not authorities_where(principal, Permission.DESK_SEE_QUEUE):
        return f"{entrance.settings.desk.origin}/history"
    return f"{entrance.settings.desk.origin}/"


def _first_room(principal: Principal | None) -> str:
    """Return the portal's page where somebody has something to do."""
    for permission, path in _ROOMS:
        if principal is None or authorities_where(principal, permission):
            return path
    return "/"


_ROOMS = (
    (Permission.PORTAL_READ_LOG, "/"),
    (Permission.PORTAL_SEE_TERMS, "/tasks"),
    (Permission.PORTAL_SET_RETENTION, "/retention"),
    (Permission.PORTAL_SET_REMOVAL, "/removal"),
    (Permission.PORTAL_ERASE, "/erasure"),
    (Permission.PORTAL_SEE_ACCESS, "/access"),
)
