# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A furnished installation whose logs are sealed, and a portal that each file's tests find open."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from psycopg.rows import dict_row

from tests.web.browsers import Browser
from tests.web.furniture import Connection, Installation, open_installation
from vaka.clock import SystemClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, platform_role, tenant_role
from vaka.identity.sessions import Realm, open_session
from vaka.ledger.entries import Entry, append_many
from vaka.ledger.sealing import Sealing
from vaka.ledger.signer import KeyFiles, open_signer
from vaka.settings import AccessSettings, Settings
from vaka.settings_operations import TrialSettings
from vaka.web.asker import COOKIES
from vaka.web.portal.application import build_portal
from vaka.web.portal.opening import open_portal
from vaka.web.portal.portal import Portal
from vaka.web.registry.application import build_registry
from vaka.web.registry.opening import open_registry
from vaka.web.registry.registry import Registry

SETTINGS = Settings(
    mode="demo", access=AccessSettings(step_up="when_enrolled"), trial=TrialSettings(machines=["larm-1"])
)  # fmt: skip
SEALED_EVERY_SECONDS = 45
"""A log stands for two minutes."""
ENTRIES = """
    select id, event, actor, object, outcome, detail, written_by from ledger.inbox where id > %(after)s
    union all
    select (leaf->>'id')::bigint, leaf->>'event', leaf->>'actor', leaf->>'object', leaf->>'outcome', leaf->'detail',
           leaf->>'written_by'
    from (select convert_from(leaf, 'UTF8')::jsonb as leaf from ledger.log_entry) sealed
    where (leaf->>'id')::bigint > %(after)s
    order by id"""


@dataclass(frozen=True, slots=True)
class Logs:
    """The installation's logs: written to, sealed, and looked into."""

    installation: Installation

    async def write(self, *entries: Entry, slug: str = "ekbacka") -> None:
        """Write entries as the desk does."""
        database = self.installation.authorities[slug].database_name
        desk = await self.installation.component(tenant_role(database, "desk"), database)
        async with desk.transaction():
            await append_many(desk, entries)

    async def seal(self, slug: str = "ekbacka") -> None:
        """Seal what waits."""
        database = self.installation.authorities[slug].database_name
        await self._seal(tenant_role(database, "sequencer"), database, SETTINGS.ledger.log_name(slug))

    async def seal_platform(self) -> None:
        """Seal what waits in the supplier's own log."""
        await self._seal(platform_role("sequencer"), PLATFORM_DATABASE, SETTINGS.ledger.log_name())

    async def _seal(self, role: str, database: str, name: str) -> None:
        connection = await self.installation.component(role, database)
        is_new = not (await (await connection.execute("select from ledger.checkpoint")).fetchall())
        signer = open_signer(files_of(self.installation, database), name, is_new=is_new)
        await Sealing(signer, SystemClock()).make_round(connection)

    def mark(self, place: str) -> int:
        """Return the number of the newest entry of an authority's log, or of the platform's (``platform``)."""
        [row] = self.ask(place, "select last_value as last from ledger.inbox_id_seq", {})
        return int(row["last"])

    def since(self, mark: int, place: str) -> list[dict[str, Any]]:
        """Return what was written after a mark, sealed or not; the log's own sign of life is left out."""
        found = self.ask(place, ENTRIES, {"after": mark})
        return [row for row in found if row["event"] != "ledger.heartbeat"]

    def execute(self, slug: str, statement: str, *, unguarded: bool = False) -> None:
        """Do something as the superuser; ``unguarded`` with the triggers off."""
        superuser = self._superuser(slug)
        if unguarded:
            superuser.execute("set session_replication_role = replica")
        try:
            superuser.execute(statement.encode())
        finally:
            superuser.execute("reset role; reset all")

    def ask(self, place: str, statement: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        with self._superuser(place).cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement.encode(), values).fetchall()

    def _superuser(self, place: str) -> Connection:
        known = self.installation.authorities
        database = PLATFORM_DATABASE if place == "platform" else known[place].database_name
        return self.installation.connection(SUPERUSER, database)


