# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An installation with administrators, in which issuers are proposed, approved and sealed as the commands do it."""

import asyncio
import json
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from joserfc.jwk import ECKey
from psycopg.rows import dict_row

from tests.behind import stand_behind
from tests.clusters import start_cluster
from tests.platform import make_account, platform_as
from vaka.access.grants import grant_role
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.sealing import seal_logs
from vaka.database.connections import Connection
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.identity.accounts import create_account
from vaka.identity.installation import decide_installation
from vaka.identity.trust import TrustRow, approve, list_rows, propose, withdraw
from vaka.identity.trust_content import read_content
from vaka.settings import Settings

LOA3 = "http://id.elegnamnden.se/loa/1.0/loa3"
LOA4 = "http://id.elegnamnden.se/loa/1.0/loa4"
SEALED_SECONDS = 45.0
"""After so long it is sealed anew before something privileged is done; a ledger stands for two minutes."""
_ENTRIES = """
    select id, event, actor, object, outcome, detail from ledger.inbox where id > %(after)s
    union all
    select id, leaf->>'event', leaf->>'actor', leaf->>'object', leaf->>'outcome', leaf->'detail'
    from (select id, convert_from(leaf, 'UTF8')::jsonb as leaf from ledger.log_entry where id > %(after)s) sealed
    order by id"""
_NEWEST = """
    select greatest((select coalesce(max(id), 0) from ledger.inbox),
                    (select coalesce(max(id), 0) from ledger.log_entry)) as newest"""
_numbers = count(1)


@cache
def key(name: str = "idp") -> ECKey:
    """A key of the tests' own issuers, made when it is first asked for."""
    return ECKey.generate_key("P-256", parameters={"kid": name, "use": "sig"}, private=True)


def content(issuer: str = "http://127.0.0.1:1", **changes: Any) -> dict[str, Any]:
    """What is said of an issuer that can be believed."""
    said: dict[str, Any] = {
        "protocol": "oidc",
        "issuer": issuer,
        "title_sv": "Provlegitimation",
        "title_en": "Test identity",
        "realms": ["operator"],
        "levels": {LOA3: {"level": 3, "evidence": "Listed at Digg, looked at for this test",
                          "expires": (SystemClock().now() + timedelta(days=200)).date().isoformat()}},
        "matching_attribute": "employee_number",
        "organisation_attribute": "organisation",
        "organisations": ["SE-prov-1"],
        "client_id": "vaka-prov",
        "authorization_endpoint": f"{issuer}/auth",
        "token_endpoint": f"{issuer}/token",
        "algorithms": ["ES256"],
        "keys": [key().as_dict(private=False)],
    }  # fmt: skip
    said.update(changes)
    return {name: value for name, value in said.items() if value is not None}


