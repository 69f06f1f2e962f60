# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority was told of vulnerabilities, with its clocks: known, told, seen there, mended (as portal)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.operations.vulnerabilities.importing import QUERIES


@dataclass(frozen=True, slots=True)
class Told:
    """A vulnerability of a component, as the authority that it concerns sees it."""

    id: UUID
    vulnerability: str
    purl: str
    name: str
    version: str
    severity: str
    fixed_version: str
    summary: str
    reference: str
    case_id: UUID
    known_at: datetime
    told_at: datetime
    seen_at: datetime | None
    """When somebody there said that he has seen it."""
    fix_by: datetime
    ended_at: datetime | None
    ended_because: str | None
    justification: str | None
    because: str | None
    now_purl: str | None
    now_version: str | None
    """What runs there by now."""

    def is_late(self, now: datetime) -> bool:
        """Whether it was, or is, open for longer than agreed."""
        return (self.ended_at or now) > self.fix_by


async def list_told(connection: Connection, authority_id: UUID, case_id: UUID | None = None) -> Sequence[Told]:
    """Return what an authority was told of, what is open first: in all cases, or in one."""
    async with connection.cursor(row_factory=class_row(Told)) as cursor:
        await cursor.execute(QUERIES["list_vulnerabilities_of"], {"authority_id": authority_id, "case_id": case_id})
        return await cursor.fetchall()
