# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The days that the supplier has to keep, as its registers say them; and of an authority, those it is shown."""

from dataclasses import replace
from uuid import UUID

from vaka.assurance.evidence import QUERIES
from vaka.assurance.tasks import EntryDays, Task, list_register_tasks
from vaka.database.connections import Connection
from vaka.registers.model import State


async def read_deadlines(connection: Connection) -> list[Task]:
    """Return every day there is to keep, the nearest first (as office or scheduler)."""
    cursor = await connection.execute(QUERIES["list_register_days"])
    return list_register_tasks(map(_read, await cursor.fetchall()))


async def read_shown_deadlines(connection: Connection, authority_id: UUID) -> list[Task]:
    """Return those of the registers that an authority is shown entry by entry (as portal or scheduler).

    Each leads to the page where its portal shows them: the entries' own are the supplier's.
    """
    cursor = await connection.execute(QUERIES["list_shown_days"], {"authority_id": authority_id})
    return [replace(task, page="registers") for task in list_register_tasks(map(_read, await cursor.fetchall()))]


def _read(row: tuple[object, ...]) -> EntryDays:
    entry, register, state, concerned, made_at, days = row
    return EntryDays(entry, register, State(state), concerned, made_at, days)  # type: ignore[arg-type]
