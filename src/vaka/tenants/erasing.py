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
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb

from vaka.clock import Clock
from vaka.crypto.aead import UnopenableError
from vaka.crypto.chance import new_key
from vaka.database.connections import Pool, transaction
from vaka.errors import ConfigurationError
from vaka.keys.client import KeyClient
from vaka.keys.credentials import read_credential
from vaka.keys.files import create_secret
from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.ledger.receipts import find_receipt, policy_of
from vaka.ledger.standing import require_standing
from vaka.ledger.stored import QUERIES as LEDGER_QUERIES
from vaka.settings import LedgerSettings, Settings
from vaka.tenants.attempting import Question
from vaka.tenants.attempts import Attempts
from vaka.tenants.authorities import QUERIES, Authority
from vaka.tenants.certificates import build_certificate, sign_certificate
from vaka.tenants.ending import EndingOrder
from vaka.tenants.erasure import ErasureOrder, list_orders
from vaka.tenants.gateway import Gateway

RETURNED_SECONDS = 60.0
"""How often it is looked whether somebody who was erased came back with a restored backup; also at the start."""
_UNDER_WAY = ("approved", "removed", "erased")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """What certificates say, and are signed with."""

    seed: bytes
    copies_kept: timedelta
    release: timedelta
    """After so long every receiver has read that the devices are nobody's."""
    in_a_device: bool
    """Whether the root key lies in a key device, which keeps no copy of what it destroys."""
    credential_stays: bool
    """Whether what opens a root key's file stays when the root key is replaced."""


def read_rules(root: Path, settings: Settings) -> Rules:
    """Return what the settings say; the signing key is made where there is none yet. Raises ConfigurationError."""
    mine = settings.erasure
    path = root / mine.signing_key
    try:
        create_secret(path, new_key().hex().encode() + b"\n")
    except OSError as error:
        raise ConfigurationError(f"No key for certificates can be written to {path}: {error.strerror}.") from error
    return Rules(
        read_credential(path), timedelta(days=mine.backups_kept_days), timedelta(seconds=mine.release_seconds),
        in_a_device=settings.keyholder.root == "key_device",
        credential_stays=settings.keyholder.root_credential_stays,
    )  # fmt: skip


