# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority asks of codes and passwords (term 16): what is in force, and what was proposed and decided.

What is in force is worked out in the database (``activation_in_force``), from what the log says was approved. Who may
propose and approve is `vaka.access.activation`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, kwargs_row

from vaka.crypto.activation import DEVICE_SECRET, FLOORS, Measured, Rule, Rules, meets
from vaka.ledger.proposals import Proposal
from vaka.tenants.authorities import QUERIES

Connection = psycopg.AsyncConnection[Any]

RuleSet = Proposal[Rules]
"""What was proposed, or what became of it."""


@dataclass(frozen=True, slots=True)
class DeviceSecret:
    """What is remembered of the secret a device has now; without a time nothing is known of it."""

    device_id: UUID
    sender: str
    model: str
    set_at: datetime | None
    length: int | None
    kinds: int | None

    def fault(self, rule: Rule, now: datetime) -> str:
        """Return why it is to be replaced: ``unknown``, ``weak``, ``old``; empty where it is not.

        It goes on being accepted from the device all the same: an alarm is answered, whatever the secret.
        """
        if self.set_at is None or self.length is None or self.kinds is None:
            return "unknown"
        if not meets(rule.combined_with(DEVICE_SECRET.floor), Measured(self.length, self.kinds)):
            return "weak"
        return "old" if is_too_old(rule, self.set_at, now) else ""


def is_too_old(rule: Rule, set_at: datetime, now: datetime) -> bool:
    """Whether a device's secret has been used for longer than a rule allows."""
    return rule.lifetime is not None and now - set_at > timedelta(days=rule.lifetime)


async def read_rules(tenant: Connection) -> Rules:
    """Return what the authority asks now (as setup or portal); the floor where it has decided nothing."""
    row = await (await tenant.execute(QUERIES["read_activation"])).fetchone()
    return FLOORS if row is None else parse_rules(row[0])


async def list_rules(tenant: Connection) -> Sequence[RuleSet]:
    """Return every set there ever was, newest first (as portal)."""
    async with tenant.cursor(row_factory=kwargs_row(_make_set)) as cursor:
        await cursor.execute(QUERIES["list_activation"])
        return await cursor.fetchall()


async def list_faulty(
    tenant: Connection, platform: Connection, authority_id: UUID, rule: Rule, now: datetime
) -> list[tuple[DeviceSecret, str]]:
    """Return the devices in use whose secret a rule would have replaced, each with why (as portal)."""
    found = await (await platform.execute(QUERIES["list_proving_by_digest"], {"authority_id": authority_id})).fetchall()
    async with tenant.cursor(row_factory=class_row(DeviceSecret)) as cursor:
        await cursor.execute(QUERIES["list_device_secrets"], {"devices": [device for (device,) in found]})
        secrets = await cursor.fetchall()
    return [(secret, fault) for secret in secrets if (fault := secret.fault(rule, now))]


def write_rules(rules: Rules) -> dict[str, dict[str, int | None]]:
    """Return rules as the database keeps them."""
    return {name: asdict(rule) for name, rule in rules.items()}


def parse_rules(kept: Mapping[str, Mapping[str, int | None]]) -> Rules:
    """Return rules as they were kept."""
    return {name: Rule(**rule) for name, rule in kept.items()}  # type: ignore[arg-type]


def _make_set(**columns: Any) -> RuleSet:
    return Proposal(rules=parse_rules(columns.pop("rules")), **columns)
