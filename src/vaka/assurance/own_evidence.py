# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What collectors ask in an authority's own database: is its log sealed and witnessed, and what do its rows say."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from vaka.assurance.evidence import QUERIES, Found
from vaka.database.connections import Connection
from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.cosignatures import Policy, verify_cosignatures
from vaka.ledger.errors import LedgerError
from vaka.ledger.notes import parse_note
from vaka.ledger.standing import read_news

ERASED_WITHIN = timedelta(days=2)
"""Trying a restored backup takes a day at most (`erasure.attempt_seconds`), and may have to be done a second time."""
LONGEST_UNSEEN = timedelta(minutes=5)
"""A log is shown to its witnesses every minute at least: a few may be missed, as by a witness that restarts."""
_MOST_CHECKPOINTS = 1000
"""More than a log has in that time which is signed twice a second."""


async def find_unsealed(connection: Connection, authority_id: UUID, now: datetime) -> Found:
    """Whether the log of an authority is being sealed (term 26)."""
    stands = (await read_news(connection)).stands(now)
    return Found(authority_id) if stands else Found(authority_id, "stands_still", 1)


async def find_unwitnessed(
    connection: Connection, authority_id: UUID, now: datetime, *, origin: str, policy: Policy | None
) -> Found:
    """Whether each witness of the log called `origin` has cosigned it just now, by the time it signed itself (term 26).

    A log that is shown to nobody is seen by nobody. What the database says of its checkpoints is not believed: another
    log's, or one whose cosignature is false, counts for nothing.
    """
    if policy is None:
        return Found(authority_id, "nobody", 1)
    recent = {"since": now - LONGEST_UNSEEN, "most": _MOST_CHECKPOINTS}
    rows = await (await connection.execute(QUERIES["list_recent_checkpoints"], recent)).fetchall()
    silent = len(policy.witnesses) - len(_seen_by((bytes(note) for (note,) in rows), origin, policy, now))
    return Found(authority_id, "silent", silent) if silent else Found(authority_id)


def _seen_by(notes: Iterable[bytes], origin: str, policy: Policy, now: datetime) -> set[str]:
    """Return which witnesses have cosigned any of these lately, by name. A time to come counts as one gone by."""
    seen: set[str] = set()
    for data in notes:
        try:
            note = parse_note(data)
            if parse_checkpoint(note.text).origin != origin:
                continue
            signed = verify_cosignatures(note, policy)
        except LedgerError:
            continue
        longest = LONGEST_UNSEEN.total_seconds()
        seen.update(one.witness for one in signed if abs(now.timestamp() - one.time) <= longest)
        if len(seen) == len(policy.witnesses):
            break
    return seen


async def find_by_statement(
    statement: str, more: Mapping[str, object], connection: Connection, authority_id: UUID, now: datetime
) -> Found:
    """Ask one question of ours of the database: the worst that it finds, or nothing."""
    row = await (await connection.execute(QUERIES[statement], {"at": now, **more})).fetchone()
    return Found(authority_id) if row is None else Found(authority_id, *row)
