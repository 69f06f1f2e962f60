# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How fast the ledger is written and sealed: changes with their entries, and entries from the inbox into the log."""

import asyncio
import contextlib
import itertools
import statistics
import time
from uuid import UUID

from bench.installation import Installation
from bench.measurements import Bench
from vaka.clock import SystemClock
from vaka.database.connections import open_connection
from vaka.database.server import tenant_role
from vaka.identifiers import new_identifier
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.sequencer import sequence
from vaka.ledger.stored import Connection

WRITERS = 8
"""Sessions that write at the same time, each one transaction after the other."""
INBOX = 100_000
"""Entries that wait when the sequencer begins."""

_ALARM = """
insert into vaka.alarm (id, class, kind, latest_kind, state, join_key, sender, received_at, latest_at)
values (%s, 'life', 'button', 'button', 'received', 'site:bench', '', now(), now())
"""
_STEP = "insert into alarm_step (alarm_id, at, step, actor, detail) values (%s, %s, 'noted', 'account:bench', '')"
_FILL = """
insert into ledger.inbox (happened_at, event, actor, object, detail)
select clock_timestamp(), 'alarm.noted', 'account:' || md5((n %% 50)::text)::uuid, 'alarm:' || md5(n::text)::uuid,
       '{"class": "life"}'
from generate_series(1, %s) n
"""


def measure_sealing(bench: Bench) -> None:
    """Changes with and without their entry in turns, and the sequencer alone."""
    installation = bench.installation
    bench.say("The ledger: changes with their entries, and the sequencer alone")
    rates: dict[str, list[float]] = {"change": [], "change and entry": [], "sequencer": []}
    for _ in range(bench.rounds):
        for name, with_entry in (("change", False), ("change and entry", True)):
            rates[name].append(asyncio.run(_write(installation, bench.seconds / 2, with_entry=with_entry)))
        rates["sequencer"].append(_drain(installation))
    bench.results["sealing"] = {
        name: {"median": round(statistics.median(each)), "least": round(min(each)), "most": round(max(each))}
        for name, each in rates.items()
    }


async def open_desk(installation: Installation) -> Connection:
    """Connect to the first authority as the desk does."""
    database = installation.authorities[0].database_name
    return await open_connection(installation.server, tenant_role(database, "desk"), database, application="vaka-bench")


def raise_alarm(installation: Installation) -> UUID:
    """Make the alarm that everything written is about."""
    installation.empty()
    alarm = new_identifier(SystemClock().now())
    with contextlib.closing(installation.connect(installation.authorities[0].database_name)) as connection:
        connection.execute(_ALARM, (alarm,))
    return alarm


async def write_change(connection: Connection, alarm: UUID, *, with_entry: bool = True) -> int:
    """Insert one row and, in the same transaction, the entry about it; return the entry's number, 0 without one."""
    now = SystemClock().now()
    async with connection.transaction():
        await connection.execute(_STEP, (alarm, now))
        if not with_entry:
            return 0
        return await append(connection, Entry(Event.ALARM_NOTED, "account:bench", now, f"alarm:{alarm}"))


async def _write(installation: Installation, seconds: float, *, with_entry: bool) -> float:
    """Return the transactions a second of all writers together."""
    alarm = raise_alarm(installation)
    until = time.monotonic() + seconds

    async def work() -> int:
        async with await open_desk(installation) as connection:
            for count in itertools.count():
                if time.monotonic() > until:
                    return count
                await write_change(connection, alarm, with_entry=with_entry)
        raise AssertionError("unreachable")

    return sum(await asyncio.gather(*(work() for _ in range(WRITERS)))) / seconds


def _drain(installation: Installation) -> float:
    """Return the entries a second that one sequencer moves from a full inbox into the log."""
    database = installation.authorities[0].database_name
    with contextlib.closing(installation.connect(database)) as connection:
        row = connection.execute("select count(*) from ledger.inbox").fetchone()
        waiting = row[0] if row else 0
        connection.execute(_FILL, (max(INBOX - waiting, 0),))
    installation.settle()
    return asyncio.run(_sequence_all(installation, database))


async def _sequence_all(installation: Installation, database: str) -> float:
    role = tenant_role(database, "sequencer")
    async with await open_connection(installation.server, role, database, application="vaka-bench") as connection:
        begun, moved = time.monotonic(), 0
        while True:
            sealed = await sequence(connection)
            if sealed is None or not sealed.added:
                return moved / (time.monotonic() - begun)
            moved += sealed.added
