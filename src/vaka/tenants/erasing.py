# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Carrying out erasures (term 6): what was ordered and approved, step by step, each of which may be done again.

1. Everything about the person is deleted, unless somebody helps that person just now. A legal hold cancels the order.
2. Receivers are told that the devices are nobody's. Two minutes later all of them know; what came meanwhile goes too.
3. The keyholder destroys the person's keys, up to the root key above them.
4. It is tried to read what could be read before, and entered how that went.
5. The same is tried in the newest backup from before, restored for it, or entered that there is none to try.
6. When both entries are sealed and witnessed, and nothing could be read, the certificate is signed.

A crash between any two is harmless: the order's state says where to go on, and the keyholder does an order once.
"""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb

from vaka.crypto.aead import UnopenableError
from vaka.database.connections import Pool, transaction
from vaka.keys.keyring import AuthorityKeys
from vaka.ledger.leaves import parse_leaf
from vaka.ledger.receipts import find_receipt, policy_of
from vaka.ledger.standing import require_standing
from vaka.ledger.stored import QUERIES as LEDGER_QUERIES
from vaka.settings import LedgerSettings
from vaka.tenants.attempting import Question
from vaka.tenants.authorities import QUERIES, Authority
from vaka.tenants.certificates import build_certificate, sign_certificate
from vaka.tenants.doors import Doors, Rules, Waits
from vaka.tenants.ending import EndingOrder
from vaka.tenants.erasure import ErasureOrder, list_orders
from vaka.tenants.gateway import Gateway

RETURNED_SECONDS = 60.0
"""How often it is looked whether somebody who was erased came back with a restored backup; also at the start."""
_UNDER_WAY = ("approved", "removed", "erased")

Row = Mapping[str, Any]


class Erasing:
    """Makes the rounds over an authority's orders."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._waits = Waits(doors.clock)
        self._samples: dict[UUID, Row] = {}
        """By order: the sealed name that could be read before, to be tried afterwards."""
        self._returned: set[UUID] = set()
        """Authorities where somebody is here again and waits for the receivers: looked at as often as orders are."""
        self._returning = asyncio.Lock()

    async def carry_out(self, authority: UUID, now: datetime) -> int:
        """Bring every order one step further that can be; return how many steps were taken.

        Raises what the databases and the keyholder raise; then it is tried again at the next round.
        """
        async with self._doors.gateway.transaction(authority) as tenant:
            orders = [one for one in await list_orders(tenant) if one.state in _UNDER_WAY]
        if not orders:
            return await self.remove_returned(authority, now) if authority in self._returned else 0
        rules = await asyncio.to_thread(self._doors.read_rules)
        steps, trouble = 0, []
        for order in reversed(orders):
            try:
                steps += await self._advance(authority, order, rules, now)
            except Exception as error:  # one order's trouble is not the others'
                trouble.append(error)
        if trouble:
            raise trouble[0]
        return steps

    async def remove_returned(self, authority: UUID, now: datetime) -> int:
        """Delete everybody who was erased and is here again, after a restored backup say; return how many went.

        It waits until receivers can know that the devices are nobody's. Who is in an alarm that somebody is at, or
        under a legal hold, waits too, and is told of.
        """
        async with self._returning:
            return await self._remove_returned(authority, now)

    async def _remove_returned(self, authority: UUID, now: datetime) -> int:
        gone = await self._doors.client.erased(authority)
        async with self._doors.gateway.transaction(authority) as tenant:
            there = await (await tenant.execute(QUERIES["find_returned"], {"ids": list(gone)})).fetchall()
        self._returned.discard(authority)
        if not there:
            return 0
        rules, count = await asyncio.to_thread(self._doors.read_rules), 0
        for (person,) in there:
            about = {"authority": authority, "person": person, "order": gone[person], "now": now}
            async with transaction(self._doors.platform) as platform:
                released = await (await platform.execute(QUERIES["release_devices"], about)).fetchone()
            if released is not None and released[0]:  # devices came back, now or once more
                self._waits.begin_anew(person)
            if not self._waits.is_over(person, rules.release):
                self._returned.add(authority)
                continue
            async with self._doors.gateway.transaction(authority) as tenant:
                row = await (await tenant.execute(QUERIES["remove_erased_again"], about)).fetchone()
            if row and row[0]:
                self._waits.begin_anew(person)
                count += 1
        return count

    async def _advance(self, authority: UUID, order: ErasureOrder, rules: Rules, now: datetime) -> int:
        if order.state == "erased":
            if self._waits.wants_attempt(order):
                return await self._try_backup(authority, order)
            return 0 if order.hindrance else await self._certify(authority, order, rules, now)
        if order.state == "approved" and not await are_by_two_officers(
            self._doors.platform, authority, order, self._doors.deciders, now
        ):
            async with self._doors.gateway.transaction(authority) as tenant:
                await tenant.execute(
                    QUERIES["hinder_erasure"], {"order": order.id, "hindrance": "officers", "now": now}
                )
            return 0
        if not await self._delete(authority, order, now):
            return 0
        released = {"authority": authority, "person": order.person_id, "order": order.id, "now": now}
        async with transaction(self._doors.platform) as platform:
            await platform.execute(QUERIES["release_devices"], released)
        # Counted from the commit: the round may have begun long before it.
        if not self._waits.is_over(order.id, rules.release):
            return 1
        await self._destroy(authority, order, now)
        return 1

    async def _delete(self, authority: UUID, order: ErasureOrder, now: datetime) -> bool:
        """Delete what there is; return whether nothing hinders it."""
        keys = self._doors.keyring.of(authority)
        if order.id not in self._samples:
            await keys.hold([order.person_id])
        async with self._doors.gateway.transaction(authority) as tenant:
            await require_standing(tenant, now)
            sealed = await (await tenant.execute(QUERIES["read_sealed_name"], {"person": order.person_id})).fetchone()
            begun = await (await tenant.execute(QUERIES["begin_erasure"], {"order": order.id, "now": now})).fetchone()
        if sealed is not None:
            self._samples[order.id] = {"given_name": sealed[0], "family_name": sealed[1]}
        return begun is not None and "hindrance" not in begun[0]

    async def _destroy(self, authority: UUID, order: ErasureOrder, now: datetime) -> None:
        keys, sample = self._doors.keyring.of(authority), self._samples.get(order.id, {})
        await keys.hold([order.person_id])  # another erasure may have made us forget everything
        read_before = count_read(keys, order.person_id, sample)
        async with self._doors.gateway.transaction(authority) as tenant:
            checkpoint = await (await tenant.execute(LEDGER_QUERIES["read_checkpoint"])).fetchone()
        done = await self._doors.client.erase(authority, [order.person_id], order.id)
        self._doors.keyring.forget()
        handed_out = len(await self._doors.client.unwrap(authority, [order.person_id]))
        await keys.hold([order.person_id])
        facts: dict[str, object] = {
            **done.model_dump(mode="json"),
            "keys_handed_out": handed_out,
            "values_read_before": read_before,
            "values_tried": len(sample),
            "values_opened": count_read(keys, order.person_id, sample),
            "checkpoint_before": "" if checkpoint is None else bytes(checkpoint[1]).decode(),
        }
        values = {"order": order.id, "facts": Jsonb(facts), "now": now}
        async with self._doors.gateway.transaction(authority) as tenant:
            await tenant.execute(QUERIES["complete_erasure"], values)
        if not was_nothing_read(facts):
            structlog.get_logger().error("an erased person can be read", keys=handed_out, count=facts["values_opened"])
        self._samples.pop(order.id, None)
        self._waits.begin_anew(order.id)

    async def _try_backup(self, authority: UUID, order: ErasureOrder) -> int:
        """Begin the attempt, or enter how it went."""
        question = Question(
            component="scheduler", authority=authority, database=self._doors.gateway.authority(authority).database_name,
            person=order.person_id, before=order.removed_at,
        )  # fmt: skip
        outcome = self._doors.attempts.ask(order.id, question)
        if outcome is None:
            return 0
        if outcome.opened:
            self._waits.found_readable(order.id)
            structlog.get_logger().error("an erased person can be read in a backup", count=outcome.opened)
        told = {**outcome.model_dump(), "opened": outcome.opened}
        values = {"order": order.id, "outcome": Jsonb(told), "now": self._doors.clock.now()}
        async with self._doors.gateway.transaction(authority) as tenant:
            await tenant.execute(QUERIES["enter_erasure_attempt"], values)
        return 1

    async def _certify(self, authority: UUID, order: ErasureOrder, rules: Rules, now: datetime) -> int:
        return await certify(
            self._doors.gateway,
            self._doors.gateway.authority(authority),
            order,
            rules,
            self._doors.logs,
            "certify_erasure",
            now,
        )


