# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is kept about people in care, as it is kept: sealed, and with a version that tells two states apart."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from vaka.crypto.aead import UnopenableError
from vaka.database.connections import Connection
from vaka.keys.keyring import AuthorityKeys
from vaka.tenants.authorities import QUERIES
from vaka.tenants.people import Contact, Note, Person

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptPerson:
    """A person's row of the register, and those of whom to ring and of what is noted."""

    row: Row
    contacts: Sequence[Row]
    notes: Sequence[Row]

    @property
    def id(self) -> UUID:
        """Who it is."""
        identifier: UUID = self.row["id"]
        return identifier

    @property
    def version(self) -> str:
        """A SHA-256 over what is kept, in hexadecimal. That is sealed, so whatever is written anew is another version,
        and nobody learns from it what stands there.
        """
        seen = hashlib.sha256()
        for row in (self.row, *self.contacts, *self.notes):
            for name in sorted(row):
                value = row[name]
                said = bytes(value) if isinstance(value, bytes | memoryview) else repr(value).encode()
                seen.update(f"{name} {len(said)} ".encode() + said)
        return seen.hexdigest()


async def read_kept(connection: Connection, ids: Sequence[UUID], *, lock: bool = False) -> list[KeptPerson]:
    """Return what is kept of those who are registered, in an open transaction; with ``lock`` nobody else changes them
    until its end.
    """
    if lock:
        await connection.execute(QUERIES["lock_people"], {"people": list(ids)})
    async with connection.cursor(row_factory=dict_row) as cursor:
        found = []
        for query in ("read_sealed_people", "read_sealed_contacts", "read_sealed_notes"):
            await cursor.execute(QUERIES[query], {"people": list(ids)})
            found.append(await cursor.fetchall())
    people, contacts, notes = found
    return [
        KeptPerson(
            row,
            [one for one in contacts if one["person_id"] == row["id"]],
            [one for one in notes if one["person_id"] == row["id"]],
        )
        for row in people
    ]


def open_kept(keys: AuthorityKeys, kept: KeptPerson) -> Person | None:
    """Return a person as the register says it; None where what is there does not open."""
    subject = kept.id
    try:
        facts = keys.open_row("person", str(subject), subject, kept.row)
        contacts = [keys.open_row("contact", f"{subject}/{one['position']}", subject, one) for one in kept.contacts]
        notes = [keys.open_row("note", str(one["id"]), subject, one) for one in kept.notes]
    except UnopenableError:
        return None
    return Person(
        **facts | {"risks": tuple(facts["risks"])},
        contacts=tuple(Contact(**_without(one, "person_id", "position")) for one in contacts),
        notes=tuple(Note(**_without(one, "person_id")) for one in notes),
    )


def _without(row: Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