def files_of(installation: Installation, database: str) -> KeyFiles:
    """Where an installation keeps a log's key: commands that seal what they wrote find it there too."""
    (records := installation.root / "ledger").mkdir(exist_ok=True)
    return KeyFiles.of(installation.server.credentials, records, database)


@pytest.fixture(scope="session")
def furnished() -> Iterator[Installation]:
    """An installation of its own: sealing empties the inbox that other tests look into."""
    with open_installation() as installation:
        asyncio.run(Logs(installation).seal())
        asyncio.run(Logs(installation).seal("norrvik"))
        yield installation


@pytest.fixture(scope="session")
def sealed() -> dict[Path, float]:
    """When the logs of each installation were last sealed: a file may have one of its own."""
    return {}


@pytest.fixture(autouse=True)
def standing(request: pytest.FixtureRequest, sealed: dict[Path, float]) -> None:
    """What was sealed once is sealed now and then, as by a sequencer: what is privileged waits for it."""
    if "installation" not in request.fixturenames:
        return
    furnished: Installation = request.getfixturevalue("furnished")
    if monotonic() - sealed.get(furnished.root, 0) < SEALED_EVERY_SECONDS:
        return
    logs = Logs(furnished)
    for place in ("ekbacka", "norrvik"):
        asyncio.run(logs.seal(place))
    if logs.ask("platform", "select from ledger.checkpoint limit 1"):
        asyncio.run(logs.seal_platform())
    sealed[furnished.root] = monotonic()


@pytest.fixture
def logs(installation: Installation) -> Logs:
    return Logs(installation)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all of a file's tests, as what is open belongs to it."""
    return "asyncio"


@pytest.fixture(scope="module")
async def open_for_all(furnished: Installation) -> AsyncIterator[Portal]:
    """A portal at work: to open one takes longer than most tests do."""
    async with open_portal(furnished.server, SETTINGS, SystemClock()) as portal:
        yield portal


@pytest.fixture
async def open_for_each(furnished: Installation) -> AsyncIterator[Portal]:
    """A portal that is opened and closed with the test."""
    async with open_portal(furnished.server, SETTINGS, SystemClock()) as portal:
        yield portal


@pytest.fixture
def portal(installation: Installation, open_for_all: Portal) -> Portal:
    return open_for_all


@pytest.fixture(scope="module")
async def registry_for_all(furnished: Installation) -> AsyncIterator[Registry]:
    """A registry at work."""
    async with open_registry(furnished.server, SETTINGS, SystemClock()) as registry:
        yield registry


@pytest.fixture
def registry(installation: Installation, registry_for_all: Registry) -> Registry:
    return registry_for_all


@pytest.fixture
def door(registry: Registry) -> Browser:
    """Where programs reach the registry."""
    return Browser(build_registry(registry, SETTINGS), SETTINGS.registry.origin)


async def enter(
    portal: Portal, installation: Installation, persona: str, realms: Sequence[Realm] = ("authority",)
) -> Browser:
    """Return a browser in which a persona is signed in, over real sessions."""
    cookies, account = {}, installation.accounts[persona]
    connection = await installation.signing_in()
    for realm in realms:
        cookies[COOKIES[realm]] = await open_session(connection, account, realm, "test", datetime.now(UTC))
    return Browser(build_portal(portal, SETTINGS), SETTINGS.portal.origin, cookies, str(account))


@pytest.fixture
async def lovisa(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's log reviewer."""
    return await enter(portal, installation, "lovisa")


@pytest.fixture
async def rut(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's auditor."""
    return await enter(portal, installation, "rut")


@pytest.fixture
async def niklas(portal: Portal, installation: Installation) -> Browser:
    """Norrvik's log reviewer."""
    return await enter(portal, installation, "niklas")


@pytest.fixture
def nobody(portal: Portal) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(build_portal(portal, SETTINGS), SETTINGS.portal.origin)


def account_of(installation: Installation, persona: str) -> str:
    """How the log names a persona."""
    return f"account:{installation.accounts[persona]}"


def person_of(installation: Installation, name: str) -> UUID:
    """The identifier of somebody in care."""
    return installation.people[name][1].id
