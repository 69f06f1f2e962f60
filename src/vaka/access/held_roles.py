# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What one account holds, who decided that, and what it waits for (terms 9 and 12), as office."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.grants import QUERIES
from vaka.database.connections import Connection


@dataclass(frozen=True, slots=True)
class RoleHolding:
    """A role as it stands, and what it rests on."""

    role: str
    authority_id: UUID | None
    authority: str | None
    """What the authority is called; None at the supplier's own premises."""
    granted_at: datetime
    valid_until: datetime | None
    effective: bool
    """Whether it is worth anything: of a designated role, whether the authority approved exactly it."""
    asked_by: UUID | None
    """The administrator who asked for it in the office; None where it was given in another way."""
    agreed_by: UUID | None
    """The administrator who approved that."""
    approved_by: UUID | None
    """The authority's approver, where it said so."""
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class RoleAsked:
    """What the authority was asked for, and has not answered."""

    role: str
    authority_id: UUID
    authority: str
    kind: str
    asked_at: datetime
    valid_until: datetime | None
    answer_by: datetime | None


async def list_role_holdings(connection: Connection, account_id: UUID, now: datetime) -> list[RoleHolding]:
    """Return the roles of an account that have not ended, worth something or not."""
    async with connection.cursor(row_factory=class_row(RoleHolding)) as cursor:
        await cursor.execute(QUERIES["list_role_holdings"], {"account_id": account_id, "now": now})
        return await cursor.fetchall()


async def list_roles_asked(connection: Connection, account_id: UUID, now: datetime) -> list[RoleAsked]:
    """Return what authorities have been asked for an account."""
    async with connection.cursor(row_factory=class_row(RoleAsked)) as cursor:
        await cursor.execute(QUERIES["list_roles_asked"], {"account_id": account_id, "now": now})
        return await cursor.fetchall()


async def list_designated(connection: Connection) -> frozenset[tuple[UUID, str]]:
    """Return which roles which authorities have designated."""
    return frozenset(await (await connection.execute(QUERIES["list_designated"])).fetchall())