class Erasing:
    """Makes the rounds over an authority's orders."""

    def __init__(
        self,
        gateway: Gateway,
        platform: Pool,
        keyring: Keyring,
        client: KeyClient,
        clock: Clock,
        logs: LedgerSettings,
        rules: Callable[[], Rules],
        attempts: Attempts,
        deciders: Collection[str],
    ) -> None:
        self._gateway = gateway
        self._platform = platform
        self._keyring = keyring
        self._client = client
        self._clock = clock
        self._logs = logs
        self._read_rules = rules
        self._attempts = attempts
        self._tried: set[UUID] = set()
        """Orders whose person could be read in a backup: it is tried again after the next start."""
        self._deciders = list(deciders)
        """The roles whose holders decide."""
        self._samples: dict[UUID, Row] = {}
        """By order: the sealed name that could be read before, to be tried afterwards."""
        self._released: dict[UUID, datetime] = {}
        """By order: since when receivers can know that the devices are nobody's. After a start it is waited anew."""

    async def carry_out(self, authority: UUID, now: datetime) -> int:
        """Bring every order one step further that can be; return how many steps were taken.

        Raises what the databases and the keyholder raise; then it is tried again at the next round.
        """
        async with self._gateway.transaction(authority) as tenant:
            orders = [one for one in await list_orders(tenant) if one.state in _UNDER_WAY]
        if not orders:
            return 0
        rules = await asyncio.to_thread(self._read_rules)
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

        Who is in an alarm that somebody is at, or under a legal hold, waits.
        """
        gone = await self._client.erased(authority)
        async with self._gateway.transaction(authority) as tenant:
            there = await (await tenant.execute(QUERIES["find_returned"], {"ids": list(gone)})).fetchall()
        count = 0
        for (person,) in there:
            about = {"authority": authority, "person": person, "order": gone[person], "now": now}
            async with transaction(self._platform) as platform:
                await platform.execute(QUERIES["release_devices"], about)
            async with self._gateway.transaction(authority) as tenant:
                row = await (await tenant.execute(QUERIES["remove_erased_again"], about)).fetchone()
            count += bool(row and row[0])
        return count

    async def _advance(self, authority: UUID, order: ErasureOrder, rules: Rules, now: datetime) -> int:
        if order.state == "erased":
            if order.attempt_entry is None or (order.hindrance and order.id not in self._tried):
                return await self._try_backup(authority, order)
            return 0 if order.hindrance else await self._certify(authority, order, rules, now)
        if order.state == "approved" and not await are_by_two_officers(
            self._platform, authority, order, self._deciders, now
        ):
            async with self._gateway.transaction(authority) as tenant:
                await tenant.execute(
                    QUERIES["hinder_erasure"], {"order": order.id, "hindrance": "officers", "now": now}
                )
            return 0
        if not await self._delete(authority, order, now):
            return 0
        released = {"authority": authority, "person": order.person_id, "order": order.id, "now": now}
        async with transaction(self._platform) as platform:
            await platform.execute(QUERIES["release_devices"], released)
        # Counted from the commit: the round may have begun long before it.
        if self._clock.now() - self._released.setdefault(order.id, self._clock.now()) < rules.release:
            return 1
        await self._destroy(authority, order, now)
        return 1

    async def _delete(self, authority: UUID, order: ErasureOrder, now: datetime) -> bool:
        """Delete what there is; return whether nothing hinders it."""
        keys = self._keyring.of(authority)
        if order.id not in self._samples:
            await keys.hold([order.person_id])
        async with self._gateway.transaction(authority) as tenant:
            await require_standing(tenant, now)
            sealed = await (await tenant.execute(QUERIES["read_sealed_name"], {"person": order.person_id})).fetchone()
            begun = await (await tenant.execute(QUERIES["begin_erasure"], {"order": order.id, "now": now})).fetchone()
        if sealed is not None:
            self._samples[order.id] = {"given_name": sealed[0], "family_name": sealed[1]}
        return begun is not None and "hindrance" not in begun[0]

    async def _destroy(self, authority: UUID, order: ErasureOrder, now: datetime) -> None:
        keys, sample = self._keyring.of(authority), self._samples.get(order.id, {})
        await keys.hold([order.person_id])  # another erasure may have made us forget everything
        read_before = count_read(keys, order.person_id, sample)
        async with self._gateway.transaction(authority) as tenant:
            checkpoint = await (await tenant.execute(LEDGER_QUERIES["read_checkpoint"])).fetchone()
        done = await self._client.erase(authority, [order.person_id], order.id)
        self._keyring.forget()
        handed_out = len(await self._client.unwrap(authority, [order.person_id]))
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
        async with self._gateway.transaction(authority) as tenant:
            await tenant.execute(QUERIES["complete_erasure"], values)
        self._samples.pop(order.id, None)
        self._released.pop(order.id, None)

    async def _try_backup(self, authority: UUID, order: ErasureOrder) -> int:
        """Begin the attempt, or enter how it went."""
        question = Question(
            component="scheduler", authority=authority, database=self._gateway.authority(authority).database_name,
            person=order.person_id, before=order.removed_at,
        )  # fmt: skip
        outcome = self._attempts.ask(order.id, question)
        if outcome is None:
            return 0
        if outcome.opened:
            self._tried.add(order.id)
            structlog.get_logger().error("an erased person can be read in a backup", count=outcome.opened)
        told = {**outcome.model_dump(), "opened": outcome.opened}
        values = {"order": order.id, "outcome": Jsonb(told), "now": self._clock.now()}
        async with self._gateway.transaction(authority) as tenant:
            await tenant.execute(QUERIES["enter_erasure_attempt"], values)
        return 1

    async def _certify(self, authority: UUID, order: ErasureOrder, rules: Rules, now: datetime) -> int:
        return await certify(
            self._gateway, self._gateway.authority(authority), order, rules, self._logs, "certify_erasure", now
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

    It waits until both entries are sealed, and seen by the witnesses there are.
    """
    policy = policy_of(logs, logs.log_name(authority.slug))
    async with gateway.transaction(authority.id) as tenant:
        receipt = None if order.entry is None else await find_receipt(tenant, order.entry, policy)
        tried = None if order.attempt_entry is None else await find_receipt(tenant, order.attempt_entry, policy)
        if receipt is None or tried is None:
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


def count_read(keys: AuthorityKeys, person: UUID, sample: Row) -> int:
    """Return how many sealed values can be read with the keys that are held."""
    return sum(_can_read(keys, person, {name: value}) for name, value in sample.items())


def _can_read(keys: AuthorityKeys, person: UUID, column: Row) -> bool:
    try:
        keys.open_row("person", str(person), person, column)
    except UnopenableError:
        return False
    return True
