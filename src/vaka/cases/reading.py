# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Cases as the office reads them, whole, and as an authority does: what touches it, and of that what it may see."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, TypeVar
from uuid import UUID

from psycopg.rows import class_row

from vaka.cases.model import QUERIES, Case, CaseEntry, Receipt, Touch, may_leave
from vaka.database.connections import Connection

Row = TypeVar("Row")


async def list_cases(connection: Connection, authority_id: UUID | None = None) -> list[Case]:
    """Return the cases, the newest first: all (as office), or those that touch an authority (as portal)."""
    if authority_id is None:
        return await _rows(connection, Case, "list_cases", {"case_id": None})
    return await _rows(connection, Case, "list_cases_of", {"authority_id": authority_id, "case_id": None})


async def find_case(connection: Connection, case_id: UUID, authority_id: UUID | None = None) -> Case | None:
    """Return one case (as office), or one that touches an authority (as portal); None where there is no such."""
    query, values = "list_cases", {"case_id": case_id}
    if authority_id is not None:
        query, values = "list_cases_of", {"case_id": case_id, "authority_id": authority_id}
    return next(iter(await _rows(connection, Case, query, values)), None)


async def list_titles(connection: Connection, authority_id: UUID | None = None) -> Mapping[UUID, str]:
    """Return what cases are called: all (as office), or where an authority may see it (as portal)."""
    query = QUERIES["list_titles" if authority_id is None else "list_titles_of"]
    return dict(await (await connection.execute(query, {"authority_id": authority_id})).fetchall())


async def list_entries(connection: Connection, case_id: UUID, authority_id: UUID | None = None) -> list[CaseEntry]:
    """Return what was written in a case: everything (as office), or what an authority may see (as portal).

    To an authority the entries are numbered by what it sees of them: no gap tells how much is said to others.
    """
    if authority_id is None:
        return await _rows(connection, CaseEntry, "list_entries", {"case_id": case_id})
    return await _rows(connection, CaseEntry, "list_entries_of", {"case_id": case_id, "authority_id": authority_id})


async def list_receipts(connection: Connection, case_id: UUID, authority_id: UUID | None = None) -> list[Receipt]:
    """Return who has seen what of it."""
    if authority_id is None:
        return await _rows(connection, Receipt, "list_receipts", {"case_id": case_id})
    return await _rows(connection, Receipt, "list_receipts_of", {"case_id": case_id, "authority_id": authority_id})


async def list_touches(connection: Connection, case_id: UUID | None = None) -> list[Touch]:
    """Return which case touches whom, or whom one does (as office)."""
    return await _rows(connection, Touch, "list_touches", {"case_id": case_id})


def write_file(case: Case, entries: Sequence[CaseEntry]) -> bytes:
    """Return a case as a file (JSON)."""
    return json.dumps(describe_case(case, entries), ensure_ascii=False, indent=1).encode() + b"\n"


def describe_case(case: Case, entries: Sequence[CaseEntry]) -> dict[str, Any]:
    """Return a case as it leaves: without anybody's name, and without what is marked RED; says how much that is."""
    leaving = may_leave(entries)
    return {
        "format": "vaka case 1", "case": case.number, "id": str(case.id), "kind": case.kind, "severity": case.severity,
        "state": case.state, "known_at": case.known_at.astimezone(UTC).isoformat(),
        "fixed_at": case.fixed_at and case.fixed_at.astimezone(UTC).isoformat(), "reports": list(case.reports),
        "left_out": {"TLP:RED": len(entries) - len(leaving)},
        "entries": [
            {
                "number": one.number, "kind": one.kind, "side": one.side, "tlp": f"TLP:{one.tlp}", "text": one.text,
                "facts": dict(one.facts), "at": one.made_at.astimezone(UTC).isoformat(), "digest": one.digest.hex(),
            }
            for one in leaving
        ],
    }  # fmt: skip


async def _rows(connection: Connection, row: type[Row], query: str, values: dict[str, Any]) -> list[Row]:
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        await cursor.execute(QUERIES[query], values)
        return await cursor.fetchall()
