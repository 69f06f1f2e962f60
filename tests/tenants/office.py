# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority with two records officers, people in its register, and the rounds that erase."""

from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from tests.alarms.house import Sender
from tests.confirming import decide_erasure, order_erasure
from tests.ledger.aged import Cosigner
from tests.ledger.sealed import LogHouse
from tests.letters import as_letters
from tests.platform import platform_as
from vaka.access.principal import Principal
from vaka.clock import TurnedClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.keys.keyring import Keyring
from vaka.keys.letters import Addressee
from vaka.tenants.attempts import Attempts
from vaka.tenants.authorities import Authority
from vaka.tenants.doors import Doors
from vaka.tenants.ending_rounds import Ending
from vaka.tenants.erasing import Erasing
from vaka.tenants.erasure import (
    ErasureOrder,
    Verdict,
    list_orders,
    list_returned,
)
from vaka.tenants.people import Person

ROLE = "records_officer"
DECISION = "SN 2026/123"
RELEASE = 60


@dataclass
class Office:
    """An authority with three people in its register, its two records officers, and the scheduler's rounds."""

    house: LogHouse
    clock: TurnedClock
    keyring: Keyring
    doors: Doors
    erasing: Erasing
    attempts: Attempts
    ending: Ending
    people: list[Person]
    first: Principal
    second: Principal

    @property
    def authority(self) -> UUID:
        return self.house.authority.id

    async def order(self, person: Person, decision: str = DECISION, who: Principal | None = None) -> UUID:
        async with self.house.as_("portal") as portal:
            await order_erasure(
                portal, who or self.first, self.authority, person.id, decision, now=self.clock.now()
            )  # fmt: skip
        return next(one.id for one in await self.orders() if (one.person_id, one.state) == (person.id, "ordered"))

    async def decide(self, order: UUID, verdict: Verdict = "approved", who: Principal | None = None) -> int:
        async with self.house.as_("portal") as portal, platform_as(self.house.server, "portal") as platform:
            return await decide_erasure(
                portal, who or self.second, self.authority, order, verdict, platform=platform, now=self.clock.now()
            )

    async def orders(self) -> list[ErasureOrder]:
        async with self.house.as_("portal") as portal:
            return list(await list_orders(portal))

    async def returned(self) -> list[tuple[UUID, str]]:
        """Who is here again and cannot go, as the page shows it."""
        async with self.house.as_("portal") as portal:
            return [(one.subject_id, one.hindrance) for one in await list_returned(portal)]

    async def state(self) -> str:
        return (await self.orders())[0].state

    async def seal(self) -> None:
        async with self.house.as_("sequencer") as connection:
            await self.house.sealing(self.clock, Cosigner(self.clock)).make_round(connection)

    async def round(self) -> int:
        return await self.erasing.carry_out(self.authority, self.clock.now())

    async def erase(self, person: Person) -> UUID:
        """All the way to the certificate."""
        order = await self.order(person)
        await self.decide(order)
        await self.seal()
        await self.round()
        self.clock.turn(RELEASE + 1)
        await self.seal()
        await self.round()
        await self.certify()
        return order

    async def certify(self) -> None:
        """From what is erased on: the attempt in a backup begins, ends, and is entered; then it is certified."""
        await self.round()
        await self.attempts.settle()
        await self.round()
        await self.seal()
        await self.round()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.house.superuser() as onlooker:
            return onlooker.execute(query.encode(), values).fetchall()

    def alarm(self, person: Person, device: UUID, *, closed: bool = True) -> UUID:
        message = Sender(person.id, device, f"{device.int % 10**12}").message(self.clock.now())
        sent = as_letters(self.house.authority, message)
        database = self.house.authority.database_name
        with closing(psycopg.connect(self.house.server.conninfo(SUPERUSER, database), autocommit=True)) as connection:
            connection.execute("set search_path = vaka")
            [(alarm,)] = connection.execute(
                "select alarm_id from accept_messages(%s, 'west-1')", (Jsonb([sent]),)
            ).fetchall()
            if closed:
                connection.execute(
                    "update alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s",
                    (alarm,),
                )
        return UUID(str(alarm))

    async def says(self, person: Person, device: UUID, **more: Any) -> UUID:
        """Let a device say something that concerns no alarm, in letters to somebody; return the message."""
        keys = self.keyring.of(self.authority)
        await keys.hold([person.id])
        plain = Sender(person.id, device).message(self.clock.now(), "none", "signal", device_text="Knapp", **more)
        sent = as_letters(self.house.authority, plain, Addressee(person.id, keys.address(person.id)))
        with self.house.superuser() as connection:
            connection.execute("set search_path = vaka")
            connection.execute("select outcome from accept_messages(%s, 'west-1')", (Jsonb([sent]),))
        return UUID(str(plain["message_id"]))


def employ(server: Server, authority: Authority, officers: list[Principal]) -> None:
    """Give them accounts and the role, as setup does."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as connection:
        for one in officers:
            connection.execute(
                "insert into vaka.account (id, display_name, kind, created_at) values (%s, 'Gun', 'user', now())",
                (one.account_id,),
            )
            connection.execute(
                "insert into vaka.role_grant (account_id, role, authority_id, granted_at) values (%s, %s, %s, now())",
                (one.account_id, ROLE, authority.id),
            )


def device_of(person: Person) -> UUID:
    return UUID(int=person.id.int ^ 0xD)
