# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Legal holds: people of whom nothing is removed or erased while the hold stands (term 6).

Whoever removes or erases looks for a row of ``legal_hold`` in the transaction that deletes. Rows come and go through
two functions that only the portal's role may call; who may, and the entry of it, is `vaka.access.holds`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.errors import Category, Sentence, VakaError
from vaka.tenants.authorities import QUERIES

Connection = psycopg.AsyncConnection[Any]

MOST_HOLDS = 1000
"""On one page; an authority has a handful."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One that stands."""

    person_id: UUID
    placed_at: datetime
    placed_by: str
    """``account:<uuid>``."""
    reason: str


class AlreadyHeldError(VakaError):
    """There is a hold on that person already."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Personens uppgifter är redan undantagna från gallring och radering. Inget har ändrats.",
                en="There is a hold on that person already. Nothing was changed.",
            ),
        )


class NotHeldError(VakaError):
    """There is no hold on that person."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Personens uppgifter är inte undantagna från gallring och radering. Inget har ändrats.",
                en="There is no hold on that person. Nothing was changed.",
            ),
        )


class NobodyToHoldError(VakaError):
    """Neither the register nor any alarm knows that person."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Det finns ingen sådan person här, varken i registret eller i något larm. Inget har ändrats.",
                en="There is no such person here, neither in the register nor in any alarm. Nothing was changed.",
            ),
        )


async def place(connection: Connection, person: UUID, *, actor: str, reason: str, now: datetime) -> None:
    """Place a hold (as portal); the caller writes its entry. Raises AlreadyHeldError, NobodyToHoldError."""
    values = {"person": person, "now": now, "actor": actor, "reason": reason}
    row = await (await connection.execute(QUERIES["place_hold"], values)).fetchone()
    if row == ("held",):
        raise AlreadyHeldError
    if row != ("placed",):
        raise NobodyToHoldError


async def lift(connection: Connection, person: UUID) -> None:
    """Lift a hold (as portal); the caller writes its entry. Raises NotHeldError."""
    row = await (await connection.execute(QUERIES["lift_hold"], {"person": person})).fetchone()
    if row != (True,):
        raise NotHeldError


async def list_holds(connection: Connection) -> Sequence[Hold]:
    """Return the holds that stand, newest first (as portal), at most MOST_HOLDS."""
    async with connection.cursor(row_factory=class_row(Hold)) as cursor:
        await cursor.execute(QUERIES["list_holds"], {"most": MOST_HOLDS})
        return await cursor.fetchall()
