# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is measured, when it is too much, and when a disk will be full. Knows neither machines nor databases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DISK_LOW = 0.10
"""Of a disk: less than that free is too little."""
FORECAST = timedelta(days=3)
"""A disk that is full within that time, as it fills now, is told of."""
SHORTEST_TREND = timedelta(minutes=30)
"""What is filling is not known from less."""
CONNECTIONS_HIGH = 0.80
MOST_WAITING = 5
"""Life alarms that nobody has taken for WAITS_LONG, over all authorities."""
WAITS_LONG = timedelta(minutes=3)
SLOW_SECONDS = 0.4
"""How soon a receiver answers a life alarm: a bound of the buckets that it counts in."""
SLOW_SHARE = 0.01
FEWEST_ANSWERS = 20
"""Of fewer no share is said."""
ANSWERS_WITHIN = timedelta(minutes=5)
"""Answers of that long are looked at together, as Prometheus's rule does: there may be few in half a minute."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One measurement."""

    at: datetime
    disk_free: int
    disk_size: int
    connections: int
    connections_allowed: int
    waiting: int
    receivers: int
    """Of this machine, that were to be asked."""
    receivers_silent: int
    answers: int = 0
    """Answers to life alarms since the measurement before."""
    answers_slow: int = 0
    unreachable: int = 0
    """Authorities whose database did not answer: what waits there is not in `waiting`."""


def find_excess(
    newest: Figures, disks: Sequence[tuple[datetime, int]], earlier: Iterable[Figures] = ()
) -> tuple[str, int] | None:
    """Return what is above its threshold, the worst first, and how much; None where all is well.

    `disks` says how much was free when, oldest first; `earlier` are measurements before, whose answers count as well.
    """
    if newest.receivers_silent or not newest.receivers:
        return "silent", max(newest.receivers_silent, 1)
    if newest.unreachable:
        return "unreachable", newest.unreachable
    if newest.disk_free < DISK_LOW * newest.disk_size:
        return "disk_low", round(100 * newest.disk_free / newest.disk_size)
    full_in = forecast_full(disks)
    if full_in is not None and full_in <= FORECAST:
        return "disk_filling", max(round(full_in.total_seconds() / 3600), 1)
    if newest.connections >= CONNECTIONS_HIGH * newest.connections_allowed:
        return "connections", newest.connections
    if newest.waiting >= MOST_WAITING:
        return "waiting", newest.waiting
    lately = [newest, *(one for one in earlier if newest.at - one.at < ANSWERS_WITHIN)]
    answers, slow = sum(one.answers for one in lately), sum(one.answers_slow for one in lately)
    if answers >= FEWEST_ANSWERS and slow > SLOW_SHARE * answers:
        return "slow", slow
    return None


def forecast_full(disks: Sequence[tuple[datetime, int]]) -> timedelta | None:
    """Return in how long nothing will be free, by the straight line nearest to what was; None: it does not fill."""
    if len(disks) < 2 or disks[-1][0] - disks[0][0] < SHORTEST_TREND:
        return None
    last = disks[-1][0]
    times = [(at - last).total_seconds() for at, _ in disks]
    middle, average = sum(times) / len(times), sum(free for _, free in disks) / len(disks)
    spread = sum((one - middle) ** 2 for one in times)
    slope = sum((one - middle) * (free - average) for one, (_, free) in zip(times, disks, strict=True)) / spread
    now = average - slope * middle
    if slope >= 0 or -now / slope > timedelta.max.total_seconds() / 2:
        return None
    return timedelta(seconds=max(-now / slope, 0))


def subtract(newest: Mapping[str, float], before: Mapping[str, float]) -> tuple[int, int]:
    """Return how many life alarms were answered between two readings of a receiver, and how many of them slowly.

    Counters that are lower than before are those of a receiver that was started anew.
    """
    count, soon = before.get("count", 0), before.get("soon", 0)
    if newest["count"] < count or newest["soon"] < soon or newest["count"] - newest["soon"] < count - soon:
        count = soon = 0
    answers = max(int(newest["count"] - count), 0)
    return answers, min(max(answers - int(newest["soon"] - soon), 0), answers)
