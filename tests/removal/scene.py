# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority with people, alarms that are years old, rules that two of its people decided, and a scheduler."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from tests.access.test_decide import principal
from tests.alarms.house import Sender
from tests.identities import blinded
from tests.ledger.aged import AgedLog
from tests.ledger.sealed import LogHouse
from tests.letters import as_letters
from tests.platform import platform_as
from vaka.access.principal import Principal
from vaka.clock import SystemClock
from vaka.database.server import tenant_role
from vaka.identity.confirming import Confirmation
from vaka.keys.keyring import Keyring
from vaka.removal.deciding import REMOVAL
from vaka.removal.preview import note_seen
from vaka.removal.removing import Night, Removing
from vaka.removal.rules import Rule, RuleSet, list_rules, read_in_force
from vaka.tenants.gateway import Gateway

YEAR = 365
LETTER = "decode(repeat('02', 129), 'hex')"
"""What the database takes for one; nobody opens it."""
Rows = list[tuple[Any, ...]]


def confirmed(authority: UUID, proposal: UUID, digest: str, *, touched: bool = True) -> Confirmation:
    """That somebody touched his key for this approval."""
    return Confirmation(REMOVAL.approval(authority, proposal, digest).digest, touched)


@dataclass
class Scene:
    """Everything a test needs of one authority. Time in the log is `aged`'s; alarms are as old as they are made."""

    house: LogHouse
    aged: AgedLog
    gateway: Gateway
    keyring: Keyring
    agneta: Principal
    arvid: Principal

    @classmethod
    def opened(cls, house: LogHouse, keyring: Keyring, days_ago: int = 40) -> "Scene":
        here = house.authority.id
        gateway = Gateway(house.server, "scheduler", [house.authority], pool_size=2)
        return cls(
            house, AgedLog.begun(house, days_ago), gateway, keyring,
            principal(("contract_officer", here), realm="authority"), principal(("archivist", here), realm="authority"),
        )  # fmt: skip

    @property
    def now(self) -> datetime:
        return self.aged.clock.now()

    def ask(self, statement: str, values: Sequence[Any] | None = None, *, unguarded: bool = False) -> Rows:
        """Ask or change something as the superuser."""
        with self.house.superuser(unguarded=unguarded) as superuser:
            superuser.execute("set search_path = vaka")
            cursor = superuser.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    # --- what there is --------------------------------------------------------------------------------------------

    def alarm(
        self, person: UUID | None = None, *, days: float = 6 * YEAR, state: str = "closed", times: int = 1, **more: Any
    ) -> UUID:
        """An alarm with a step and so many messages, received and (where closed) ended so many days ago."""
        at = SystemClock().now() - timedelta(days=days)
        sender = Sender(person=person)
        batches = [as_letters(self.house.authority, sender.message(at, **more)) for _ in range(times)]
        alarm: UUID | None = None
        with closing(self.login("receiver")) as receiver:
            for number, message in enumerate(batches):
                [(_, _, alarm)] = receiver.execute(
                    "select place, outcome, alarm_id from vaka.accept_messages(%s, 'west-1')",
                    (Jsonb([message | {"digest": f"{number}"}]),),
                ).fetchall()
            receiver.commit()
        assert alarm is not None
        self.ask("insert into alarm_step (alarm_id, at, step, actor) values (%s, %s, 'closed', 'account:x')",
                 (alarm, at))  # fmt: skip
        if state == "closed":
            self.ask("update alarm set state = 'closed', closed_at = %s, closed_by = 'account:x', escalate_at = null,"
                     " closing_reason = 'needs_help' where id = %s", (at, alarm))  # fmt: skip
        return alarm

    def merge(self, part: UUID, into: UUID) -> None:
        self.ask("update alarm set state = 'merged', merged_into = %s where id = %s", (into, part))
        self.ask("update alarm set parts = parts + 1 where id = %s", (into,))

    def note_on(self, alarm: UUID, *, days: float) -> None:
        """A note somebody wrote on it so many days ago."""
        at = SystemClock().now() - timedelta(days=days)
        self.ask("insert into alarm_note (id, alarm_id, written_at, written_by, subject_id, body)"
                 f" values (%s, %s, %s, %s, %s, {LETTER})", (uuid4(), alarm, at, uuid4(), uuid4()))  # fmt: skip

    def message(self, *, days: float, device: UUID | None = None, subject: UUID | None = None) -> UUID:
        """A message that belongs to no alarm."""
        at, made = SystemClock().now() - timedelta(days=days), uuid4()
        self.ask("insert into message (id, device_id, sender, ref, class, kind, effect, received_at, receiver,"
                 " transport, subject_id) values (%s, %s, %s, '1', 'signal', 'x', 'none', %s, 'w', 'udp', %s)",
                 (made, device, blinded("1"), at, subject or uuid4()))  # fmt: skip
        return made

    def left(self, table: str = "alarm") -> set[UUID]:
        return {row[0] for row in self.ask(f"select id from {table}")}

    # --- who decides ----------------------------------------------------------------------------------------------

    async def propose(self, rules: Mapping[str, Rule], who: Principal | None = None) -> RuleSet:
        async with self.house.as_("portal") as portal:
            made = await REMOVAL.propose(
                portal, who or self.agneta, self.house.authority.id, rules, reason="KS 2026/14", now=self.now
            )
            return next(one for one in await list_rules(portal) if one.id == made)

    async def approve(self, proposal: RuleSet, who: Principal | None = None) -> int:
        """See the preview, and approve."""
        whoever = who or self.arvid
        async with self.house.as_("portal") as portal:
            async with portal.transaction():
                await note_seen(portal, proposal, whoever.actor, self.now)
            here = self.house.authority.id
            async with platform_as(self.house.server, "portal") as platform:
                return await REMOVAL.approve(
                    portal, whoever, here, proposal.id, proposal.digest, platform=platform, now=self.now,
                    confirmation=confirmed(here, proposal.id, proposal.digest),
                )  # fmt: skip

    async def decide(self, rules: Mapping[str, Rule]) -> RuleSet:
        """Propose and approve, and seal it."""
        proposal = await self.propose(rules)
        await self.approve(proposal)
        await self.aged.seal()
        return proposal

    async def wait(self, days: float | None = None) -> None:
        """Let days pass in the log (None: until today), and seal."""
        left = ((SystemClock().now() - self.now).total_seconds() - 1) / 86_400
        self.aged.turn(days=left if days is None else days)
        await self.aged.seal()

    # --- what happens by night ------------------------------------------------------------------------------------

    async def night(self) -> Night:
        """Remove what the rules in force let go, as the scheduler does."""
        removing = Removing(self.gateway, self.keyring, SystemClock(), lambda: False)
        async with self.gateway.transaction(self.house.authority.id) as tenant:
            rules = await read_in_force(tenant, SystemClock().now())
        return await removing.work(self.house.authority.id, rules)

    def login(self, component: str) -> psycopg.Connection[tuple[Any, ...]]:
        database = self.house.authority.database_name
        return psycopg.connect(
            self.house.server.conninfo(tenant_role(database, component), database), options="-c search_path=vaka"
        )

    def entries(self, *events: str) -> list[dict[str, Any]]:
        """What the ledger says of these events, sealed or not, in order."""
        rows = self.ask(
            "select event, actor, object, detail, written_by from ("
            " select id, event, actor, object, detail, written_by from ledger.inbox union all"
            " select (l ->> 'id')::bigint, l ->> 'event', l ->> 'actor', l ->> 'object', l -> 'detail',"
            " l ->> 'written_by' from (select convert_from(leaf, 'UTF8')::jsonb as l from ledger.log_entry) s) e"
            " where event = any (%s) order by id", (list(events),)
        )  # fmt: skip
        return [dict(zip(("event", "actor", "object", "detail", "written_by"), row, strict=True)) for row in rows]
