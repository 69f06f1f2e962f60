# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What was measured hour by hour, at its worst: kept by the scheduler, shown by office and portal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.operations.capacity.figures import Figures

QUERIES = load_queries("vaka.operations.capacity")


@dataclass(frozen=True, slots=True)
class CapacityHour:
    """One hour, at its worst."""

    hour: datetime
    measured: int
    """How often."""
    disk_free: int
    """Thousandths of the disk."""
    connections: int
    """Thousandths of those the server allows."""
    waiting: int | None
    """Of all authorities: told to the office alone."""
    silent: int
    """Receivers that did not say their figures."""
    answers: int
    answers_slow: int


async def report_capacity(platform: Connection, figures: Figures) -> None:
    """Keep one measurement, if it is the worst of its hour (as scheduler); the hour is of the database's clock."""
    said = {
        "disk_free": 1000 * figures.disk_free // max(figures.disk_size, 1),
        "connections": 1000 * figures.connections // max(figures.connections_allowed, 1), "waiting": figures.waiting,
        "silent": figures.receivers_silent, "answers": figures.answers, "answers_slow": figures.answers_slow,
    }  # fmt: skip
    await platform.execute(QUERIES["report_capacity"], said)


async def list_capacity_hours(platform: Connection, since: datetime) -> Sequence[CapacityHour]:
    """Return the hours in which anything was measured, oldest first (as office or portal)."""
    async with platform.cursor(row_factory=class_row(CapacityHour)) as cursor:
        await cursor.execute(QUERIES["list_capacity_hours"], {"since": since})
        return await cursor.fetchall()
