# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Appending an entry, in the transaction of the change it records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from vaka.ledger.events import Event


@dataclass(frozen=True, slots=True)
class Entry:
    """One happening. Holds codes and opaque identifiers only: nothing personal, nothing secret."""

    event: Event
    actor: str
    """``account:<uuid>``, ``receiver:<instance>``, ``scheduler`` or ``device``."""
    happened_at: datetime
    object: str = ""
    """What it happened to, as ``<kind>:<identifier>``."""
    succeeded: bool = True
    detail: Mapping[str, str | int | bool | None] = field(default_factory=dict)


async def append(connection: psycopg.AsyncConnection[Any], entry: Entry) -> int:
    """Write ``entry`` in the open transaction of ``connection``; both are kept, or neither.

    Returns its number, by which a receipt for it is found when it is sealed.

    Raises RuntimeError outside a transaction: an entry that could be kept without its change would be a lie.
    """
    _require_transaction(connection)
    cursor = await connection.execute(
        "select ledger.append(%s, %s, %s, %s, %s, %s)",
        (
            entry.happened_at,
            entry.event.value,
            entry.actor,
            entry.object,
            "success" if entry.succeeded else "failure",
            Jsonb(dict(entry.detail)),
        ),
    )
    row = await cursor.fetchone()
    if row is None:
        raise LookupError("ledger.append returned nothing")
    return int(row[0])


async def append_many(connection: psycopg.AsyncConnection[Any], entries: Sequence[Entry]) -> None:
    """Write many entries as :func:`append` writes one, in order, in one statement."""
    _require_transaction(connection)
    if entries:
        await connection.execute(*append_statement(entries))


def append_statement(entries: Sequence[Entry]) -> tuple[str, tuple[object, ...]]:
    """Return the one statement that appends `entries`, which are not none, and its parameters.

    For those who send statements of their own, each of them a transaction.
    """
    return (
        "select count(ledger.append(e.happened_at, e.event, e.actor, e.object, e.outcome, e.detail))"
        " from unnest(%s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[])"
        " as e (happened_at, event, actor, object, outcome, detail)",
        (
            [entry.happened_at for entry in entries],
            [entry.event.value for entry in entries],
            [entry.actor for entry in entries],
            [entry.object for entry in entries],
            ["success" if entry.succeeded else "failure" for entry in entries],
            [Jsonb(dict(entry.detail)) for entry in entries],
        ),
    )


def _require_transaction(connection: psycopg.AsyncConnection[Any]) -> None:
    if connection.info.transaction_status is not psycopg.pq.TransactionStatus.INTRANS:
        raise RuntimeError("a ledger entry is written inside the transaction of its change")
