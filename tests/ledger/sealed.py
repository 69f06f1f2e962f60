# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A real log in a real database: written to as a desk, sealed as the sequencer, looked into as the superuser."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from vaka.clock import Clock
from vaka.database.connections import Connection, open_connection
from vaka.database.server import SUPERUSER, Server, tenant_role
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.export import export_log
from vaka.ledger.leaves import Leaf, parse_leaf
from vaka.ledger.note_keys import LogKey
from vaka.ledger.sealing import Sealing, Witness
from vaka.ledger.signer import CheckpointSigner, KeyFiles, open_signer
from vaka.tenants.authorities import Authority

ORIGIN = "vaka.example/authority/provkommun"


@dataclass(frozen=True)
class LogHouse:
    """One authority's log, its key and its memory."""

    server: Server
    authority: Authority
    records: Path

    @property
    def files(self) -> KeyFiles:
        return KeyFiles.of(self.records, self.records, self.authority.database_name)

    @property
    def key(self) -> LogKey:
        return LogKey.parse(self.files.public.read_text().removesuffix("\n"))

    @asynccontextmanager
    async def as_(self, component: str) -> AsyncIterator[Connection]:
        database = self.authority.database_name
        connection = await open_connection(
            self.server, tenant_role(database, component), database, application="vaka-test"
        )
        async with connection:
            yield connection

    @contextmanager
    def superuser(self, *, unguarded: bool = False) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """As who can do anything; `unguarded` with the triggers off."""
        conninfo = self.server.conninfo(SUPERUSER, self.authority.database_name)
        with closing(psycopg.connect(conninfo, autocommit=True)) as connection:
            if unguarded:
                connection.execute("set session_replication_role = replica")
            yield connection

    def signer(self, *, is_new: bool = True) -> CheckpointSigner:
        return open_signer(self.files, ORIGIN, is_new=is_new)

    def sealing(self, clock: Clock, *witnesses: Witness) -> Sealing:
        """What a sequencer that has just started has in hand."""
        return Sealing(self.signer(is_new=not self.checkpoints()), clock, witnesses)

    def checkpoints(self) -> list[tuple[int, bytes]]:
        with self.superuser() as onlooker:
            return onlooker.execute("select size, note from ledger.checkpoint order by size").fetchall()

    def size(self) -> int:
        with self.superuser() as onlooker:
            row = onlooker.execute("select size from ledger.head").fetchone()
        assert row is not None
        return int(row[0])

    def leaves(self) -> list[Leaf]:
        """The log, in its order."""
        with self.superuser() as onlooker:
            rows = onlooker.execute("select index, leaf from ledger.log_entry order by index").fetchall()
        assert [index for index, _ in rows] == list(range(len(rows)))
        return [parse_leaf(leaf) for _, leaf in rows]

    def waiting(self) -> int:
        """How many entries are in the inbox."""
        with self.superuser() as onlooker:
            row = onlooker.execute("select count(*) from ledger.inbox").fetchone()
        assert row is not None
        return int(row[0])

    async def write(self, clock: Clock, *objects: str) -> None:
        """Write an entry about each of `objects`, all in one transaction of a session of its own."""
        async with self.as_("desk") as desk, desk.transaction():
            for each in objects:
                await append(desk, Entry(Event.ALARM_READ, "account:1", clock.now(), each))

    async def export(self, directory: Path) -> Path:
        async with self.as_("sequencer") as connection:
            await export_log(connection, directory)
        return directory
