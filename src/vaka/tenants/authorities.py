# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authorities that are served, as the platform's directory knows them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries
from vaka.keys.letters import Addressee

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
    address: bytes = field(default=b"", repr=False)
    """Where letters about nobody who is known are sent: the address of a key that is the authority's own."""

    @property
    def addressee(self) -> Addressee:
        """Whom letters about nobody who is known are written to. Its key has the authority's own identifier."""
        return Addressee(self.id, self.address)

    @property
    def is_intake(self) -> bool:
        """Whether it is the reception of unknown senders."""
        return self.kind == "intake"


async def list_authorities(platform: psycopg.AsyncConnection[Any]) -> list[Authority]:
    """Return the active authorities, by slug; the intake too."""
    async with platform.cursor(row_factory=class_row(Authority)) as cursor:
        await cursor.execute(QUERIES["list_authorities"])
        return await cursor.fetchall()


async def list_every_authority(platform: psycopg.AsyncConnection[Any]) -> list[Authority]:
    """Return the closed authorities as well: their logs are sealed, read and verified as long as they are kept."""
    async with platform.cursor(row_factory=class_row(Authority)) as cursor:
        await cursor.execute(QUERIES["list_every_authority"])
        return await cursor.fetchall()
