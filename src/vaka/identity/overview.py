# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Accounts as the supplier's office sees them: what each is, how its human signs in, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.identity")
MOST_EVENTS = 100
"""Of an account's history, the newest; the whole of it is in the log."""


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account, with what it is worth now."""

    id: UUID
    human: UUID
    display_name: str
    kind: str
    """``user`` or ``administrator``."""
    language: str
    state: str
    created_at: datetime
    last_signed_in_at: datetime | None
    ends_at: datetime | None
    """When it is deactivated by itself."""
    roles: list[str]


@dataclass(frozen=True, slots=True)
class Link:
    """That an issuer knows whose the account is. Whom the issuer means stays with the sign-in page."""

    issuer: str
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the log about an account."""

    id: int
    happened_at: datetime
    event: str
    actor: str
    outcome: str
    detail: Mapping[str, Any]


async def list_overview(connection: Connection, now: datetime) -> list[AccountLine]:
    """Return every account, by name (as office)."""
    return await _read_overview(connection, None, now)


async def find_overview(connection: Connection, account_id: UUID, now: datetime) -> AccountLine | None:
    """Return one account, or None (as office)."""
    found = await _read_overview(connection, account_id, now)
    return found[0] if found else None


async def list_links(connection: Connection, account_id: UUID) -> list[Link]:
    """Return by which issuers an account is known, the oldest first (as office)."""
    async with connection.cursor(row_factory=class_row(Link)) as cursor:
        await cursor.execute(QUERIES["list_links"], {"account_id": account_id})
        return await cursor.fetchall()


async def read_history(connection: Connection, account_id: UUID) -> list[Happening]:
    """Return what became of an account, the newest first, MOST_EVENTS at most (as office)."""
    async with connection.cursor(row_factory=class_row(Happening)) as cursor:
        await cursor.execute(QUERIES["account_history"], {"account_id": account_id, "most": MOST_EVENTS})
        return await cursor.fetchall()


async def _read_overview(connection: Connection, account_id: UUID | None, now: datetime) -> list[AccountLine]:
    async with connection.cursor(row_factory=class_row(AccountLine)) as cursor:
        await cursor.execute(QUERIES["list_overview"], {"account_id": account_id, "now": now})
        return await cursor.fetchall()
