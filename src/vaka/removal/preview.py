# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a proposal, or the rules in force, would remove, counted and not done; and that somebody has seen it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from vaka.keys.keyring import Keyring
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.removal.birth_days import QUERIES, Birth, judge_all, read_births
from vaka.removal.rules import Connection, RuleSet, read_in_force
from vaka.tenants.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Count:
    """What there is of one kind."""

    things: int = 0
    """Alarms with what was made part of them, messages, or notes: what goes or stays as one."""
    alarms: int = 0
    messages: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    exempt: int = 0
    """Things that stay because of a birth day."""
    unreadable: int = 0
    """Things that stay because a birth day cannot be read."""
    held: int = 0
    """Things that stay because of a legal hold."""

    @property
    def kept(self) -> int:
        """How many are old enough and stay."""
        return self.exempt + self.unreadable + self.held


async def count_removable(
    gateway: Gateway, keyring: Keyring, authority: UUID, proposal: RuleSet, at: datetime
) -> Mapping[str, Count]:
    """Return by kind what the rules would remove at a moment (as portal), and what old enough would stay.

    Raises KeysUnavailableError, DatabaseUnavailableError.
    """
    values = {"id": proposal.id, "at": at}
    return await _count(gateway, keyring, authority, "preview", values, proposal.rules)


async def count_in_force(gateway: Gateway, keyring: Keyring, authority: UUID, at: datetime) -> Mapping[str, Count]:
    """Return by kind what the rules in force at a moment will remove then (as setup), and what old enough will stay.

    A kind without a rule in force is left out. Raises KeysUnavailableError, DatabaseUnavailableError.
    """
    async with gateway.transaction(authority) as tenant:
        rules = await read_in_force(tenant, at)
    return await _count(gateway, keyring, authority, "preview_at", {"at": at}, rules) if rules else {}


async def _count(
    gateway: Gateway, keyring: Keyring, authority: UUID, query: str, values: Mapping[str, object], kinds: Iterable[str]
) -> Mapping[str, Count]:
    async with gateway.transaction(authority) as tenant, tenant.cursor(row_factory=dict_row) as cursor:
        # Years of alarms are counted at once; nothing is locked by it.
        await cursor.execute("set local statement_timeout = 120000")
        await cursor.execute(QUERIES[query], values)
        rows = await cursor.fetchall()
    asked = {person for row in rows if row["people"] is not None and not row["held"] for person in row["people"]}
    births = await read_births(gateway, keyring.of(authority), authority, asked) if asked else {}
    counts = dict.fromkeys(kinds, Count())
    for row in rows:
        counts[row["kind"]] = _add(counts[row["kind"]], row, births)
    return counts


async def note_seen(connection: Connection, proposal: RuleSet, actor: str, now: datetime) -> None:
    """Write down that somebody is shown it, in the open transaction; without that he cannot approve."""
    values = {"id": proposal.id, "digest": proposal.digest, "now": now, "actor": actor}
    await connection.execute(QUERIES["note_preview"], values)
    await append(
        connection,
        Entry(Event.REMOVAL_PREVIEWED, actor, now, f"removal:{proposal.id}", detail={"rules": proposal.digest}),
    )


def _add(count: Count, row: Mapping[str, Any], births: Mapping[UUID, Birth]) -> Count:
    things = int(row["things"])
    if row["held"]:
        return replace(count, held=count.held + things)
    if row["people"] is not None:
        birth = judge_all(births, row["people"])
        if birth is Birth.KEPT:
            return replace(count, exempt=count.exempt + things)
        if birth is Birth.UNREADABLE:
            return replace(count, unreadable=count.unreadable + things)
    return replace(
        count, things=count.things + things, alarms=count.alarms + int(row["alarms"]),
        messages=count.messages + int(row["messages"]),
        oldest=min(filter(None, (count.oldest, row["oldest"]))),
        newest=max(filter(None, (count.newest, row["newest"]))),
    )  # fmt: skip
