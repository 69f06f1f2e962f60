# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The key database's rows, and how they are read and written. Everything in them is wrapped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.keys.settling import StoreState

QUERIES = load_queries("vaka.keys")
PAGE = 1000
"""So many keys are read, wrapped or written at a time."""
FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class WrappedAuthorityKey:
    """An authority's key-encryption key, and the root version it is under."""

    version: int
    wrapped: bytes
    root_version: int


@dataclass(frozen=True, slots=True)
class ListedAuthorityKey:
    """One of all of them."""

    authority_id: UUID
    version: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class WrappedSubjectKey:
    """A person's data key, and the version of the authority's key it is under."""

    subject_id: UUID
    version: int
    address: bytes
    wrapped: bytes
    key_version: int


@dataclass(frozen=True, slots=True)
class WrappedLookupKey:
    """A lookup key, and the version of the authority's key it is under."""

    purpose: str
    wrapped: bytes
    key_version: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did."""

    order: UUID
    authority: UUID
    whole: bool
    subjects: int
    """People whose keys were destroyed."""
    rewrapped: int
    """Keys that live on, under the new version."""
    key_destroyed: int
    key_new: int | None
    root_destroyed: int
    root_new: int
    generation: int


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A line of the register."""

    kind: str
    owner: str
    purpose: str
    version: int
    created_at: datetime
    destroyed_at: datetime | None
    keys: int


@dataclass(frozen=True, slots=True)
class ErasedSubject:
    """Somebody whose keys were destroyed, and the order."""

    subject: UUID
    order: UUID


@dataclass(frozen=True, slots=True)
class ErasedAuthority:
    """By which order all keys of an authority were destroyed, and when."""

    order: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredEdition:
    """Which editions of an object's values count; the table says how the numbers are meant."""

    authority: UUID
    object: UUID
    issued: int
    settled: int
    turn: int


@dataclass(frozen=True, slots=True)
class LostObject:
    """An object of which an edition was written that the key database knows nothing of."""

    object: UUID


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    authorities: int
    subjects: int
    erasures: int


Row = TypeVar("Row")
Values = Mapping[str, object]


async def fetch_all(connection: Connection, row: type[Row], query: str, values: Values | None = None) -> list[Row]:
    """Return the rows of a query of this package."""
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        await cursor.execute(QUERIES[query], values)
        return await cursor.fetchall()


async def fetch_one(connection: Connection, row: type[Row], query: str, values: Values | None = None) -> Row | None:
    """Return the one row of a query of this package, or None."""
    rows = await fetch_all(connection, row, query, values)
    return rows[0] if rows else None


async def fetch_value(connection: Connection, query: str, values: Values | None = None) -> object:
    """Return the first column of the first row, or None."""
    row = await (await connection.execute(QUERIES[query], values)).fetchone()
    return None if row is None else row[0]


async def change(connection: Connection, query: str, values: Values) -> int:
    """Carry out a change and return how many rows it was about."""
    return (await connection.execute(QUERIES[query], values)).rowcount


async def read_store(connection: Connection) -> StoreState | None:
    """Return what the database says of itself; None where it holds nothing yet."""
    return await fetch_one(connection, StoreState, "read_store")


async def read_page(
    connection: Connection, authority: UUID, after: tuple[UUID, int], limit: int = PAGE
) -> list[WrappedSubjectKey]:
    """Return the keys of an authority's people that come after one, in order."""
    values = {"authority": authority, "subject": after[0], "version": after[1], "limit": limit}
    return await fetch_all(connection, WrappedSubjectKey, "read_subject_key_page", values)


async def rewrap_page(connection: Connection, authority: UUID, rows: Sequence[WrappedSubjectKey]) -> int:
    """Write keys that were wrapped anew."""
    return await change(
        connection,
        "rewrap_subject_keys",
        {
            "authority": authority,
            "subjects": [row.subject_id for row in rows],
            "versions": [row.version for row in rows],
            "wrapped": [row.wrapped for row in rows],
        },
    )
