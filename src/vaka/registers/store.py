# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What stands in the registers, as the office reads it and as an authority is shown it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.registers.model import Line, Register, State, Version

QUERIES = load_queries("vaka.registers")


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """That somebody has read and accepts what was written in a version."""

    content: int
    account_id: UUID
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry that holds, as an authority sees it: without who wrote it."""

    entry: UUID
    number: int
    register: str
    state: State
    fields: Mapping[str, str]
    content: int
    digest: bytes
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ShownRegister:
    """How much of a register an authority is shown, and how many entries that concern it hold in each state."""

    register: str
    how: str
    counts: Mapping[State, int]


async def list_lines(connection: Connection, register: Register) -> list[Line]:
    """Return the entries of a register, those withdrawn too (as office)."""
    newest = await _versions(connection, "list_newest_versions", register=register.name)
    holding = {one.entry: one for one in await _versions(connection, "list_holding_versions", register=register.name)}
    return [Line(one, holding.get(one.entry)) for one in newest]


async def read_history(connection: Connection, entry: UUID) -> list[Version]:
    """Return every version of an entry, the newest first; none where there is no such entry (as office)."""
    return await _versions(connection, "list_versions", entry=entry)


async def list_acknowledgements(connection: Connection, entry: UUID) -> list[Acknowledgement]:
    """Return who has read and accepts which version of an entry (as office)."""
    cursor = await connection.execute(QUERIES["list_acknowledgements"], {"entry": entry})
    return [Acknowledgement(*row) for row in await cursor.fetchall()]


async def read_showings(connection: Connection, register: str) -> dict[UUID, str]:
    """Return which authorities are shown a register, and how (as office)."""
    return dict(await (await connection.execute(QUERIES["list_showings"], {"register": register})).fetchall())


async def count_entries(connection: Connection) -> dict[str, dict[State, int]]:
    """Return how many entries hold in each register, by state (as office)."""
    counts: dict[str, dict[State, int]] = {}
    for register, state, entries in await (await connection.execute(QUERIES["count_entries"])).fetchall():
        counts.setdefault(register, {})[State(state)] = entries
    return counts


async def list_shown_registers(connection: Connection, authority_id: UUID) -> list[ShownRegister]:
    """Return what an authority is shown; nothing where nobody decided that it is (as portal)."""
    cursor = await connection.execute(QUERIES["count_shown_entries"], {"authority_id": authority_id})
    shown: dict[str, tuple[str, dict[State, int]]] = {}
    for register, how, state, entries in await cursor.fetchall():
        counts = shown.setdefault(register, (how, {}))[1]
        if state is not None:
            counts[State(state)] = entries
    return [ShownRegister(register, how, counts) for register, (how, counts) in shown.items()]


async def list_shown_entries(connection: Connection, authority_id: UUID, register: str) -> list[ShownEntry]:
    """Return the entries that an authority is shown of a register (as portal)."""
    rows = await _rows(connection, "list_shown_entries", authority_id=authority_id, register=register)
    return [ShownEntry(**{**row, "state": State(row["state"]), "digest": bytes(row["digest"])}) for row in rows]


async def _versions(connection: Connection, statement: str, **values: object) -> list[Version]:
    return [
        Version(
            **{
                **row,
                "state": State(row["state"]),
                "concerned": None if row["concerned"] is None else tuple(row["concerned"]),
                "digest": bytes(row["digest"]),
            }
        )
        for row in await _rows(connection, statement, **values)
    ]


async def _rows(connection: Connection, statement: str, **values: object) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[statement], values)
        return await cursor.fetchall()
