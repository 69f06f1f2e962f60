# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Evidence as it lies in the database, line by line as JSON: one authority's own, and what concerns all alike."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from vaka.assurance.evidence import QUERIES
from vaka.assurance.oscal_cases import is_open
from vaka.assurance.oscal_parts import OpenCase
from vaka.cases.reading import describe_case, list_cases, list_entries
from vaka.database.connections import Connection
from vaka.registers.declarations import load_registers
from vaka.registers.files import list_shown_files

LOOKS_KEPT = timedelta(days=31)
"""Of so long every look is given; a look that found nothing new says only that somebody looked."""
FINDINGS_KEPT = timedelta(days=366)
"""Of so long every finding is given, and besides whatever stands."""
MOST_LOOKS = 200_000
MOST_FINDINGS = 50_000
MOST_CASES = 2_000
MOST_OPEN = 200
_AT_ONCE = 2000


async def read_looks(connection: Connection, authority_id: UUID, now: datetime) -> AsyncIterator[bytes]:
    """Yield a line for each look, newest first (as portal, in a transaction); at most MOST_LOOKS."""
    values = {"authority_id": authority_id, "since": now - LOOKS_KEPT, "most": MOST_LOOKS}
    async for line in _read(connection, "list_looks", values):
        yield line


async def read_findings(connection: Connection, authority_id: UUID, now: datetime) -> AsyncIterator[bytes]:
    """Yield a line for each finding, newest first (as portal, in a transaction); at most MOST_FINDINGS."""
    values = {"authority_id": authority_id, "since": now - FINDINGS_KEPT, "most": MOST_FINDINGS}
    async for line in _read(connection, "list_findings", values):
        yield line


async def read_cases(connection: Connection, authority_id: UUID) -> AsyncIterator[bytes]:
    """Yield a line for each case that touches an authority, newest first (as portal); at most MOST_CASES.

    Each is what its file says: what the authority sees, without what is marked RED.
    """
    for case in (await list_cases(connection, authority_id))[:MOST_CASES]:
        yield write_line(describe_case(case, await list_entries(connection, case.id, authority_id)))


async def read_open_cases(connection: Connection, authority_id: UUID) -> list[OpenCase]:
    """Return the cases that touch an authority and are open, newest first (as portal); at most MOST_OPEN."""
    found = [one for one in await list_cases(connection, authority_id) if is_open(one.state)][:MOST_OPEN]
    return [OpenCase(one, await list_entries(connection, one.id, authority_id)) for one in found]


async def read_files(connection: Connection, authority_id: UUID) -> AsyncIterator[bytes]:
    """Yield a line for each file at an entry that the authority is shown, by register (as portal): what it is called,
    and the fingerprint that the log told of when it was attached.
    """
    for register in load_registers().values():
        if register.shown == "entries":
            for one in await list_shown_files(connection, authority_id, register.name):
                yield write_line(
                    {"register": register.name, "entry": str(one.entry), "version": one.content, "file": str(one.id),
                     "name": one.name, "media_type": one.media_type, "size": one.size, "sha256": one.sha256.hex(),
                     "attached_at": one.made_at}
                )  # fmt: skip


async def _read(connection: Connection, query: str, values: dict[str, Any]) -> AsyncIterator[bytes]:
    # A cursor of the server's: what is asked for is never in our memory as a whole.
    async with connection.cursor(name=query, row_factory=dict_row) as cursor:
        cursor.itersize = _AT_ONCE
        await cursor.execute(QUERIES[query], values)
        async for row in cursor:
            yield write_line(row)


def write_line(row: dict[str, Any]) -> bytes:
    """Return one row as a line of JSON, its times in UTC."""
    told = {name: _moment(value) if isinstance(value, datetime) else value for name, value in row.items()}
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
