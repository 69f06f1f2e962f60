# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Finding entries of a log. What is searched is derived from the leaves and proves nothing; what is found is read from
its leaf.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import kwargs_row

from vaka.ledger.errors import LedgerError
from vaka.ledger.leaves import Leaf, parse_leaf
from vaka.ledger.stored import QUERIES, Connection

LONGEST_KEY = 200
"""Characters by which an entry can be found; the rest of a longer field is left out of the index."""
MOST_ACTORS = 500
"""Accounts and processes that are offered to choose from."""
MOST_OBJECTS = 5000
"""Things of one person that are looked for at once."""


@dataclass(frozen=True, slots=True)
class About:
    """A person in care: the pseudonymous identifier, and what else is known to be about him or her."""

    person: UUID
    objects: Sequence[str] = ()
    """Alarms and devices, as entries name them (``alarm:<uuid>``)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What entries are looked for: those of a stretch of time to which all that is given applies."""

    since: datetime
    until: datetime
    """The first moment that no longer counts."""
    events: Sequence[str] | None = None
    """Any of these; None is every event."""
    actor: str | None = None
    object: str | None = None
    outcome: str | None = None
    about: About | None = None

    def parameters(self, size: int, most: int) -> dict[str, Any]:
        """Return the values of the queries, for a log of ``size`` entries."""
        about = self.about
        return {
            "since": self.since, "until": self.until, "size": size, "most": most,
            "events": None if self.events is None else list(self.events),
            "actor": _key(self.actor), "object": _key(self.object), "outcome": self.outcome,
            "subject": None if about is None else about.person,
            "objects": [] if about is None else [_key(one) for one in about.objects[:MOST_OBJECTS]],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands when the newest come first."""

    happened_at: datetime
    index: int


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found, read from its leaf."""

    index: int
    happened_at: datetime
    """As the index says; the leaf's own time is what counts."""
    leaf: Leaf | None
    """None where the log has no such leaf, or one that cannot be read."""
    data: bytes | None
    """The leaf's bytes."""
    agrees: bool
    """Whether the leaf says what the index says. Where not, somebody changed one of them."""

    @property
    def place(self) -> Place:
        """Where a further page begins."""
        return Place(self.happened_at, self.index)


async def index_entries(connection: Connection, first: int, entries: Sequence[Leaf], leaves: Sequence[bytes]) -> None:
    """Make entries findable (as sequencer), in the transaction that adds their leaves to the log from ``first`` on."""
    # What is too long stands in the leaf as its hash; then the leaf alone says what can be searched for.
    keys = [
        _keys(parse_leaf(leaf) if b'"sha256' in leaf else entry) for entry, leaf in zip(entries, leaves, strict=True)
    ]
    columns = {name: [each[name] for each in keys] for name in _COLUMNS}
    await connection.execute(QUERIES["index_entries"], {"first": first, **columns})


async def find_entries(
    connection: Connection, wanted: Wanted, *, size: int, most: int, before: Place | None = None
) -> list[Hit]:
    """Return at most ``most`` entries of the log at ``size``, newest first, those after ``before`` in that order."""
    values = wanted.parameters(size, most) | {
        "before_at": None if before is None else before.happened_at,
        "before_index": None if before is None else before.index,
    }
    async with connection.cursor(row_factory=kwargs_row(_make_hit)) as cursor:
        # Planned anew each time: what is not asked for must not cost.
        await cursor.execute(QUERIES["find_entries"], values, prepare=False)
        return await cursor.fetchall()


async def find_concerning(
    connection: Connection,
    authority: UUID,
    wanted: Wanted,
    *,
    size: int,
    most: int,
    before: Place | None = None,
    index: int | None = None,
) -> list[Hit]:
    """Return what is one authority's business of the platform's log (as portal there), as :func:`find_entries` does.

    With ``index`` that one entry, if it is.
    """
    values = wanted.parameters(size, most) | {
        "authority": authority, "index": index,
        "before_at": None if before is None else before.happened_at,
        "before_index": None if before is None else before.index,
    }  # fmt: skip
    async with connection.cursor(row_factory=kwargs_row(_make_hit)) as cursor:
        await cursor.execute(QUERIES["find_concerning"], values, prepare=False)
        return await cursor.fetchall()


async def count_entries(connection: Connection, wanted: Wanted, *, size: int, most: int) -> int:
    """Return how many entries there are, or ``most`` where there are more."""
    cursor = await connection.execute(QUERIES["count_entries"], wanted.parameters(size, most), prepare=False)
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def list_actors(connection: Connection) -> list[str]:
    """Return everybody who ever acted in this log, as entries name them, at most MOST_ACTORS."""
    cursor = await connection.execute(QUERIES["list_actors"], {"most": MOST_ACTORS})
    return [row[0] for row in await cursor.fetchall()]


def subject_of(leaf: Leaf) -> UUID | None:
    """Return the person in care whom an entry itself names."""
    named = leaf.detail.get("person")
    if isinstance(named, str):
        return _uuid(named)
    return identifier_in(leaf.object) if leaf.object.startswith("person:") else None


def authority_of(leaf: Leaf) -> UUID | None:
    """Return the authority that an entry itself names."""
    named = leaf.detail.get("authority")
    if isinstance(named, str):
        return _uuid(named)
    return identifier_in(leaf.object) if leaf.object.startswith("authority:") else None


def identifier_in(thing: str) -> UUID | None:
    """Return the identifier of ``<kind>:<uuid>``; None where it has another form."""
    return _uuid(thing.partition(":")[2])


_COLUMNS = ("at", "event", "actor", "object", "outcome", "subject", "concerns")


def _keys(leaf: Leaf) -> dict[str, Any]:
    return {
        "at": leaf.at, "event": _key(leaf.event), "actor": _key(leaf.actor), "object": _key(leaf.object),
        "outcome": leaf.outcome, "subject": subject_of(leaf), "concerns": authority_of(leaf),
    }  # fmt: skip


def _make_hit(index: int, happened_at: datetime, leaf: bytes | None, **keys: Any) -> Hit:
    try:
        read = None if leaf is None else parse_leaf(bytes(leaf))
    except LedgerError:
        read = None
    return Hit(
        index, happened_at, read, leaf and bytes(leaf), read is not None and _keys(read) == {"at": happened_at, **keys}
    )


def _key(text: str | None) -> str | None:
    return None if text is None else text[:LONGEST_KEY]


def _uuid(text: str) -> UUID | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
