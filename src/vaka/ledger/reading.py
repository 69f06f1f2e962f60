# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading a log: how it stands, one entry of it, and the proof that the entry is under a signed checkpoint."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.rows import class_row

from vaka.ledger.errors import LedgerError
from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf, parse_leaf
from vaka.ledger.notes import parse_note
from vaka.ledger.proofs import Proof
from vaka.ledger.receipts import prove
from vaka.ledger.search import Hit, Wanted, find_entries
from vaka.ledger.stored import QUERIES, Connection
from vaka.ledger.tree import hash_leaf

OLDEST_CHECKPOINT = timedelta(minutes=3)
"""A checkpoint is signed anew at least once a minute; an older one says that nobody seals the log."""
MOST_DECISIONS = 20
BATCH = 5000
"""Entries that are in memory at once while a whole log is read."""
_FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_COSIGNATURE_BYTES = 72
"""The time and the signature: what a witness's line of a note holds (cosignature/v1)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A witness's line of a checkpoint, as it stands there. It is verified on the authority's own machine, not here."""

    witness: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LogState:
    """How far a log has come, and who has seen it."""

    size: int
    """Entries in the log."""
    sequenced_at: datetime
    signed_size: int | None
    """Entries under the newest checkpoint; None before the first."""
    note: bytes | None
    signed_at: datetime | None
    waiting: int
    """Entries that are not in the log yet; a few at any moment, counted up to 10,000."""
    waiting_since: datetime | None

    def is_old(self, now: datetime) -> bool:
        """Whether the newest checkpoint, or the oldest entry that waits, is older than it may be."""
        too_old = now - OLDEST_CHECKPOINT
        return (
            self.signed_at is None or self.signed_at < too_old
            or (self.waiting_since is not None and self.waiting_since < too_old)
        )  # fmt: skip

    def seals(self, index: int) -> bool:
        """Whether the entry is under the newest checkpoint."""
        return index < (self.signed_size or 0)

    @property
    def seen(self) -> tuple[Seen, ...]:
        """What witnesses say they saw, newest first."""
        try:
            lines = () if self.note is None else parse_note(self.note).signatures
        except LedgerError:
            return ()
        times = [
            Seen(line.name, datetime.fromtimestamp(int.from_bytes(line.signature[:8]), UTC))
            for line in lines
            if len(line.signature) == _COSIGNATURE_BYTES and int.from_bytes(line.signature[:8]) < 2**35
        ]
        return tuple(sorted(times, key=lambda one: one.at, reverse=True))


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as the log keeps it."""

    index: int
    data: bytes
    leaf: Leaf | None
    """None where the bytes are no leaf."""

    @property
    def hash(self) -> bytes:
        """The hash by which the tree holds it."""
        return hash_leaf(self.data)


async def read_state(connection: Connection) -> LogState:
    """Return how the log of this database stands (as portal)."""
    async with connection.cursor(row_factory=class_row(LogState)) as cursor:
        await cursor.execute(QUERIES["read_log_state"])
        state = await cursor.fetchone()
    if state is None:
        raise LookupError("ledger.head has no row")
    return state


async def read_entry(connection: Connection, index: int) -> StoredEntry | None:
    """Return the entry at ``index``; None where the log has none, or its content has been pruned."""
    row = await (await connection.execute(QUERIES["read_log_entry"], {"index": index})).fetchone()
    if row is None:
        return None
    data = bytes(row[1])
    try:
        return StoredEntry(index, data, parse_leaf(data))
    except LedgerError:
        return StoredEntry(index, data, None)


async def read_leaves(connection: Connection, size: int) -> AsyncIterator[Leaf | None]:
    """Yield every entry below ``size`` that the log still holds, the oldest first (as sequencer); None for one that
    cannot be read. Nothing is verified.
    """
    for start in range(0, size, BATCH):
        cursor = await connection.execute(QUERIES["read_entries"], {"start": start, "end": min(size, start + BATCH)})
        for _, data in await cursor.fetchall():
            try:
                yield parse_leaf(bytes(data))
            except LedgerError:
                yield None


async def prove_entry(connection: Connection, state: LogState, entry: StoredEntry) -> Proof | None:
    """Return the proof that the newest checkpoint covers ``entry``; None where it does not, or no tiles show it."""
    if state.note is None:
        return None
    try:
        note = parse_note(state.note)
    except LedgerError:
        return None
    return await prove(connection, note, entry.index, entry.data)


async def read_retention(connection: Connection, at: datetime, size: int) -> int | None:
    """Return for how many days an entry of the log at ``size`` is kept, as things stand at ``at``.

    None where the authority has not decided, or so lately that nothing goes yet.
    """
    row = await (await connection.execute(QUERIES["read_retention"], {"at": at, "size": size})).fetchone()
    return None if row is None else int(row[0])


async def read_decisions(connection: Connection, at: datetime, size: int) -> list[Hit]:
    """Return the newest decisions about how long the log is kept, newest first."""
    wanted = Wanted(_FIRST_MOMENT, at + timedelta(days=1), [Event.RETENTION_SET.value])
    return await find_entries(connection, wanted, size=size, most=MOST_DECISIONS)
