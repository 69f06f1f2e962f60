# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Supervision: judging every device of an authority, and raising one alarm for a device, a site or ourselves.

A device that has never been heard stays "never": it is being installed, and neither raises an alarm nor counts as
silent. Its installation test is what shows that it works.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from vaka.alarms.changes import QUERIES, Connection
from vaka.alarms.reading import read_policy
from vaka.alarms.silence import Census, Coverage, Limits, Verdict, decide
from vaka.alarms.technical import OFFLINE, RECEIVER_SILENT, SITE_SILENT, SUPERVISION, Subject, end, open_site, raise_
from vaka.ledger.entries import Entry, append_many
from vaka.ledger.events import Event
from vaka.tenants.gateway import Gateway

NAMED_IN_LEDGER = 200
"""Up to so many devices of one transition get an entry each; a mass event gets one with their number."""
_EVENTS = {"late": Event.DEVICE_LATE, "lost": Event.DEVICE_LOST, "online": Event.DEVICE_RETURNED}


@dataclass(frozen=True, slots=True)
class Transition:
    """How many devices went from one condition to another, and the first of them."""

    before: str
    after: str
    count: int
    devices: list[UUID]


async def supervise(gateway: Gateway, authority_id: UUID, coverage: Coverage, now: datetime) -> int:
    """Judge every supervised device of one authority and return how many changed condition.

    While no receiver listens no device is judged: the silence is ours, and one alarm says so.
    """
    async with gateway.transaction(authority_id) as connection:
        if not await _lock(connection):
            return 0
        ourselves = await open_site(connection, RECEIVER_SILENT)
        if not coverage.listening:
            if ourselves is None:
                await raise_(connection, RECEIVER_SILENT, [Subject.site(RECEIVER_SILENT)], now)
            return 0
        if ourselves is not None:
            await end(connection, [ourselves.id], now, event=Event.SITE_RETURNED)
        return await _judge(connection, authority_id, coverage.since, now)


async def _judge(connection: Connection, authority_id: UUID, covered_since: datetime, now: datetime) -> int:
    policy = await read_policy(connection)
    site = await open_site(connection, SITE_SILENT)
    forgiven = [] if site else await _forgive_untold(connection, now)
    transitions = await _read_transitions(connection, policy.lost_grace_seconds, covered_since, now)
    if forgiven:
        transitions.append(Transition("lost", "late", len(forgiven), forgiven[:NAMED_IN_LEDGER]))
    await append_many(connection, [entry for line in transitions for entry in _entries(line, authority_id, now)])

    if any(line.before == "lost" and line.after == "online" for line in transitions):
        cursor = await connection.execute(QUERIES["find_returned"])
        await end(connection, [row[0] for row in await cursor.fetchall()], now, event=Event.ALARM_RESTORED)

    newly_lost = sum(line.count for line in transitions if line.after == "lost")
    if newly_lost or site:
        census = await _count(connection, site.latest_at if site else now)
        limits = Limits(policy.mass_silence_percent, policy.mass_silence_minimum)
        numbers = f"{census.late + census.lost}/{census.heard}"
        match decide(census, newly_lost, site is not None, limits):
            case Verdict.EACH_DEVICE:
                await raise_(connection, OFFLINE, await _find_newly_lost(connection, now), now)
            case Verdict.SITE_SILENT:
                await raise_(connection, SITE_SILENT, [Subject.site(SITE_SILENT)], now, numbers)
            case Verdict.SITE_RETURNED if site:
                # Those that stay silent are forgiven at the next look, and told of one by one if they stay so.
                await end(connection, [site.id], now, numbers, event=Event.SITE_RETURNED)
            case _:
                pass
    return sum(line.count for line in transitions)


async def _lock(connection: Connection) -> bool:
    cursor = await connection.execute(QUERIES["lock_supervision"])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _forgive_untold(connection: Connection, now: datetime) -> list[UUID]:
    cursor = await connection.execute(QUERIES["forgive_untold"], {"now": now})
    return [row[0] for row in await cursor.fetchall()]


async def _read_transitions(
    connection: Connection, grace: int, covered_since: datetime, now: datetime
) -> list[Transition]:
    facts: dict[str, Any] = {"grace": grace, "covered_since": covered_since, "now": now, "named": NAMED_IN_LEDGER}
    async with connection.cursor(row_factory=class_row(Transition)) as cursor:
        await cursor.execute(QUERIES["judge_devices"], facts)
        return await cursor.fetchall()


async def _count(connection: Connection, since: datetime) -> Census:
    async with connection.cursor(row_factory=class_row(Census)) as cursor:
        await cursor.execute(QUERIES["count_devices"], {"since": since})
        return await cursor.fetchone() or Census(0, 0, 0)


async def _find_newly_lost(connection: Connection, now: datetime) -> list[Subject]:
    cursor = await connection.execute(QUERIES["find_newly_lost"], {"now": now})
    return [Subject.device(*row) for row in await cursor.fetchall()]


def _entries(line: Transition, authority_id: UUID, now: datetime) -> list[Entry]:
    event = _EVENTS[line.after]
    if line.count > len(line.devices):
        detail: dict[str, str | int | bool | None] = {"before": line.before, "count": line.count}
        return [Entry(event, SUPERVISION, now, f"authority:{authority_id}", detail=detail)]
    return [
        Entry(event, SUPERVISION, now, f"device:{device_id}", detail={"before": line.before})
        for device_id in line.devices
    ]
