# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Trying to read somebody in a restored backup (term 6): everything sealed about the person there, and every letter.

The keyholder is asked for the person's keys in each way there is: by name, as whoever reads everybody's comes upon
them, and by what the backup holds of them, wrapped. With what it hands out every value and letter is tried.

Of a whole authority the same is tried for people spread over its register, and for what was written to itself.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier
from pydantic import BaseModel, ConfigDict

from vaka.crypto.aead import UnopenableError
from vaka.database.server import KEY_DATABASE, SUPERUSER, Server
from vaka.keys.calls import Copy
from vaka.keys.client import KeyClient
from vaka.keys.editions import object_of
from vaka.keys.envelope import DataKey, Place, unseal
from vaka.keys.letters import Reader
from vaka.keys.personal import sealed_columns

SEALED_TABLES: Mapping[str, str] = {
    "person": "id", "contact": "person_id", "note": "person_id", "message": "subject_id", "alarm_note": "subject_id",
    "device": "subject_id", "audit_note": "subject_id",
}  # fmt: skip
"""Every table with sealed columns or letters, and the column that says whose they are."""
_ONCE_READ = ("message", "alarm_note", "device")
"""Tables that no database of ours has by whom it is about: that would cost every alarm."""
MOST_PEOPLE = 200
"""How many people of an authority are tried, spread over its register."""
_MOST_ROWS = 5000
"""Then, of one table about one of them: few have so many but the authority itself."""


class Question(BaseModel):
    """Whom to try to read, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: str
    """Who asks the keyholder: ``scheduler`` or ``setup``."""
    authority: UUID
    database: str
    person: UUID | None
    """None: the whole authority."""
    before: datetime | None = None
    """The newest set from before this moment is wanted, if there is one: a later one does not hold the person."""
    name: str = ""
    """Or the set of this name."""


class Outcome(BaseModel):
    """How it went, as it is entered. Counts are 0 where nothing was restored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backup: str
    """``tried``, or why not: ``not_configured``, ``none_there``, ``no_room``, ``not_restored``, ``unreadable`` (another
    version's tables), ``too_long``."""
    set: str = ""
    made: str = ""
    """When the set was made, ISO 8601 in UTC."""
    people_tried: int = 0
    """Of a whole authority: how many of how many people that the set holds."""
    people_there: int = 0
    keys_handed_out: int = 0
    copies_tried: int = 0
    """Wrapped keys, in the set's copy of the key database, of whoever is tried."""
    copies_opened: int = 0
    values_tried: int = 0
    values_opened: int = 0
    letters_tried: int = 0
    letters_opened: int = 0

    @property
    def opened(self) -> int:
        """How much could be opened, keys included."""
        return self.keys_handed_out + self.copies_opened + self.values_opened + self.letters_opened


@dataclass(frozen=True, slots=True)
class _Sealed:
    places: Sequence[Place]
    """Where it stands, by edition: what a set holds may be of any."""
    content: bytes
    is_letter: bool


async def try_reading(copy: Server, question: Question, client: KeyClient) -> Mapping[str, int]:
    """Return the counts of Outcome in a restored server. Raises psycopg.Error, what KeyClient raises."""
    authority, person = question.authority, question.person
    with psycopg.connect(copy.conninfo(SUPERUSER, question.database), row_factory=dict_row) as connection:
        if person is not None:
            handed_out = [*await client.unwrap(authority, [person]), *await client.unwrap_next(authority, person)]
            issued = await _read_issued(client, authority) if handed_out else {}
            return await _try_subject(copy, connection, client, authority, person, handed_out, issued, None)
        return await _try_authority(copy, connection, client, authority)


async def _try_authority(
    copy: Server, connection: psycopg.Connection[dict[str, Any]], client: KeyClient, authority: UUID
) -> Mapping[str, int]:
    # The copy is ours for the while, and nobody's alarms wait for it: one reading of each table, and not one a person.
    connection.read_only = False
    for table in _ONCE_READ:
        connection.execute(SQL("create index on vaka.{} (subject_id)").format(Identifier(table)))
    people = [row["id"] for row in connection.execute("select id from vaka.person order by id")]
    chosen = _spread(people, MOST_PEOPLE)
    # What was written to the authority itself lies under a key of its own, as a person's does.
    handed_out: dict[UUID, list[DataKey]] = {subject: [] for subject in (*chosen, authority)}
    others = 0
    for key in await client.unwrap(authority, list(handed_out)):
        handed_out[key.subject].append(key)
    async for page in client.unwrap_all(authority):
        for key in page:
            if key.subject in handed_out:
                handed_out[key.subject].append(key)
            else:
                others += 1
    counts = Counter(people_tried=len(chosen), people_there=len(people), keys_handed_out=others)
    issued = await _read_issued(client, authority) if any(handed_out.values()) else {}
    for subject, keys in handed_out.items():
        counts.update(await _try_subject(copy, connection, client, authority, subject, keys, issued, _MOST_ROWS))
    return counts


