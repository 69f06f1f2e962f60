# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who is at a desk, and may handle alarms there. An alarm held by somebody who is gone goes back to everybody.

The desk notes in the platform's database which accounts have one open; the scheduler compares that with who holds what.
Whose right in an authority has ended is gone from there, whatever desk he has open: nobody else would be offered it.
Absence counts only while both could be seen: after a pause everybody has the authority's whole limit to come back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.permissions import Permission
from vaka.access.roles import roles_with
from vaka.alarms.changes import QUERIES, Connection, write_changes
from vaka.alarms.escalation import MOST_AT_ONCE, SCHEDULER
from vaka.ledger.events import Event
from vaka.tenants.gateway import Gateway

LONGEST_PAUSE = timedelta(seconds=60)
"""Nobody who was not looked for so long is held to be absent for that time."""
AWAY_AFTER = timedelta(seconds=45)
"""After so long without an open desk any operator may take over; desks are noted every 15 s."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account with a session at the desk that holds, and when one of its desks was last open."""

    account_id: UUID
    seen_at: datetime | None
    authorities: Collection[UUID]
    """Those whose alarms it may handle."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """Everybody who is signed in, as read at one time."""

    read_at: datetime
    since: datetime
    """From then on it has been looked without a pause; absence before this counts for nothing."""
    seen: Mapping[UUID, datetime]
    """When a desk of each was last open, never before ``since``."""
    handling: Mapping[UUID, Collection[UUID]]
    """The authorities whose alarms each may handle."""
    noted: Mapping[UUID, datetime | None] = field(default_factory=dict)
    """When a desk of each was last open by that desk's own clock: as it was read."""

    def among(self, authority_id: UUID) -> dict[UUID, datetime]:
        """Return those of ``seen`` who may handle the alarms of one authority."""
        return {account: at for account, at in self.seen.items() if authority_id in self.handling[account]}


def attend(signed_in: Sequence[SignedIn], now: datetime, started: datetime, earlier: Attendance | None) -> Attendance:
    """Return who is there. ``started`` is when the watcher began, ``earlier`` what it found last. Pure.

    A clock that was set is a pause as well. What a desk noted later than now, it noted by a clock that is ahead, or
    was: while such notes move, the desk is open now; one that does not move any more tells of nobody.
    """
    since = started if earlier is None else earlier.since
    if abs(now - (started if earlier is None else earlier.read_at)) > LONGEST_PAUSE:
        since = now
    noted = {one.account_id: one.seen_at for one in signed_in}

    def last_seen(account: UUID, at: datetime | None) -> datetime:
        if earlier is not None and at is not None and earlier.noted.get(account) == at:
            return max(min(earlier.seen.get(account, since), now), since)
        return max(at or since, since) if at is None or at - now <= LONGEST_PAUSE else now

    seen = {account: last_seen(account, at) for account, at in noted.items()}
    handling = {one.account_id: one.authorities for one in signed_in}
    return Attendance(now, since, MappingProxyType(seen), MappingProxyType(handling), MappingProxyType(noted))


async def read_signed_in(platform: Connection, now: datetime) -> list[SignedIn]:
    """Return everybody who is signed in to a desk (as scheduler, in the platform's database)."""
    facts = {"now": now, "roles": roles_with(Permission.DESK_HANDLE_ALARM)}
    async with platform.cursor(row_factory=class_row(SignedIn)) as cursor:
        await cursor.execute(QUERIES["read_attendance"], facts)
        return await cursor.fetchall()


async def note_desks(platform: Connection, accounts: Collection[UUID], now: datetime) -> None:
    """Note that these accounts have a desk open (as desk, in the platform's database)."""
    await platform.execute(QUERIES["note_desks"], {"accounts": list(accounts), "now": now})


async def has_desk(platform: Connection, account: UUID, authority_id: UUID, now: datetime) -> bool:
    """Return whether an account is signed in, has had a desk open within AWAY_AFTER, and may handle alarms of an
    authority (as desk).
    """
    facts = {
        "account": account, "authority_id": authority_id, "roles": roles_with(Permission.DESK_HANDLE_ALARM),
        "since": now - AWAY_AFTER, "now": now,
    }  # fmt: skip
    cursor = await platform.execute(QUERIES["find_desk"], facts)
    return await cursor.fetchone() is not None


async def lapse_held(gateway: Gateway, authority_id: UUID, attendance: Attendance, now: datetime) -> int:
    """Put back in the queue what is held by somebody who is gone, and return how many alarms that were.

    Gone is who has no session that holds, or may not handle the authority's alarms any more, at once, and who has had
    no desk open for ``policy.away_after_seconds``. A life alarm's timer starts anew. What was laid aside stays so: it
    comes back by itself, and anyone may take it.
    """
    there = attendance.among(authority_id)
    facts = {
        "accounts": list(there), "seen": list(there.values()), "read_at": attendance.read_at, "now": now,
        "limit": MOST_AT_ONCE,
    }  # fmt: skip
    async with gateway.transaction(authority_id) as connection:
        cursor = await connection.execute(QUERIES["lapse_alarms"], facts)
        ids: list[UUID] = [row[0] for row in await cursor.fetchall()]
        await write_changes(
            connection, Event.ALARM_RELEASED, "lapsed", SCHEDULER, now, ids, detail={"reason": "holder_gone"}
        )
    return len(ids)
