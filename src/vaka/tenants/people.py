# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Registering people in care, their contacts and notes, and the units that answer for them (as setup)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import psycopg

from vaka.keys.keyring import AuthorityKeys
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.tenants.authorities import QUERIES
from vaka.tenants.bulk import as_json, in_batches
from vaka.tenants.lookups import key_of_number, key_of_phone

Connection = psycopg.AsyncConnection[Any]
_FIRST: Mapping[UUID, int] = MappingProxyType({})
"""Who is registered is the first edition of himself."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ring; the order of the list is the order to ring in."""

    name: str
    phone: str
    relation: str = ""
    has_key: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A note the operator sees, first and marked if ``must_see``, until it expires."""

    id: UUID
    body: str
    written_at: datetime
    must_see: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that answers: home care, night patrol."""

    id: UUID
    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class UnitHours:
    """When a unit answers for an area: minutes after local midnight; may pass midnight; equal means the whole day."""

    area: str
    from_minute: int
    until_minute: int
    unit_id: UUID


@dataclass(frozen=True, slots=True)
class Person:
    """A person in care."""

    id: UUID
    given_name: str
    family_name: str
    personal_number: str = ""
    born_on: date | None = None
    phone: str = ""
    language: str = "svenska"
    hearing: str = ""
    speech: str = ""
    cognition: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    floor: str = ""
    door_code: str = ""
    route: str = ""
    latitude: float | None = None
    longitude: float | None = None
    area: str = ""
    risks: tuple[str, ...] = ()
    care_notes: str = ""
    key_number: str = ""
    key_box: str = ""
    digital_lock: str = ""
    protected_identity: bool = False
    absent_from: datetime | None = None
    absent_until: datetime | None = None
    absence_reason: str = ""
    contacts: tuple[Contact, ...] = ()
    notes: tuple[Note, ...] = ()


async def register_units(
    connection: Connection, units: Sequence[Unit], hours: Sequence[UnitHours], *, actor: str, now: datetime
) -> int:
    """Register units and their hours in one authority's database; those already there stay. Return how many are new."""
    async with connection.transaction():
        new = await _insert(connection, "register_units", [asdict(unit) for unit in units])
        concerned = new + await _insert(connection, "register_unit_hours", [asdict(line) for line in hours])
        entries = [Entry(Event.UNIT_REGISTERED, actor, now, f"unit:{unit_id}") for unit_id in dict.fromkeys(concerned)]
        await append_privileged(connection, entries)
    return len(new)


async def register_people(
    connection: Connection, keys: AuthorityKeys, people: Sequence[Person], *, actor: str, now: datetime
) -> int:
    """Register people with contacts and notes, each sealed under a data key of their own; return how many are new.

    Those already there (by identifier) stay as they are. Raises what the keyholder refuses, KeysUnavailableError.
    """
    registered = 0
    for batch in in_batches(people):
        # Before the transaction: a key that nobody uses harms nobody, and no lock waits for the keyholder.
        await keys.create([person.id for person in batch])
        rows = [await seal_person(keys, person) for person in batch]
        async with connection.transaction():
            new = await _insert(connection, "register_people", rows)
            known = set(new)
            await insert_about(connection, keys, [person for person in batch if person.id in known])
            entries = [Entry(Event.PERSON_REGISTERED, actor, now, f"person:{person_id}") for person_id in new]
            await append_privileged(connection, entries)
        registered += len(new)
    return registered


async def insert_about(
    connection: Connection, keys: AuthorityKeys, people: Sequence[Person], editions: Mapping[UUID, int] = _FIRST
) -> None:
    """Write down, in an open transaction, whom to ring for these people and what is noted of them."""
    contacts = [
        keys.seal_row(
            "contact", f"{person.id}/{position}", person.id,
            {"person_id": person.id, "position": position, **asdict(contact)}, editions.get(person.id, 0),
        )
        for person in people
        for position, contact in enumerate(person.contacts, 1)
    ]  # fmt: skip
    notes = [
        keys.seal_row(
            "note", str(note.id), person.id, {"person_id": person.id, **asdict(note)}, editions.get(person.id, 0)
        )
        for person in people
        for note in person.notes
    ]
    await _insert(connection, "register_contacts", contacts)
    await _insert(connection, "register_notes", notes)


async def _insert(connection: Connection, query: str, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    if not rows:
        return []
    cursor = await connection.execute(QUERIES[query], {"rows": as_json(rows)})
    return [row[0] for row in await cursor.fetchall()]


async def seal_person(keys: AuthorityKeys, person: Person, edition: int = 0) -> dict[str, Any]:
    """Return the person's row of the register, sealed. Raises KeysUnavailableError."""
    facts = {
        field.name: getattr(person, field.name) for field in fields(person) if field.name not in ("contacts", "notes")
    }
    return {
        **keys.seal_row("person", str(person.id), person.id, facts, edition),
        "personal_number_key": await key_of_number(keys, person.personal_number),
        "phone_key": await key_of_phone(keys, person.phone),
        "address": keys.address(person.id),
    }
