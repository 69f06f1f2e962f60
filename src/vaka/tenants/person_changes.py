# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Changing people who are registered (as setup): all about one is written anew, and what was there is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from vaka.crypto.aead import UnopenableError
from vaka.keys.keyring import AuthorityKeys
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged, require_standing
from vaka.tenants.authorities import QUERIES
from vaka.tenants.bulk import as_json, in_batches
from vaka.tenants.people import Connection, Contact, Note, Person, insert_about, seal_person


async def change_people(
    connection: Connection, keys: AuthorityKeys, people: Sequence[Person], *, actor: str, now: datetime
) -> int:
    """Make registered people what `people` say of them, contacts and notes included; return how many changed.

    Who is not registered is left out; who has nothing to change has no entry. Raises KeysUnavailableError,
    LedgerStandsStillError, and what the keyholder refuses.
    """
    changed = 0
    for batch in in_batches(people):
        await keys.hold([person.id for person in batch])
        before = await _read(connection, keys, [person.id for person in batch])
        told = {one.id: _compare(before[one.id], one) for one in batch if one.id in before}
        new = [one for one in batch if told.get(one.id)]
        if new:  # what is refused anyway uses up no numbers
            async with connection.transaction():
                await require_standing(connection, now)
        # Before the transaction: a number that nobody uses harms nobody, and no lock waits for the keyholder.
        editions = await keys.issue_editions([one.id for one in new])
        rows = [await seal_person(keys, one, editions[one.id]) for one in new]
        async with connection.transaction():
            found = await (await connection.execute(QUERIES["change_people"], {"rows": as_json(rows)})).fetchall()
            there = {row[0] for row in found}
            await connection.execute(QUERIES["forget_about_people"], {"ids": list(there)})
            await insert_about(connection, keys, [one for one in new if one.id in there], editions)
            await append_privileged(connection, [
                Entry(Event.PERSON_CHANGED, actor, now, f"person:{one.id}", detail={
                    "fields": told[one.id], "edition": editions[one.id],
                })
                for one in new
                if one.id in there
            ])  # fmt: skip
        await keys.settle_editions({one: editions[one] for one in there})
        changed += len(there)
    return changed


async def _read(connection: Connection, keys: AuthorityKeys, ids: Sequence[UUID]) -> dict[UUID, Person | None]:
    """Return who is registered; None where what is there does not open."""
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        found = []
        for query in ("read_sealed_people", "read_sealed_contacts", "read_sealed_notes"):
            await cursor.execute(QUERIES[query], {"people": list(ids)})
            found.append(await cursor.fetchall())
    people, contacts, notes = found
    return {row["id"]: _open(keys, row, contacts, notes) for row in people}


def _open(
    keys: AuthorityKeys,
    row: Mapping[str, Any],
    contacts: Sequence[Mapping[str, Any]],
    notes: Sequence[Mapping[str, Any]],
) -> Person | None:
    subject = row["id"]
    try:
        facts = keys.open_row("person", str(subject), subject, row)
        return Person(
            **facts | {"risks": tuple(facts["risks"])},
            contacts=tuple(
                Contact(**{name: value for name, value in opened.items() if name not in ("person_id", "position")})
                for opened in (
                    keys.open_row("contact", f"{subject}/{one['position']}", subject, one)
                    for one in contacts
                    if one["person_id"] == subject
                )
            ),
            notes=tuple(
                Note(**{name: value for name, value in opened.items() if name != "person_id"})
                for opened in (
                    keys.open_row("note", str(one["id"]), subject, one) for one in notes if one["person_id"] == subject
                )
            ),
        )
    except UnopenableError:
        return None


def _compare(before: Person | None, after: Person) -> str:
    """Return the names of what is to be another than before, with commas between; all of it where nobody can tell."""
    return ",".join(
        field.name
        for field in fields(Person)
        if before is None or getattr(before, field.name) != getattr(after, field.name)
    )
