# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Outages that two people declared: an issuer that answers, and lets nobody in (term 15).

Until when one holds is computed at every reading, by the database: from the row as it is then, from what the log says,
sealed, of exactly that, and from who the two are. So a row that was put there by a statement of somebody's own, or that
one human made by two accounts, opens nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.identity")
LONGEST = timedelta(hours=8)
"""The database knows no longer one, whatever the settings say."""
WAITS = timedelta(hours=1)
"""For how long somebody can declare what was proposed: what was seen then is seen anew after that."""
KEPT = timedelta(days=30)
"""How far back the pages show them; the log has them all."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage that somebody proposed, and what became of it."""

    id: UUID
    trust_id: UUID
    """The row of the registry that it is about."""
    hours: int
    reason: str
    proposed_by: UUID
    proposed_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    ended_by: UUID | None
    ended_at: datetime | None
    digest: str
    """SHA-256 (hex) of what is declared: identifier, issuer, hours and reason."""
    holds_until: datetime | None
    """None where it does not hold: nobody declared it, the log does not know, or it was ended."""

    def is_declared(self, now: datetime) -> bool:
        """Whether it holds."""
        return self.holds_until is not None and now < self.holds_until

    def is_waiting(self, now: datetime) -> bool:
        """Whether somebody can still declare it."""
        return self.approved_at is None and self.ended_at is None and now - self.proposed_at < WAITS

    def state(self, now: datetime) -> str:
        """Return what is to be said of it: ``declared``, ``waiting``, ``ended``, ``over`` by itself, or ``unknown``.

        ``unknown``: the row says that it was declared, and the log does not; for some seconds, or because it was not.
        """
        if self.ended_at is not None:
            return "ended"
        if self.approved_at is None:
            return "waiting" if self.is_waiting(now) else "over"
        if self.holds_until is not None:
            return "declared" if self.is_declared(now) else "over"
        return "unknown"

    @property
    def people(self) -> list[UUID]:
        """Who had a hand in it."""
        return [one for one in (self.proposed_by, self.approved_by, self.ended_by) if one is not None]


async def list_outages(connection: psycopg.AsyncConnection[Any], now: datetime) -> list[Outage]:
    """Return the outages of the last weeks, the newest first (as desk, office or signin)."""
    async with connection.cursor(row_factory=class_row(Outage)) as cursor:
        await cursor.execute(QUERIES["list_outages"], {"since": now - KEPT})
        return await cursor.fetchall()


async def find_declared(connection: psycopg.AsyncConnection[Any], now: datetime) -> dict[UUID, Outage]:
    """Return the outages that hold now, by the registry's row; of several of one issuer the one that holds longest."""
    async with connection.cursor(row_factory=class_row(Outage)) as cursor:
        await cursor.execute(QUERIES["list_outages"], {"since": now - WAITS - LONGEST})
        found = [one for one in await cursor.fetchall() if one.is_declared(now)]
    return {one.trust_id: one for one in sorted(found, key=lambda one: (one.holds_until or now, one.id))}