async def are_by_two_officers(
    platform: Pool, authority: UUID, order: ErasureOrder | EndingOrder, roles: Collection[str], now: datetime
) -> bool:
    """Whether both who decided are accounts that may, by what the platform knows: nobody makes two of them up."""
    values = {
        "accounts": [order.ordered_by, order.decided_by], "roles": list(roles), "authority": authority, "now": now,
    }  # fmt: skip
    async with transaction(platform) as connection:
        row = await (await connection.execute(QUERIES["count_deciders"], values)).fetchone()
    return row is not None and row[0] == 2


async def certify(
    gateway: Gateway,
    authority: Authority,
    order: ErasureOrder | EndingOrder,
    rules: Rules,
    logs: LedgerSettings,
    query: str,
    now: datetime,
) -> int:
    """Sign the certificate of an order that was carried out and keep it by `query`; return whether that was done.

    It waits until both entries are sealed, and seen by the witnesses there are. Where a key was handed out or a value
    read after the keys were destroyed, there is no certificate.
    """
    policy = policy_of(logs, logs.log_name(authority.slug))
    async with gateway.transaction(authority.id) as tenant:
        receipt = None if order.entry is None else await find_receipt(tenant, order.entry, policy)
        tried = None if order.attempt_entry is None else await find_receipt(tenant, order.attempt_entry, policy)
        if receipt is None or tried is None or not was_nothing_read(parse_leaf(receipt.entry).detail):
            return 0
        document = build_certificate(
            authority, order, receipt, tried, copies_kept=rules.copies_kept, in_a_device=rules.in_a_device,
            credential_stays=rules.credential_stays, now=now,
        )  # fmt: skip
        signed = sign_certificate(rules.seed, document)
        await tenant.execute(
            QUERIES[query],
            {
                "order": order.id, "document": signed.document, "signature": signed.signature,
                "key": signed.key.decode(), "now": now,
            },
        )  # fmt: skip
    return 1


def was_nothing_read(told: Mapping[str, object]) -> bool:
    """Whether no key was handed out and no value opened after the keys were destroyed."""
    return told.get("keys_handed_out") == 0 and told.get("values_opened") == 0


def count_read(keys: AuthorityKeys, person: UUID, sample: Row) -> int:
    """Return how many sealed values can be read with the keys that are held."""
    return sum(_can_read(keys, person, {name: value}) for name, value in sample.items())


def _can_read(keys: AuthorityKeys, person: UUID, column: Row) -> bool:
    try:
        keys.open_row("person", str(person), person, column)
    except UnopenableError:
        return False
    return True
