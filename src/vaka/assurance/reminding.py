# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rounds that remind of what is due, and that tell once a week how things stand; as scheduler.

Who is told has said where: an authority in its portal, the supplier in its office. Each reminder and each digest is one
entry of the log and one notice, and is told once whatever is killed meanwhile: the database knows what was told.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb

from vaka.assurance.deadlines import read_deadlines
from vaka.assurance.digest import Week, write_digest
from vaka.assurance.evidence import QUERIES, Supervised, list_supervised, read_standings
from vaka.assurance.tasks import Task, is_due_soon, list_term_tasks
from vaka.assurance.waiting import read_waiting
from vaka.clock import LOCAL, Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.logs import describe_error
from vaka.tenants.gateway import Gateway

REMINDING_SECONDS = 60.0
TOLD_FROM = time(7)
"""Nobody is reminded before, by the clock on the wall."""
CATCH_UP = timedelta(days=1)
"""A digest that nobody could tell for longer waits for the next week."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Whom something is told."""

    id: UUID
    """An authority; for the supplier, its reception of unknown senders."""
    of_supplier: bool


@dataclass(frozen=True, slots=True)
class _Last:
    weekday: int
    is_told: bool
    day: date | None
    told_at: datetime | None
    said: Mapping[str, Any] | None


_Done = TypeVar("_Done")


class Reminding:
    """Makes the rounds. It remembers nothing: what was told stands in the database."""

    def __init__(self, platform: Pool, gateway: Gateway, clock: Clock) -> None:
        self._platform, self._gateway, self._clock = platform, gateway, clock
        self._failing: set[str] = set()

    async def look_around(self) -> int:
        """Tell everybody what is due; return how much that was.

        One receiver's trouble, of whatever kind, is not the others', and never the scheduler's: alarms are escalated
        in the same process.
        """
        now = self._clock.now()
        if now.astimezone(LOCAL).time() < TOLD_FROM:
            return 0
        supervised: list[Supervised] = await self._attempt("directory", partial(self._read_supervised, now), [])
        told = 0
        for one in supervised:
            told += await self._attempt(str(one.id), partial(self._tell_authority, one, now), 0)
        return told + await self._attempt("supplier", partial(self._tell_own, supervised, now), 0)

    async def _attempt(self, whose: str, work: Callable[[], Awaitable[_Done]], otherwise: _Done) -> _Done:
        try:
            done = await work()
        except Exception as error:  # of whatever kind
            if whose not in self._failing:
                structlog.get_logger().error(
                    "round failed", reason="reminders", authority=whose, **describe_error(error)
                )
            self._failing.add(whose)
            return otherwise
        self._failing.discard(whose)
        return done

    async def _read_supervised(self, now: datetime) -> list[Supervised]:
        async with transaction(self._platform) as platform:
            return await list_supervised(platform, now)

    async def _tell_own(self, supervised: Sequence[Supervised], now: datetime) -> int:
        async with transaction(self._platform) as platform:
            return await self._tell_supplier(platform, supervised, now)

    async def _tell_authority(self, authority: Supervised, now: datetime) -> int:
        receiver = Receiver(authority.id, of_supplier=False)
        async with transaction(self._platform) as platform:
            last = await _read_last(platform, receiver)
            if not last.is_told:
                return 0
            async with self._gateway.transaction(authority.id) as tenant:
                waiting = await read_waiting(platform, tenant, authority, now)
            told = await _remind(platform, receiver, waiting, now)
            return told + await _tell_week(platform, receiver, last, [authority], waiting, now)

    async def _tell_supplier(self, platform: Connection, supervised: Sequence[Supervised], now: datetime) -> int:
        row = await (await platform.execute(QUERIES["own_reception"])).fetchone()
        if row is None or row[0] is None:
            return 0
        receiver = Receiver(row[0], of_supplier=True)
        last = await _read_last(platform, receiver)
        if not last.is_told:
            return 0
        deadlines = await read_deadlines(platform, now)
        told = await _remind(platform, receiver, deadlines, now)
        due = [one for one in deadlines if is_due_soon(one, now)]
        return told + await _tell_week(platform, receiver, last, supervised, due, now)


async def _remind(platform: Connection, receiver: Receiver, tasks: Sequence[Task], now: datetime) -> int:
    told = 0
    for task in tasks:
        stage = task.stage(now)
        if stage is None:
            continue
        facts = {
            "authority_id": receiver.id, "about": task.about, "due": task.due, "stage": stage, "at": now,
            "said": Jsonb(_reminder(task, receiver)),
        }  # fmt: skip
        row = await (await platform.execute(QUERIES["tell_reminder"], facts)).fetchone()
        told += bool(row and row[0])
    return told


def _reminder(task: Task, receiver: Receiver) -> dict[str, Any]:
    return {
        "sv": f"{task.what.sv}. {task.why.sv}\nSenast {task.due}.",
        "en": f"{task.what.en}. {task.why.en}\nBy {task.due}.",
        "page": task.page, "office": receiver.of_supplier, "facts": {"due": str(task.due), "kind": task.kind},
    }  # fmt: skip


async def _tell_week(
    platform: Connection, receiver: Receiver, last: _Last, supervised: Sequence[Supervised], tasks: Sequence[Task],
    now: datetime,
) -> int:  # fmt: skip
    day = digest_day(last.weekday, now)
    if day is None or (last.day is not None and last.day >= day):
        return 0
    # Judging all terms is much work, and once a week it is of use.
    red = await _red_terms(platform, supervised, now)
    before = None if last.said is None else last.said["facts"]
    fresh = sum(1 for one in tasks if last.told_at is None or one.since > last.told_at)
    week = Week(
        red=tuple(red), before=None if before is None else tuple(before["red"]), waiting=len(tasks), fresh=fresh,
        late=sum(one.is_late(now) for one in tasks),
    )  # fmt: skip
    said = {**write_digest(week, of_supplier=receiver.of_supplier), "office": receiver.of_supplier}
    facts = {"authority_id": receiver.id, "day": day, "said": Jsonb(said), "at": now}
    row = await (await platform.execute(QUERIES["tell_digest"], facts)).fetchone()
    return int(bool(row and row[0]))


def digest_day(weekday: int, now: datetime) -> date | None:
    """Return the day whose digest is to be told now, where it is wanted on a day of the week (1 Monday … 7 Sunday).

    0 is never. It is told from seven in the morning on, and a day late at most.
    """
    if weekday == 0:
        return None
    today = now.astimezone(LOCAL).date()
    day = today - timedelta(days=(today.isoweekday() - weekday) % 7)
    begins = datetime.combine(day, TOLD_FROM, LOCAL)
    return day if begins <= now < begins + CATCH_UP else None


async def _red_terms(platform: Connection, supervised: Sequence[Supervised], now: datetime) -> list[int]:
    red: set[int] = set()
    for one in supervised:
        standings = await read_standings(platform, one.id)
        red |= {task.term for task in list_term_tasks(standings, one.contract, now) if task.term is not None}
    return sorted(red)


async def _read_last(platform: Connection, receiver: Receiver) -> _Last:
    cursor = await platform.execute(QUERIES["read_digest_state"], {"authority_id": receiver.id})
    row = await cursor.fetchone()
    return _Last(0, False, None, None, None) if row is None else _Last(*row)
