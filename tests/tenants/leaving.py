# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority whose contract ends: its officers take everything out, order and approve, and the scheduler goes on."""

from collections.abc import Mapping
from contextlib import aclosing, closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg

from tests.confirming import begin_export, decide_ending, order_ending
from tests.platform import platform_as
from tests.tenants.office import DECISION, RELEASE, Office
from vaka.access.principal import Principal
from vaka.database.connections import Pool
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.keys.keyring import Keyring
from vaka.tenants.ending import EndingOrder, list_endings, read_certificate
from vaka.tenants.erasure import Certificate, Verdict
from vaka.tenants.exporting import write_export
from vaka.tenants.gateway import Gateway

REASON = "KS 2026/123, avtalets slut"
WAIT = 7
EVERYTHING = (
    "person", "contact", "note", "device", "device_state", "alarm", "alarm_note", "alarm_step", "message", "repeat_key"
)  # fmt: skip


@dataclass
class Leaving:
    """The office, and what its portal reads with."""

    office: Office
    gateway: Gateway
    platform: Pool
    keyring: Keyring

    async def begin(self) -> UUID:
        """Enter that an export begins; return it."""
        export, office = uuid4(), self.office
        async with office.house.as_("portal") as connection:
            now = office.clock.now()
            await begin_export(connection, office.first, office.authority, export, REASON, now=now)
        return export

    async def take_out(self, pieces: int | None = None) -> bytes:
        """The archive; only so many pieces of it where somebody hangs up."""
        office, got = self.office, list[bytes]()
        writing = write_export(
            self.gateway, self.platform, self.keyring,
            office.house.authority, await self.begin(), REASON, "vaka.example/log",
            office.clock,
        )  # fmt: skip
        async with aclosing(writing):
            async for piece in writing:
                got.append(piece)
                if len(got) == pieces:
                    break
        return b"".join(got)

    async def order(self, digest: str = "", no_export: str = "", who: Principal | None = None) -> UUID:
        office = self.office
        async with office.house.as_("portal") as portal:
            await order_ending(
                portal, who or office.first, office.authority, DECISION, digest=digest, no_export=no_export,
                now=office.clock.now(),
            )  # fmt: skip
        return next(one.id for one in await self.orders() if one.state == "ordered")

    async def decide(
        self, order: UUID, verdict: Verdict = "approved", who: Principal | None = None, name: str | None = None
    ) -> int:
        office = self.office
        async with office.house.as_("portal") as portal, platform_as(office.house.server, "portal") as platform:
            return await decide_ending(
                portal, who or office.second, office.house.authority, order, verdict, platform=platform, wait_days=WAIT,
                name=office.house.authority.name if name is None else name, now=office.clock.now(),
            )  # fmt: skip

    async def orders(self) -> list[EndingOrder]:
        async with self.office.house.as_("portal") as portal:
            return list(await list_endings(portal))

    async def state(self) -> tuple[str, str]:
        newest = (await self.orders())[0]
        return newest.state, newest.hindrance

    def was_written(self, days_ago: int) -> None:
        """Let what waits to be sealed have been written so long ago, by the database's clock."""
        with self.office.house.superuser(unguarded=True) as superuser:
            superuser.execute(
                "update ledger.inbox set written_at = written_at - make_interval(days => %s)"
                " where event = 'ending.decided'",
                (days_ago,),
            )

    async def approve(self, *, days_ago: int = WAIT + 1) -> UUID:
        """Take everything out, order, approve, and let days go by."""
        order = await self.order(sha256(await self.take_out()).hexdigest())
        await self.decide(order)
        self.was_written(days_ago)
        await self.office.seal()
        return order

    async def round(self) -> int:
        return await self.office.ending.carry_out(self.office.authority, self.office.clock.now())

    async def end(self) -> UUID:
        """All the way to the certificate."""
        order = await self.approve()
        await self.round()
        self.office.clock.turn(RELEASE + 1)
        await self.office.seal()
        await self.round()
        await self.certify()
        return order

    async def certify(self) -> None:
        """From what is erased on: the attempt in a backup begins, ends, and is entered; then it is certified."""
        await self.round()
        await self.office.attempts.settle()
        await self.round()
        await self.office.seal()
        await self.round()

    async def certificate(self, order: UUID) -> Certificate | None:
        """As the officers' page reads it."""
        async with self.office.house.as_("portal") as portal:
            return await read_certificate(portal, order)

    def counts(self) -> dict[str, int]:
        return {table: self.office.rows(f"select count(*) from vaka.{table}")[0][0] for table in EVERYTHING}

    def directory(self, query: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """Ask the platform's directory; ``authority`` is ours."""
        conninfo = self.office.house.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
        with closing(psycopg.connect(conninfo, autocommit=True)) as platform:
            cursor = platform.execute(query.encode(), {"authority": self.office.authority, **(values or {})})
            return cursor.fetchall() if cursor.description else []
