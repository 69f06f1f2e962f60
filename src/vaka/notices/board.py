# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority was told of, and what became of each notice: as portal, in the platform's database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.ledger.standing import require_standing
from vaka.notices.outbox import QUERIES

State = Literal["arrived", "arrived_late", "waiting", "late"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a notice by one way."""

    notice_id: UUID
    way_id: UUID
    attempts: int
    next_at: datetime
    fault: str | None
    delivered_at: datetime | None
    receipt: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice."""

    id: UUID
    kind: str
    entry: int
    """The number of the log's entry that it tells of."""
    event: str
    object: str
    happened_at: datetime
    late_at: datetime
    """When the agreed time is over."""
    late_told_at: datetime | None
    acknowledged_by: UUID | None
    acknowledged_at: datetime | None
    arrived_at: datetime | None
    """When every way had its receipt; where there is none, when somebody acknowledged it."""

    def state(self, now: datetime) -> State:
        """Return how it stands. Computed; nothing sets it."""
        if self.arrived_at is None:
            return "late" if self.late_at <= now else "waiting"
        return "arrived" if self.arrived_at < self.late_at else "arrived_late"


async def list_notices(connection: Connection, authority_id: UUID, most: int) -> list[Notice]:
    """Return an authority's notices, the newest first."""
    async with connection.cursor(row_factory=class_row(Notice)) as cursor:
        await cursor.execute(QUERIES["list_notices"], {"authority_id": authority_id, "most": most})
        return await cursor.fetchall()


async def list_deliveries(connection: Connection, notices: Sequence[Notice]) -> dict[UUID, list[Delivery]]:
    """Return by notice what became of it by each way."""
    async with connection.cursor(row_factory=class_row(Delivery)) as cursor:
        await cursor.execute(QUERIES["list_deliveries"], {"notices": [one.id for one in notices]})
        found: dict[UUID, list[Delivery]] = {one.id: [] for one in notices}
        for delivery in await cursor.fetchall():
            found[delivery.notice_id].append(delivery)
        return found


async def count_late(connection: Connection, authority_id: UUID, now: datetime) -> int:
    """Return how many notices have not arrived although the agreed time is over."""
    row = await (await connection.execute(QUERIES["count_late"], {"authority_id": authority_id, "now": now})).fetchone()
    return 0 if row is None else int(row[0])


async def acknowledge(
    connection: Connection, principal: Principal, authority_id: UUID, notices: Sequence[UUID], *, now: datetime
) -> int:
    """Say that somebody has seen these; return how many nobody had. Each has its entry.

    Raises NotAllowedError, NothingHereError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_SET_NOTICES, authority_id)
    facts = {
        "authority_id": authority_id, "notices": list(notices), "account_id": principal.account_id, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["acknowledge_notices"], facts)).fetchone()
        await require_standing(connection, now)
    return 0 if row is None else int(row[0])
