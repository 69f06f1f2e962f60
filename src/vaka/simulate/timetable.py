# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""When which device says what: endless or bounded, made up as it goes along. Pure: no socket, no clock."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from vaka.simulate.reports import Report

ALARMS_A_MONTH = 6.3
"""Of one device; between 3 and 9.5 have been counted in Swedish municipalities."""
_MONTH = 30 * 86_400

# Share of the mean by hour of the day: a peak in the morning, and nights that are not quiet.
HOURS = (0.75, 0.70, 0.65, 0.65, 0.70, 0.80, 1.05, 1.35, 1.40, 1.30, 1.15, 1.10,
         1.10, 1.05, 1.00, 1.00, 1.05, 1.10, 1.15, 1.15, 1.10, 1.00, 0.90, 0.80)  # fmt: skip

# What an alarm is, of a hundred.
MIX = {
    Report.BUTTON: 74,
    Report.FALL: 5,
    Report.SMOKE: 1,
    Report.INACTIVITY: 3,
    Report.DOOR: 3,
    Report.ASSISTANCE: 2,
    Report.BATTERY: 4,
    Report.MAINS: 2,
    Report.TEST: 6,
}
# What often follows: (what, how likely, after how many seconds at least and at most).
FOLLOWING = {
    Report.BUTTON: ((Report.CANCEL, 0.10, 10, 60), (Report.BUTTON, 0.06, 180, 900)),
    Report.BATTERY: ((Report.BATTERY_RESTORED, 0.9, 600, 7200),),
    Report.MAINS: ((Report.MAINS_RESTORED, 0.95, 120, 3600),),
}


class Event(NamedTuple):
    """One report at its time."""

    at: float
    """Seconds from the start."""
    device: int
    """Its number."""
    report: Report


def once_each(devices: int, report: Report, rate: float) -> Iterator[Event]:
    """Every device says it once, ``rate`` of them in a second, in order."""
    return (Event(number / rate, number, report) for number in range(devices))


def heartbeats(intervals: Sequence[float], chance: Random, seconds: float = float("inf")) -> Iterator[Event]:
    """Every device at its own interval in seconds, begun at a time of its own, for so many ``seconds``."""
    due = [(chance.uniform(0, interval), number) for number, interval in enumerate(intervals)]
    heapq.heapify(due)
    while due and due[0][0] < seconds:
        at, number = due[0]
        yield Event(at, number, Report.HEARTBEAT)
        # Clocks in devices are not exact.
        heapq.heapreplace(due, (at + intervals[number] * chance.uniform(0.98, 1.02), number))


def storm(devices: int, chance: Random, seconds: float, alarm_share: float) -> Iterator[Event]:
    """Every device sends a test, and a share of them an alarm for real, all within so many ``seconds``."""
    events = [Event(chance.uniform(0, seconds), number, Report.TEST) for number in range(devices)]
    alarms = chance.sample(range(devices), round(devices * alarm_share))
    events += [Event(chance.uniform(0, seconds), number, Report.BUTTON) for number in alarms]
    return iter(sorted(events))


def lifelike(
    devices: int, chance: Random, speed: float, hour: Callable[[float], int], early: int = 0
) -> Iterator[Event]:
    """Alarms as people and devices raise them, without end, ``speed`` times as many as in real life.

    ``hour(seconds from the start)`` is the hour of the day. ``early`` alarms come within the first ten seconds, so that
    there is something to look at.
    """
    reports, weights = tuple(MIX), tuple(MIX.values())
    peak = max(HOURS)
    most_a_second = devices * ALARMS_A_MONTH / _MONTH * speed * peak
    later = [Event(chance.uniform(1, 10), chance.randrange(devices), Report.BUTTON) for _ in range(early)]
    heapq.heapify(later)
    at = 0.0
    while True:
        at += chance.expovariate(most_a_second)
        while later and later[0].at <= at:
            yield heapq.heappop(later)
        if chance.random() * peak > HOURS[hour(at)]:
            continue
        event = Event(at, chance.randrange(devices), chance.choices(reports, weights)[0])
        yield event
        for report, likelihood, least, most in FOLLOWING.get(event.report, ()):
            if chance.random() < likelihood:
                heapq.heappush(later, Event(at + chance.uniform(least, most), event.device, report))


def together(*timetables: Iterator[Event]) -> Iterator[Event]:
    """Several timetables as one."""
    return heapq.merge(*timetables)
