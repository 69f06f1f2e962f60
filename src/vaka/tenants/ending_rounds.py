# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Carrying out the end of a contract (terms 6 and 31), step by step, each of which may be done again.

1. When the waiting time is over, nobody is helped and nobody is held: the devices are let go. What they send from then
   on comes from unknown senders, which the reception answers and shows.
2. When every receiver knows that, everything about everybody is deleted, in batches. An alarm that came meanwhile is
   helped first.
3. The authority is closed in the directory, and the keyholder destroys all its keys, up to the root key above them.
4. It is tried to read what could be read before, and entered how that went.
5. The same is tried in the newest backup from before, restored for it, or entered that there is none to try. Then the
   certificate is signed, where nothing could be read.

The log, the orders and the officers' accounts stay: they read the log and fetch the certificate as before.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb

from vaka.database.connections import transaction
from vaka.ledger.standing import require_standing
from vaka.ledger.stored import QUERIES as LEDGER_QUERIES
from vaka.tenants.attempting import Question
from vaka.tenants.authorities import QUERIES
from vaka.tenants.doors import Doors, Waits
from vaka.tenants.ending import EndingOrder, list_endings
from vaka.tenants.erasing import are_by_two_officers, certify, count_read, was_nothing_read

AT_ONCE = 5000
"""Rows of one batch: a few tenths of a second."""
_SAMPLES = 20
"""People whose names are tried before and afterwards."""
_CARRIED_OUT = ("approved", "released", "removed", "erased")

Sample = Mapping[UUID, Mapping[str, Any]]


