# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Writing the authority's decision about how long its log is kept (term 25). The rules are in vaka.ledger.retention."""

from typing import Any

import psycopg

from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.retention import LONGEST_DAYS, SHORTEST_DAYS
from vaka.ledger.stored import QUERIES
from vaka.ledger.wording import seems_personal

LONGEST_REASON = 200  # characters


class UnusableRetentionError(VakaError):
    """The days are out of bounds, or there is no reason."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Loggen sparas i {SHORTEST_DAYS}–{LONGEST_DAYS} dagar. Skriv varför, i 1–{LONGEST_REASON} tecken, "
                "utan personnummer, telefonnummer och e-postadresser: det står kvar i loggen.",
                en=f"The log is kept for {SHORTEST_DAYS}–{LONGEST_DAYS} days. Say why, in 1–{LONGEST_REASON} signs, "
                "without personal numbers, telephone numbers and mail addresses: it stays in the log.",
            ),
        )


def require_usable(days: int, reason: str) -> None:
    """Return if this can be decided. Raises UnusableRetentionError."""
    if not SHORTEST_DAYS <= days <= LONGEST_DAYS or not reason.strip() or len(reason) > LONGEST_REASON:
        raise UnusableRetentionError
    if seems_personal(reason):
        raise UnusableRetentionError


async def set_retention(connection: psycopg.AsyncConnection[Any], entry: Entry) -> int:
    """Write the authority's decision; return its number in the inbox. Only the portal's role may (term 25).

    `entry` is a RETENTION_SET with ``days`` and ``reason`` as detail, and with ``step_up`` where a key was touched for
    it; the caller has asked whether its actor may.
    Raises UnusableRetentionError.
    """
    days, reason = entry.detail.get("days"), entry.detail.get("reason")
    if entry.event is not Event.RETENTION_SET or not isinstance(days, int) or not isinstance(reason, str):
        raise TypeError("a decision is a retention.set with days and reason")
    require_usable(days, reason)
    cursor = await connection.execute(
        QUERIES["set_retention"],
        {"at": entry.happened_at, "actor": entry.actor, "object": entry.object, "days": days, "reason": reason,
         "step_up": entry.detail.get("step_up")},
    )  # fmt: skip
    row = await cursor.fetchone()
    if row is None:
        raise LookupError("ledger.set_retention returned nothing")
    return int(row[0])
