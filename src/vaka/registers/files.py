# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The files at entries, as the office reads them and as an authority is shown them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.files.model import Kept
from vaka.registers.model import Version
from vaka.registers.store import QUERIES

Read = TypeVar("Read", bound=Kept)


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is listed: what it is, and not what is in it."""

    id: UUID
    entry: UUID
    content: int
    """The version whose text it was attached to."""
    name: str
    media_type: str
    size: int
    """Bytes."""
    sha256: bytes
    made_by: UUID
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file as an authority sees it: without who attached it."""

    id: UUID
    entry: UUID
    content: int
    name: str
    media_type: str
    size: int
    sha256: bytes
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Shown(Kept):
    """A file with its bytes, as an authority gets it."""

    register: str = ""


async def list_every_file(connection: Connection, entry: UUID) -> list[File]:
    """Return the files of every version of an entry, the oldest first (as office)."""
    async with connection.cursor(row_factory=class_row(File)) as cursor:
        return await (await cursor.execute(QUERIES["list_files"], {"entry": entry})).fetchall()


async def list_files(connection: Connection, version: Version) -> list[File]:
    """Return the files of the text that a version has (as office)."""
    return [one for one in await list_every_file(connection, version.entry) if one.content == version.content]


async def read_file(connection: Connection, entry: UUID, file: UUID) -> Kept | None:
    """Return a file of an entry with its bytes (as office)."""
    return await _read(connection, Kept, "read_file", entry=entry, id=file)


async def list_shown_files(connection: Connection, authority_id: UUID, register: str) -> list[ShownFile]:
    """Return the files at the entries that an authority is shown of a register (as portal)."""
    async with connection.cursor(row_factory=class_row(ShownFile)) as cursor:
        asked = {"authority_id": authority_id, "register": register}
        return await (await cursor.execute(QUERIES["list_shown_files"], asked)).fetchall()


async def read_shown_file(connection: Connection, authority_id: UUID, file: UUID) -> Shown | None:
    """Return one of them with its bytes (as portal)."""
    return await _read(connection, Shown, "read_shown_file", authority_id=authority_id, id=file)


def fingerprint_of(files: Sequence[File]) -> str:
    """Return a SHA-256 over what files hold and are called, in whatever order they come."""
    lines = sorted(f"{one.sha256.hex()} {one.name}" for one in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


async def _read(connection: Connection, row: type[Read], statement: str, **values: Any) -> Read | None:
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        return await (await cursor.execute(QUERIES[statement], values)).fetchone()
