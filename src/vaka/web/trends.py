# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Trends of a week: lines drawn here, as SVG, and the same by days as figures. Pure but for what is read.

An hour of which nothing is known is a gap in its line, never a value between its neighbours.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from vaka.clock import LOCAL
from vaka.database.connections import Connection
from vaka.operations.capacity.figures import CONNECTIONS_HIGH, DISK_LOW, MOST_WAITING, SLOW_SHARE
from vaka.operations.capacity.trends import CapacityHour, list_capacity_hours
from vaka.operations.trials.standing import TrialHour, list_trial_hours
from vaka.web.texts import mark

HOUR = timedelta(hours=1)
SHOWN = timedelta(days=7)
WIDTH, HEIGHT = 672, 120
"""Of a drawing, in its own units: four for each hour."""
_STEP = WIDTH / (SHOWN / HOUR)


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure over a week."""

    name: str
    title: str
    unit: str
    values: Mapping[datetime, float]
    """By the hour they are of."""
    since: datetime
    limit: float | None = None
    """What is too much, or too little."""
    least: bool = False
    """Whether the least is the worst."""
    path: str = field(init=False, default="")
    top: float = field(init=False, default=1.0)

    def __post_init__(self) -> None:
        top = max([*self.values.values(), (self.limit or 0) * 1.25, 1e-9])
        object.__setattr__(self, "top", top)
        object.__setattr__(self, "path", self._draw())

    @property
    def worst(self) -> float | None:
        """The worst of all."""
        found = self.values.values()
        return (min(found) if self.least else max(found)) if found else None

    @property
    def newest(self) -> float | None:
        """What it was in the newest hour that is known."""
        return self.values[max(self.values)] if self.values else None

    @property
    def is_beyond(self) -> bool:
        """Whether it was too much, or too little, at any hour shown."""
        if self.worst is None or self.limit is None:
            return False
        return self.worst < self.limit if self.least else self.worst >= self.limit

    @property
    def limit_height(self) -> float | None:
        """Where the line of what is too much lies."""
        return None if self.limit is None else self._height(self.limit)

    def _height(self, value: float) -> float:
        return round(HEIGHT - HEIGHT * value / self.top, 1)

    def _draw(self) -> str:
        """The line, broken where an hour is missing; one hour alone is as long as an hour."""
        steps, before = [], None
        for hour in sorted(self.values):
            at, height = round((hour - self.since) / HOUR * _STEP, 1), self._height(self.values[hour])
            steps.append(f"{'L' if before == hour - HOUR else 'M'}{at} {height}H{round(at + _STEP, 1)}")
            before = hour
        return "".join(steps)


@dataclass(slots=True)
class Day:
    """One day, at its worst; None where nothing is known of it."""

    day: date
    tried: int = 0
    failed: int = 0
    total_ms: int = 0
    slowest_ms: int | None = None
    disk_free: float | None = None
    connections: float | None = None
    waiting: int | None = None
    answers: int = 0
    answers_slow: int = 0

    @property
    def usual_ms(self) -> int | None:
        """How long a trial took that came through, on the average."""
        well = self.tried - self.failed
        return round(self.total_ms / well) if well else None

    @property
    def slow(self) -> float | None:
        """Of life alarms, how many in a hundred were answered slowly."""
        return 100 * self.answers_slow / self.answers if self.answers else None


async def read_trends(platform: Connection, now: datetime, authority_id: UUID | None) -> Mapping[str, Any]:
    """Return what templates show of a week: of one authority and the installation, or of all authorities together.

    How many alarms wait is of all authorities, and none is told of the others'.
    """
    since = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR - SHOWN
    trials = await list_trial_hours(platform, since, authority_id)
    hours = await list_capacity_hours(platform, since)
    charts = list(_charts(trials, hours, since, whole=authority_id is None))
    return {
        "charts": charts, "days": _days(trials, hours), "since": since, "until": now, "width": WIDTH, "height": HEIGHT,
        "is_whole": authority_id is None,
    }  # fmt: skip


def _charts(
    trials: Sequence[TrialHour], hours: Sequence[CapacityHour], since: datetime, *, whole: bool
) -> Iterable[Chart]:
    slowest = {one.hour: float(one.slowest_ms) for one in trials if one.slowest_ms is not None}
    yield Chart("trials", mark("Trial alarm, the slowest of each hour"), "ms", slowest, since)
    failed = {one.hour: float(one.failed) for one in trials}
    yield Chart("failed", mark("Trial alarms that did not come through"), "", failed, since, limit=1)
    slow = {one.hour: 100 * one.answers_slow / one.answers for one in hours if one.answers}
    yield Chart("slow", mark("Life alarms that were answered slowly"), "%", slow, since, limit=100 * SLOW_SHARE)
    connections = {one.hour: one.connections / 10 for one in hours}
    yield Chart("connections", mark("Connections to the database server, of those it allows"), "%", connections, since,
                limit=100 * CONNECTIONS_HIGH)  # fmt: skip
    free = {one.hour: one.disk_free / 10 for one in hours}
    yield Chart("disk", mark("Free of the disk"), "%", free, since, limit=100 * DISK_LOW, least=True)
    if whole:
        waiting = {one.hour: float(one.waiting) for one in hours if one.waiting is not None}
        yield Chart("waiting", mark("Life alarms that nobody has taken for three minutes"), "", waiting, since,
                    limit=MOST_WAITING)  # fmt: skip


def _days(trials: Sequence[TrialHour], hours: Sequence[CapacityHour]) -> Sequence[Day]:
    """By Swedish days, the newest first."""
    days: dict[date, Day] = defaultdict(lambda: Day(date.min))
    for trial in trials:
        day = days[trial.hour.astimezone(LOCAL).date()]
        day.tried, day.failed, day.total_ms = day.tried + trial.tried, day.failed + trial.failed, (
            day.total_ms + trial.total_ms
        )  # fmt: skip
        day.slowest_ms = max((one for one in (day.slowest_ms, trial.slowest_ms) if one is not None), default=None)
    for one in hours:
        day = days[one.hour.astimezone(LOCAL).date()]
        day.disk_free = min(one.disk_free / 10, 100.0 if day.disk_free is None else day.disk_free)
        day.connections = max(one.connections / 10, day.connections or 0.0)
        if one.waiting is not None:
            day.waiting = max(one.waiting, day.waiting or 0)
        day.answers, day.answers_slow = day.answers + one.answers, day.answers_slow + one.answers_slow
    for at, day in days.items():
        day.day = at
    return [days[at] for at in sorted(days, reverse=True)]
