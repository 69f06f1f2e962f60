# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom and what the entries of an authority's log concern: looking people up, and naming what entries only identify."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.keys.opening import open_rows
from vaka.tenants.authorities import QUERIES
from vaka.tenants.gateway import Gateway
from vaka.tenants.lookups import is_personal_number, is_phone, key_of_phone, keys_of_numbers
from vaka.tenants.names import NameIndexes

Connection = psycopg.AsyncConnection[Any]

MOST_PEOPLE = 20
"""Whoever finds more has to say more of whom he looks for."""
MOST_THINGS = 5000
MOST_WORDS = 6
SHORTEST_WORD = 2


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


async def find_people(
    gateway: Gateway, keyring: Keyring, names: NameIndexes, authority: UUID, text: str
) -> Sequence[FoundPerson]:
    """Return whom ``text`` means (as portal).

    A personal number finds its bearer. A telephone number finds whoever has it, words everybody in whose name all of
    them are, but neither of them anybody with a protected identity. Less than a word of two letters finds nobody.
    Raises KeysUnavailableError, DatabaseUnavailableError.
    """
    keys = keyring.of(authority)
    wanted: dict[str, object]
    if is_personal_number(text):
        wanted = {"numbers": await keys_of_numbers(keys, text), "phone": None, "ids": None}
    elif is_phone(text):
        wanted = {"numbers": None, "phone": await key_of_phone(keys, text), "ids": None}
    else:
        words = [word for word in text.split()[:MOST_WORDS] if len(word) >= SHORTEST_WORD]
        if not words:
            return ()
        called = await names.find(authority, words, protected=False)
        wanted = {"numbers": None, "phone": None, "ids": [one.id for one in called[: MOST_PEOPLE + 1]]}
    return await _read_people(gateway, keys, wanted)


async def read_people(
    gateway: Gateway, keyring: Keyring, authority: UUID, ids: Collection[UUID]
) -> Mapping[UUID, FoundPerson]:
    """Return these people (as portal); who is not in the register (any more), or locked, is left out.

    Raises KeysUnavailableError, DatabaseUnavailableError.
    """
    wanted: dict[str, object] = {"numbers": None, "phone": None, "ids": list(ids)}
    found = await _read_people(gateway, keyring.of(authority), wanted, most=len(ids)) if ids else ()
    return {one.id: one for one in found}


async def _read_people(
    gateway: Gateway, keys: AuthorityKeys, wanted: Mapping[str, object], most: int = MOST_PEOPLE + 1
) -> Sequence[FoundPerson]:
    async with gateway.transaction(keys.authority) as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES["find_people"], {**wanted, "most": most})
        rows = await cursor.fetchall()
    await keys.hold([row["id"] for row in rows])
    found = [FoundPerson(**opened) for opened in await _open(keys, rows) if opened is not None]
    return sorted(found, key=lambda one: (one.family_name, one.given_name, one.id))


async def name_people(connection: Connection, keys: AuthorityKeys, ids: Iterable[UUID]) -> Mapping[UUID, NamedPerson]:
    """Return what these people are called; who is not in the register (any more), or locked, is left out (as portal).

    It waits for the keyholder next to nothing: a log is read without names rather than not at all.
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES["name_people"], {"ids": list(ids)})
        rows = await cursor.fetchall()
    await keys.hold([row["id"] for row in rows], hasty=True)
    return {opened["id"]: NamedPerson(**opened) for opened in await _open(keys, rows) if opened is not None}


async def _open(keys: AuthorityKeys, rows: Sequence[Mapping[str, Any]]) -> Sequence[dict[str, Any] | None]:
    return await open_rows(keys, "person", [(str(row["id"]), row["id"], row) for row in rows])


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