class Ending:
    """Makes the rounds over authorities whose contract ends."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._waits = Waits(doors.clock)
        self._samples: dict[UUID, Sample] = {}
        """By order: sealed names that could be read before, to be tried afterwards."""
        self._returned: set[UUID] = set()
        """Authorities that are here again and wait for their receivers: looked at as often as orders are."""
        self._returning = asyncio.Lock()

    async def carry_out(self, authority: UUID, now: datetime) -> int:
        """Bring the order that is under way one step further, where it can be; return how many steps were taken.

        Raises what the databases and the keyholder raise; then it is tried again at the next round.
        """
        async with self._doors.gateway.transaction(authority) as tenant:
            orders = [one for one in await list_endings(tenant) if one.state in _CARRIED_OUT]
        if not orders:
            return await self.remove_returned(authority, now) if authority in self._returned else 0
        rules = await asyncio.to_thread(self._doors.read_rules)
        order = orders[0]  # there is one at most
        if order.state == "erased":
            if self._waits.wants_attempt(order):
                return await self._try_backup(authority, order)
            if order.hindrance:
                return 0
            served = self._doors.gateway.authority(authority)
            return await certify(self._doors.gateway, served, order, rules, self._doors.logs, "certify_ending", now)
        # In every state before: a row that somebody put here, or set forward, says nothing.
        if order.due is None or now < order.due:
            return 0
        if not await are_by_two_officers(self._doors.platform, authority, order, self._doors.deciders, now):
            values = {"order": order.id, "hindrance": "officers", "now": now}
            async with self._doors.gateway.transaction(authority) as tenant:
                await tenant.execute(QUERIES["hinder_ending"], values)
            return 0
        if not await self._begin(authority, order, now):
            return 0
        about = {"authority": authority, "order": order.id, "now": now}
        async with transaction(self._doors.platform) as platform:
            await platform.execute(QUERIES["release_authority"], about)
        # Counted from the commit: the round may have begun long before it.
        if not self._waits.is_over(order.id, rules.release):
            return 1
        if await self._delete(authority, order, now):
            await self._destroy(authority, order, now)
        return 1

    async def remove_returned(self, authority: UUID, now: datetime) -> int:
        """Delete everybody of an authority that was erased and is here again, after a restored backup say; return how
        many rows went. It waits until receivers can know that the devices are nobody's; and while somebody is helped
        who pressed since, or under a legal hold.
        """
        async with self._returning:
            return await self._remove_returned(authority, now)

    async def _remove_returned(self, authority: UUID, now: datetime) -> int:
        end = await self._doors.client.ended(authority)
        if end is None:
            return 0
        rules = await asyncio.to_thread(self._doors.read_rules)
        about = {"authority": authority, "order": end.order, "ended_at": end.at, "most": AT_ONCE, "now": now}
        async with transaction(self._doors.platform) as platform:
            released = await (await platform.execute(QUERIES["release_authority"], about)).fetchone()
        if released is not None and released[0]:  # devices came back, now or once more
            self._waits.begin_anew(end.order)
        if not self._waits.is_over(end.order, rules.release):
            self._returned.add(authority)
            return 0
        self._returned.discard(authority)
        count = 0
        while True:
            async with self._doors.gateway.transaction(authority) as tenant:
                row = await (await tenant.execute(QUERIES["remove_ended_again"], about)).fetchone()
            if row is None or "hindrance" in row[0]:
                return count
            if not row[0]:
                break
            count += row[0]["rows"]
        async with transaction(self._doors.platform) as platform:
            await platform.execute(QUERIES["close_authority"], about)
        return count

    async def _begin(self, authority: UUID, order: EndingOrder, now: datetime) -> bool:
        """Return whether it is begun: now, or before by what the log says, whatever the order's row says."""
        async with self._doors.gateway.transaction(authority) as tenant:
            await require_standing(tenant, now)
            row = await (await tenant.execute(QUERIES["begin_ending"], {"order": order.id, "now": now})).fetchone()
        return row is not None and row[0] == ""

    async def _delete(self, authority: UUID, order: EndingOrder, now: datetime) -> bool:
        """Delete what there is, batch by batch; return whether nothing is left, by what the log says too."""
        await self._keep_sample(authority, order)
        values = {"order": order.id, "most": AT_ONCE, "now": now}
        while True:
            async with self._doors.gateway.transaction(authority) as tenant:
                await require_standing(tenant, now)
                row = await (await tenant.execute(QUERIES["remove_of_ending"], values)).fetchone()
            if row is None or "hindrance" in row[0]:
                return False
            if not row[0]["left"]:
                return True

    async def _keep_sample(self, authority: UUID, order: EndingOrder) -> None:
        if order.id not in self._samples:
            async with self._doors.gateway.transaction(authority) as tenant:
                rows = await (await tenant.execute(QUERIES["read_sealed_names"], {"most": _SAMPLES})).fetchall()
            self._samples[order.id] = {
                person: {"given_name": given, "family_name": family} for person, given, family in rows
            }

    async def _destroy(self, authority: UUID, order: EndingOrder, now: datetime) -> None:
        sample = self._samples.get(order.id, {})
        read_before = await self._count_read(authority, sample)
        async with self._doors.gateway.transaction(authority) as tenant:
            checkpoint = await (await tenant.execute(LEDGER_QUERIES["read_checkpoint"])).fetchone()
        about = {"authority": authority, "order": order.id, "now": now}
        async with transaction(self._doors.platform) as platform:
            await platform.execute(QUERIES["release_authority"], about)
            await platform.execute(QUERIES["close_authority"], about)
        done = await self._doors.client.erase_authority(authority, order.id)
        self._doors.keyring.forget()
        handed_out = sum([len(keys) async for keys in self._doors.client.unwrap_all(authority)])
        facts: dict[str, object] = {
            **done.model_dump(mode="json"),
            "keys_handed_out": handed_out,
            "values_read_before": read_before,
            "values_tried": sum(map(len, sample.values())),
            "values_opened": await self._count_read(authority, sample),
            "checkpoint_before": "" if checkpoint is None else bytes(checkpoint[1]).decode(),
        }
        values = {"order": order.id, "facts": Jsonb(facts), "now": now}
        async with self._doors.gateway.transaction(authority) as tenant:
            await tenant.execute(QUERIES["complete_ending"], values)
        if not was_nothing_read(facts):
            structlog.get_logger().error(
                "an erased authority can be read", keys=handed_out, count=facts["values_opened"]
            )
        self._samples.pop(order.id, None)
        self._waits.begin_anew(order.id)

    async def _try_backup(self, authority: UUID, order: EndingOrder) -> int:
        """Begin the attempt, or enter how it went."""
        question = Question(
            component="scheduler", authority=authority, database=self._doors.gateway.authority(authority).database_name,
            person=None, before=order.released_at,
        )  # fmt: skip
        outcome = self._doors.attempts.ask(order.id, question)
        if outcome is None:
            return 0
        if outcome.opened:
            self._waits.found_readable(order.id)
            structlog.get_logger().error("an erased authority can be read in a backup", count=outcome.opened)
        told = {**outcome.model_dump(), "opened": outcome.opened}
        values = {"order": order.id, "outcome": Jsonb(told), "now": self._doors.clock.now()}
        async with self._doors.gateway.transaction(authority) as tenant:
            await tenant.execute(QUERIES["enter_ending_attempt"], values)
        return 1

    async def _count_read(self, authority: UUID, sample: Sample) -> int:
        keys = self._doors.keyring.of(authority)
        await keys.hold(list(sample))
        return sum(count_read(keys, person, columns) for person, columns in sample.items())
