# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authorities that are served, as the platform's directory knows them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.tenants")


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority: a tenant with its own database."""

    id: UUID
    slug: str
    name: str
    kind: str
    """``authority``, or ``intake`` for the supplier's own reception of unknown senders."""
    database_name: str

    @property
    def is_intake(self) -> bool:
        """Whether it is the reception of unknown senders."""
        return self.kind == "intake"


async def list_authorities(platform: psycopg.AsyncConnection[Any]) -> list[Authority]:
    """Return the active authorities, by slug; the intake too."""
    async with platform.cursor(row_factory=class_row(Authority)) as cursor:
        await cursor.execute(QUERIES["list_authorities"])
        return await cursor.fetchall()