async def _read_issued(client: KeyClient, authority: UUID) -> Mapping[UUID, int]:
    """Return the newest edition of whatever was written anew: what a set holds may be of any before."""
    issued: dict[UUID, int] = {}
    turn = 0
    while told := await client.editions(turn):
        issued |= {one.object: one.issued for one in told if one.authority == authority}
        turn = told[-1].turn
    return issued


def _spread(people: Sequence[UUID], most: int) -> list[UUID]:
    """Return up to so many of them, at equal distances."""
    count = min(len(people), most)
    return [people[index * len(people) // count] for index in range(count)]


async def _try_subject(
    copy: Server,
    connection: psycopg.Connection[dict[str, Any]],
    client: KeyClient,
    authority: UUID,
    subject: UUID,
    handed_out: Collection[DataKey],
    issued: Mapping[UUID, int],
    most: int | None,
) -> Mapping[str, int]:
    """Return the counts for a person, or for the authority itself, with keys that may be there twice.

    `most` rows of a table are tried, or all.
    """
    keys = {key.version: key for key in handed_out}
    copies, opened = await _try_copies(copy, authority, subject, client)
    counts = {"values_tried": 0, "values_opened": 0, "letters_tried": 0, "letters_opened": 0}
    reader = Reader()
    for one in _read_sealed(connection, authority, subject, issued, most):
        kind = "letters" if one.is_letter else "values"
        counts[f"{kind}_tried"] += 1
        counts[f"{kind}_opened"] += _opens(one, keys, reader)
    return {"keys_handed_out": len(keys), "copies_tried": copies, "copies_opened": opened, **counts}


def _read_sealed(
    connection: psycopg.Connection[dict[str, Any]],
    authority: UUID,
    person: UUID,
    issued: Mapping[UUID, int],
    most: int | None,
) -> Iterator[_Sealed]:
    for table, whose in SEALED_TABLES.items():
        key, sealed = "position" if table == "contact" else "id", sealed_columns(table).values()
        # Each column by its name: where a set of another version lacks one, it is the database that says so.
        columns = SQL(", ").join(Identifier(name) for name in (key, *(column.name for column in sealed)))
        query = SQL("select {} from vaka.{} where {} = %s limit %s")
        for row in connection.execute(query.format(columns, Identifier(table), Identifier(whose)), (person, most)):
            name = f"{person}/{row[key]}" if table == "contact" else str(row[key])
            thing = object_of(table, name, person)
            editions = range((0 if thing is None else issued.get(thing, 0)) + 1)
            for column in sealed:
                if row[column.name] is not None:
                    places = [Place(authority, table, name, column.name, edition) for edition in editions]
                    yield _Sealed(places, bytes(row[column.name]), column.is_letter)


async def _try_copies(copy: Server, authority: UUID, person: UUID, client: KeyClient) -> tuple[int, int]:
    """Return how many wrapped keys of the person's the set holds, and how many of them the keyholder can unwrap."""
    try:
        with psycopg.connect(copy.conninfo(SUPERUSER, KEY_DATABASE)) as connection:
            key = connection.execute(
                "select version, wrapped from vaka.authority_key where authority_id = %s", (authority,)
            ).fetchone()
            rows = connection.execute(
                "select version, address, wrapped from vaka.subject_key where authority_id = %s and subject_id = %s",
                (authority, person),
            ).fetchall()
    except psycopg.OperationalError:  # the keys are not in this server, and so in none of its sets
        return 0, 0
    if key is None or not rows:
        return 0, 0
    copies = [
        Copy(version=version, address=bytes(address), wrapped=bytes(wrapped)) for version, address, wrapped in rows
    ]
    return len(copies), await client.try_copies(authority, person, key[0], bytes(key[1]), copies)


def _opens(one: _Sealed, keys: Mapping[int, DataKey], reader: Reader) -> bool:
    for place in one.places:
        with suppress(UnopenableError):
            if one.is_letter:
                reader.read(keys.values(), place, one.content)
            else:
                unseal(keys, place, one.content)
            return True
    return False
