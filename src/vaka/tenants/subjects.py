# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom and what the entries of an authority's log concern: looking people up, and naming what entries only identify."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.tenants.authorities import QUERIES

Connection = psycopg.AsyncConnection[Any]

MOST_PEOPLE = 20
"""Whoever finds more has to say more of whom he looks for."""
MOST_THINGS = 5000
MOST_WORDS = 6
SHORTEST_WORD = 2
_NUMBER = re.compile(r"([0-9]{8})[-+]?([0-9]{4})")


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A person in care who was looked up."""

    id: UUID
    given_name: str
    family_name: str
    personal_number: str
    born_on: date | None
    protected_identity: bool


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """What a person in care is called."""

    id: UUID
    given_name: str
    family_name: str
    protected_identity: bool


async def find_people(connection: Connection, text: str) -> Sequence[FoundPerson]:
    """Return whom ``text`` means, at most MOST_PEOPLE + 1 (as portal).

    A personal number of twelve digits finds its bearer. Words find everybody in whose name all of them are, but nobody
    with a protected identity. Less than a word of two letters finds nobody.
    """
    number = _NUMBER.fullmatch(text.strip())
    words = [word for word in text.lower().split()[:MOST_WORDS] if len(word) >= SHORTEST_WORD]
    if number is None and not words:
        return ()
    async with connection.cursor(row_factory=class_row(FoundPerson)) as cursor:
        await cursor.execute(
            QUERIES["find_people"],
            {
                "number": None if number is None else "".join(number.groups()),
                "words": words if number is None else None,
                "most": MOST_PEOPLE + 1,
            },
        )
        return await cursor.fetchall()


async def name_people(connection: Connection, ids: Iterable[UUID]) -> Mapping[UUID, NamedPerson]:
    """Return what these people are called; those who are not in the register (any more) are left out (as portal)."""
    async with connection.cursor(row_factory=class_row(NamedPerson)) as cursor:
        await cursor.execute(QUERIES["name_people"], {"ids": list(ids)})
        return {person.id: person for person in await cursor.fetchall()}


async def list_things_of_person(connection: Connection, person: UUID) -> Sequence[str]:
    """Return a person's devices and newest alarms as entries name them (as portal), at most MOST_THINGS.

    ``device:<uuid>``, ``alarm:<uuid>``.
    """
    cursor = await connection.execute(QUERIES["list_things_of_person"], {"person": person, "most": MOST_THINGS})
    return [row[0] for row in await cursor.fetchall()]


async def list_people_of_things(
    connection: Connection, *, alarms: Iterable[UUID], devices: Iterable[UUID]
) -> Mapping[UUID, UUID]:
    """Return whose these alarms and devices are: the thing's identifier → the person's (as portal)."""
    values = {"alarms": list(alarms), "devices": list(devices)}
    cursor = await connection.execute(QUERIES["list_people_of_things"], values)
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def name_units(connection: Connection, ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Return what these units are called (as portal)."""
    cursor = await connection.execute(QUERIES["name_units"], {"ids": list(ids)})
    return {row[0]: row[1] for row in await cursor.fetchall()}
