# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every web application there is, each opened over a real installation. The walks go through all of them."""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from starlette.types import ASGIApp

import vaka.web
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.test_routes import DESK_TABLE, OFFICE_TABLE, PORTAL_TABLE, SIGNIN_TABLE
from vaka.clock import Clock, SystemClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.attempts import FailedAttempts
from vaka.identity.oidc import OidcClient
from vaka.identity.saml import SamlClient
from vaka.identity.sessions import Realm
from vaka.identity.subjects import SubjectKey
from vaka.web.assets import load_assets
from vaka.web.denials import Denial, Teller
from vaka.web.desk.application import build_desk
from vaka.web.desk.opening import open_desk
from vaka.web.office.application import build_office
from vaka.web.office.opening import open_office
from vaka.web.pages import Pages
from vaka.web.portal.application import build_portal
from vaka.web.portal.opening import open_portal
from vaka.web.routes import PUBLIC, Needs
from vaka.web.signin.application import build_signin
from vaka.web.signin.entrance import Entrance
from vaka.web.signin.opening import open_emergency, open_fallback

Row = tuple[str, str, Needs]


@dataclass(frozen=True, slots=True)
class Opened:
    """An application that answers, and what it told of whom it refused."""

    app: ASGIApp
    denials: list[Denial]


@dataclass(frozen=True, slots=True)
class Application:
    """One web application, as the walks know it."""

    name: str
    table: Sequence[Row]
    """Its addresses, as tests/web/test_routes.py says them a second time."""
    realm: Realm
    """Whose sessions open its doors."""
    known: frozenset[Realm]
    """Realms whose sessions it recognises: their attempts are refused and written down, others' are nobody's."""
    origin: str
    uses_slugs: bool
    """Whether its addresses name an authority by its short name; otherwise by its identifier."""
    open: Callable[[Installation, Clock], AbstractAsyncContextManager[Opened]]

    @property
    def guarded(self) -> list[tuple[str, str]]:
        """Its addresses that are not for everybody."""
        return [(method, path) for method, path, needs in self.table if needs is not PUBLIC]


@asynccontextmanager
async def _desk(installation: Installation, clock: Clock) -> AsyncIterator[Opened]:
    async with open_desk(installation.server, SETTINGS, clock) as desk:
        yield Opened(build_desk(desk, SETTINGS), overhear(desk.denials))


@asynccontextmanager
async def _portal(installation: Installation, clock: Clock) -> AsyncIterator[Opened]:
    async with open_portal(installation.server, SETTINGS, clock) as portal:
        yield Opened(build_portal(portal, SETTINGS), overhear(portal.denials))


@asynccontextmanager
async def _office(installation: Installation, clock: Clock) -> AsyncIterator[Opened]:
    async with open_office(installation.server, SETTINGS, clock) as office:
        yield Opened(build_office(office, SETTINGS), overhear(office.denials))


@asynccontextmanager
async def _signin(installation: Installation, clock: Clock) -> AsyncIterator[Opened]:
    pool = make_pool(installation.server, platform_role("signin"), PLATFORM_DATABASE, application="test")
    await pool.open()
    assets = load_assets()
    client, subjects = OidcClient(installation.root, demo=True), SubjectKey(bytes(32))
    saml = SamlClient(SETTINGS.signin.origin, installation.root, demo=True)
    entrance = Entrance(
        pool,
        Pages(assets, clock),
        assets,
        clock,
        SETTINGS,
        FailedAttempts(pool, clock),
        client,
        saml,
        subjects,
        open_fallback(installation.server, SETTINGS, clock),
        open_emergency(installation.server, SETTINGS, clock),
    )
    try:
        yield Opened(build_signin(entrance), [])
    finally:
        await pool.close()


@dataclass(frozen=True, slots=True)
class Doors:
    """The applications of an installation, each opened when somebody first comes to it, and left open."""

    installation: Installation
    _stack: AsyncExitStack
    _opened: dict[str, Opened] = field(default_factory=dict)

    async def open(self, application: Application) -> Opened:
        """Return an open application, which has told of nobody yet."""
        name = application.name
        if name not in self._opened:
            way = application.open(self.installation, SystemClock())
            self._opened[name] = await self._stack.enter_async_context(way)
        self._opened[name].denials.clear()
        return self._opened[name]


def overhear(teller: Teller) -> list[Denial]:
    """Return a list of what a process tells of denials from now on; it is told all the same."""
    told: list[Denial] = []
    tell = teller.tell

    async def tell_and_keep(denial: Denial) -> None:
        told.append(denial)
        await tell(denial)

    teller.tell = tell_and_keep  # type: ignore[method-assign]
    return told


APPLICATIONS = (
    Application("desk", DESK_TABLE, "operator", frozenset({"operator"}), SETTINGS.desk.origin, False, _desk),
    Application(
        "portal", PORTAL_TABLE, "authority", frozenset({"authority", "operator"}), SETTINGS.portal.origin, True, _portal
    ),
    Application(
        "office",
        OFFICE_TABLE,
        "administrator",
        frozenset({"administrator", "authority", "operator"}),
        SETTINGS.office.origin,
        False,
        _office,
    ),
    Application("signin", SIGNIN_TABLE, "operator", frozenset(), SETTINGS.signin.origin, False, _signin),
)


def find_applications() -> set[str]:
    """Return every package of ``vaka.web`` that has a table of addresses."""
    found = set()
    for module in pkgutil.walk_packages(vaka.web.__path__, "vaka.web."):
        if module.name.endswith(".application") and hasattr(importlib.import_module(module.name), "ADDRESSES"):
            found.add(module.name.split(".")[-2])
    return found
