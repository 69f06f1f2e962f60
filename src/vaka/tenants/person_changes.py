# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Changing people who are registered (as setup or registry): all about one is written anew, and what was there is
refused.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from datetime import datetime

from vaka.keys.keyring import AuthorityKeys
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged, require_standing
from vaka.tenants.authorities import QUERIES
from vaka.tenants.bulk import as_json, in_batches
from vaka.tenants.kept_people import open_kept, read_kept
from vaka.tenants.people import Connection, Person, insert_about, seal_person

Look = Callable[[], Awaitable[None]]


async def _see_nothing() -> None:
    """Whatever is there, it is written anew."""


async def change_people(
    connection: Connection,
    keys: AuthorityKeys,
    people: Sequence[Person],
    *,
    actor: str,
    now: datetime,
    before_writing: Look = _see_nothing,
) -> int:
    """Make registered people what `people` say of them, contacts and notes included; return how many changed.

    On a connection in no transaction: what is settled must be kept. ``before_writing`` is called in the
    transaction that writes, once for each batch, and raises where nothing may be written.

    Who is not registered is left out; who has nothing to change has no entry. Raises KeysUnavailableError,
    LedgerStandsStillError, and what the keyholder refuses.
    """
    changed = 0
    for batch in in_batches(people):
        await keys.hold([person.id for person in batch])
        async with connection.transaction():
            kept = await read_kept(connection, [person.id for person in batch])
        before = {one.id: open_kept(keys, one) for one in kept}
        told = {one.id: _compare(before[one.id], one) for one in batch if one.id in before}
        new = [one for one in batch if told.get(one.id)]
        if new:  # what is refused anyway uses up no numbers
            async with connection.transaction():
                await require_standing(connection, now)
        # Before the transaction: a number that nobody uses harms nobody, and no lock waits for the keyholder.
        editions = await keys.issue_editions([one.id for one in new])
        rows = [await seal_person(keys, one, editions[one.id]) for one in new]
        async with connection.transaction():
            if new:
                await before_writing()
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


def _compare(before: Person | None, after: Person) -> str:
    """Return the names of what is to be another than before, with commas between; all of it where nobody can tell."""
    return ",".join(
        field.name
        for field in fields(Person)
        if before is None or getattr(before, field.name) != getattr(after, field.name)
    )
