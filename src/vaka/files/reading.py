# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The files that came with messages, as the office reads them, all; and as an authority gets those that it may see."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.files.keeping import QUERIES
from vaka.files.model import Kept, MessageFile


async def read_case_file(
    connection: Connection, case_id: UUID, number: int, authority_id: UUID | None = None
) -> Kept | None:
    """Return the file of an entry of a case, by its number (as office); or, by the number that it has for an authority,
    one that this may see and that is not RED (as portal). None where there is no such.
    """
    name = "read_every_case_file" if authority_id is None else "read_case_file"
    return await _read(connection, name, case_id=case_id, number=number, authority_id=authority_id)


async def read_inquiry_file(
    connection: Connection, inquiry: UUID, number: int, authority_id: UUID | None = None
) -> Kept | None:
    """Return the file of what was said in a question (as office), or in one of an authority's own (as portal)."""
    name = "read_every_inquiry_file" if authority_id is None else "read_inquiry_file"
    return await _read(connection, name, inquiry=inquiry, number=number, authority_id=authority_id)


async def list_inquiry_files(
    connection: Connection, inquiries: Sequence[UUID], authority_id: UUID | None = None
) -> dict[tuple[UUID, int], MessageFile]:
    """Return the files in questions, by the question and the number of what was said: any (as office), or in those of
    one authority (as portal).
    """
    name = "list_every_inquiry_file" if authority_id is None else "list_inquiry_files"
    async with connection.cursor(row_factory=class_row(MessageFile)) as cursor:
        await cursor.execute(QUERIES[name], {"inquiries": list(inquiries), "authority_id": authority_id})
        return {(one.inquiry, one.number): one async for one in cursor}


async def _read(connection: Connection, name: str, **values: Any) -> Kept | None:
    async with connection.cursor(row_factory=class_row(Kept)) as cursor:
        return await (await cursor.execute(QUERIES[name], values)).fetchone()
