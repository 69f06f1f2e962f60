# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority sees of the protected configuration, as portal: what is otherwise, since when, who looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.protected.drift import QUERIES

LATE = timedelta(minutes=5)
"""When nobody has looked for so long, nothing is said to be as accepted."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """Something that is not as it was accepted."""

    name: str
    change: str
    """``changed``, ``missing`` or ``added``."""
    since: datetime


@dataclass(frozen=True, slots=True)
class Configuration:
    """How the protected configuration stands."""

    drifted: Sequence[Drifted]
    looked_at: datetime | None

    def is_watched(self, now: datetime) -> bool:
        """Whether it was looked at lately. No news is no good news."""
        return self.looked_at is not None and now - self.looked_at <= LATE


async def read_configuration(connection: Connection, authority_id: UUID) -> Configuration:
    """Return what concerns everybody and this authority, in the platform's database."""
    async with connection.cursor(row_factory=class_row(Drifted)) as cursor:
        await cursor.execute(QUERIES["read_drift"], {"authority_id": authority_id})
        drifted = await cursor.fetchall()
    row = await (await connection.execute(QUERIES["read_look"])).fetchone()
    return Configuration(drifted, None if row is None else row[0])
