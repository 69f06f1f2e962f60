# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Timers on open alarms: unanswered life alarms ring louder, laid-aside ones come back, old tests end themselves.

A timer is a column on the row, so it survives any restart, and several schedulers may run: each takes the rows that
no other has locked.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from vaka.alarms.changes import QUERIES, Connection, write_changes
from vaka.alarms.model import LONGEST_SUSPENSION, OFFER_STANDS
from vaka.ledger.events import Event
from vaka.tenants.gateway import Gateway

SCHEDULER = "scheduler"
MOST_AT_ONCE = 500
"""Alarms changed per kind and call; the rest follow at the next."""
TESTS_END_AFTER = timedelta(hours=24)
REPEATS_KEPT = timedelta(days=2)
"""The widest repeat window an authority can set is one day."""


async def escalate_due(gateway: Gateway, authority_id: UUID, now: datetime) -> int:
    """Do everything that is due in one authority and return how many alarms changed.

    A life alarm that nobody has taken, or in which the holder has not answered a new press, goes to level 1 (rings at
    every desk) when its timer is out, and to level 2 (on-call telephone) by the authority's second limit. An alarm laid
    aside or offered beyond its time is everybody's again, its timer starting anew. A test alarm untouched for
    TESTS_END_AFTER is closed. What a clock that was ahead has put off runs for the whole limit, or comes back at once.
    """
    async with gateway.transaction(authority_id) as connection:
        return await _escalate(connection, now) + await _return(connection, now) + await _expire_tests(connection, now)


async def forget_repeats(gateway: Gateway, authority_id: UUID, now: datetime) -> int:
    """Drop what is remembered to know repeated messages by, once no window reaches back to it; return how many."""
    async with gateway.transaction(authority_id) as connection:
        cursor = await connection.execute(QUERIES["forget_repeats"], {"before": now - REPEATS_KEPT})
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _escalate(connection: Connection, now: datetime) -> int:
    cursor = await connection.execute(QUERIES["escalate_alarms"], {"now": now, "limit": MOST_AT_ONCE})
    levels: defaultdict[int, list[UUID]] = defaultdict(list)
    for alarm_id, level in await cursor.fetchall():
        levels[level].append(alarm_id)
    for level, ids in sorted(levels.items()):
        await write_changes(
            connection, Event.ALARM_ESCALATED, "escalated", SCHEDULER, now, ids, step_detail=str(level),
            detail={"level": level},
        )  # fmt: skip
    return sum(map(len, levels.values()))


async def _return(connection: Connection, now: datetime) -> int:
    facts = {"now": now, "longest": LONGEST_SUSPENSION, "offer_stands": OFFER_STANDS, "limit": MOST_AT_ONCE}
    cursor = await connection.execute(QUERIES["return_alarms"], facts)
    ids = [row[0] for row in await cursor.fetchall()]
    await write_changes(connection, Event.ALARM_RELEASED, "returned", SCHEDULER, now, ids)
    return len(ids)


async def _expire_tests(connection: Connection, now: datetime) -> int:
    facts = {"now": now, "untouched_since": now - TESTS_END_AFTER, "limit": MOST_AT_ONCE}
    cursor = await connection.execute(QUERIES["expire_tests"], facts)
    ids = [row[0] for row in await cursor.fetchall()]
    await write_changes(connection, Event.ALARM_CLOSED, "closed", SCHEDULER, now, ids, detail={"reason": "test"})
    return len(ids)