@dataclass
class IdentityHouse:
    """One installation: a cluster of its own, as its log is sealed and others' are not."""

    data: DataDirectory
    settings: Settings
    administrators: tuple[UUID, UUID]
    onlooker: psycopg.Connection[dict[str, Any]]
    """Sees everything, and changes nothing."""
    sealed_at: float = -SEALED_SECONDS
    """On the monotonic clock."""

    @property
    def server(self) -> Server:
        """How the database server is reached."""
        return self.data.cluster.server

    @asynccontextmanager
    async def as_(self, component: str) -> AsyncIterator[Connection]:
        """The platform's database as one component."""
        async with platform_as(self.server, component) as connection:
            yield connection

    @contextmanager
    def superuser(self, *, unguarded: bool = False) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """As who can do anything; `unguarded` with the triggers off."""
        conninfo = self.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
        with closing(psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)) as connection:
            connection.execute("set search_path = vaka")
            if unguarded:
                connection.execute("set session_replication_role = replica")
            yield connection

    async def seal(self) -> None:
        """Seal the platform's log, as the commands do where no sequencer runs."""
        assert await seal_logs(self.data, self.settings, self.server, [], SystemClock()) == []
        self.sealed_at = SystemClock().monotonic()

    async def stand(self) -> None:
        """Seal it where it was not sealed lately: privileged acts need a ledger that stands."""
        if SystemClock().monotonic() - self.sealed_at > SEALED_SECONDS:
            await self.seal()

    def entries(self, after: int = 0) -> list[dict[str, Any]]:
        """What the ledger holds, waiting or sealed, after the entry with this number."""
        rows = self.onlooker.execute(_ENTRIES, {"after": after}).fetchall()
        return [row for row in rows if row["event"] not in ("ledger.heartbeat", "key.created")]

    def newest(self) -> int:
        """The number of the newest entry."""
        row = self.onlooker.execute(_NEWEST).fetchone()
        assert row is not None
        return int(row["newest"])

    async def person(self, display_name: str = "Olga Operatör", *, kind: str = "user") -> UUID:
        """A fresh account."""
        await self.stand()
        return await make_account(self.data.cluster.server, display_name, kind=kind, now=SystemClock().now())

    async def make_administrators(self) -> None:
        """Give the two their role, as setup founds them."""
        await self.stand()
        async with self.as_("setup") as setup:
            for account in self.administrators:
                await grant_role(setup, account, "administrator", None, actor="setup", now=SystemClock().now())

    async def stand_behind(self, account: UUID) -> None:
        """Let this administrator stand behind the commands that come, as `vaka login` and the office do it."""
        await self.make_administrators()
        await stand_behind(self.data.cluster.server, self.data.root, account)

    async def authority(self, slug: str) -> UUID:
        """An authority that is in the directory and has no database yet."""
        identifier = uuid4()
        with self.superuser(unguarded=True) as hand:
            hand.execute(
                "insert into authority (id, slug, name, kind, database_name, address, created_at)"
                " values (%s, %s, %s, 'authority', %s, decode(repeat('09', 32), 'hex'), now())",
                (identifier, slug, f"{slug} kommun", f"vaka_{slug}"),
            )
        return identifier

    async def propose(
        self, said: dict[str, Any], name: str = "", *, demo: bool = True, authority: UUID | None = None
    ) -> TrustRow:
        """The first administrator proposes."""
        await self.stand()
        async with self.as_("setup") as setup:
            return await propose(
                setup, authority, name or f"prov-{next(_numbers)}", read_content(json.dumps(said)),
                by=self.administrators[0], demo=demo, now=SystemClock().now(),
            )  # fmt: skip

    async def approve(self, row: TrustRow, by: UUID | None = None, *, sealed: bool = True) -> TrustRow:
        """The second administrator approves, and the log is sealed."""
        await self.stand()
        async with self.as_("setup") as setup:
            await approve(setup, row.id, row.digest, by=by or self.administrators[1], now=SystemClock().now())
        if sealed:
            await self.seal()
        return row

    async def trust(self, said: dict[str, Any], name: str = "", *, authority: UUID | None = None) -> TrustRow:
        """Propose and approve."""
        return await self.approve(await self.propose(said, name, authority=authority))

    async def withdraw(self, row: TrustRow) -> None:
        """One administrator withdraws."""
        await self.stand()
        async with self.as_("setup") as setup:
            await withdraw(setup, row.id, by=self.administrators[0], now=SystemClock().now())

    async def believe_nobody(self) -> None:
        """Withdraw whatever other tests had believed."""
        async with self.as_("setup") as setup:
            rows = await list_rows(setup)
        for row in rows:
            if row.withdrawn_at is None:
                await self.withdraw(row)


@contextmanager
def open_house() -> Iterator[IdentityHouse]:
    """Make an installation, keep it running, and remove it."""
    path = Path(tempfile.mkdtemp(prefix="vaka-identity-"))
    path.chmod(0o755)
    ports = {"signin": free_port(), "desk": free_port()}
    lines = (f'[{name}]\nport = {port}\norigin = "http://localhost:{port}"' for name, port in ports.items())
    (path / "vaka.toml").write_text("\n".join(['mode = "demo"', *lines, ""]))
    data = DataDirectory(path)
    data.prepare()
    try:
        with data.locked():
            start_cluster(path)
            try:
                conninfo = data.cluster.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
                with closing(psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)) as onlooker:
                    yield asyncio.run(_furnish(data, onlooker))
            finally:
                data.cluster.stop(immediately=True)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def _furnish(data: DataDirectory, onlooker: psycopg.Connection[dict[str, Any]]) -> IdentityHouse:
    made = []
    async with platform_as(data.cluster.server, "setup") as setup:
        now = SystemClock().now()
        await decide_installation(setup, "demo", now)
        for name in ("Adam Administratör", "Ada Administratör"):
            account = await create_account(setup, name, kind="administrator", actor="setup", now=now)
            made.append(account.id)
    return IdentityHouse(data, data.load_settings(), (made[0], made[1]), onlooker)
