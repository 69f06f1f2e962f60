# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Timetables: in order, complete, and as frequent as they say."""

from collections import Counter
from itertools import islice, pairwise, takewhile
from random import Random

import pytest

from vaka.simulate.reports import Report
from vaka.simulate.timetable import ALARMS_A_MONTH, HOURS, MIX, Event, heartbeats, lifelike, once_each, storm, together

MONTH = 30 * 86_400


def is_in_order(events: list[Event]) -> bool:
    return all(earlier.at <= later.at for earlier, later in pairwise(events))


def test_once_each() -> None:
    assert list(once_each(3, Report.TEST, rate=2)) == [
        (0.0, 0, Report.TEST), (0.5, 1, Report.TEST), (1.0, 2, Report.TEST)
    ]  # fmt: skip


def test_heartbeats_keep_each_device_s_interval_and_begin_apart() -> None:
    events = list(heartbeats([60] * 100 + [300] * 100, Random(1), seconds=3000))
    assert is_in_order(events)
    assert {event.report for event in events} == {Report.HEARTBEAT}
    times = Counter(event.device for event in events)
    assert all(48 <= times[device] <= 52 for device in range(100))
    assert all(9 <= times[device] <= 11 for device in range(100, 200))
    first_minute = [event for event in events if event.at < 60]
    assert {int(event.at / 10) for event in first_minute} == set(range(6)), "a restart must not make them a chorus"


def test_a_storm_is_everybody_s_test_and_some_people_s_alarm() -> None:
    events = list(storm(1000, Random(1), seconds=600, alarm_share=0.1))
    assert is_in_order(events)
    assert all(0 <= event.at <= 600 for event in events)
    tests = [event.device for event in events if event.report is Report.TEST]
    alarms = [event.device for event in events if event.report is Report.BUTTON]
    assert sorted(tests) == list(range(1000))
    assert len(set(alarms)) == len(alarms) == 100


@pytest.mark.parametrize("speed", [1.0, 50.0])
def test_life_has_as_many_alarms_as_it_says(speed: float) -> None:
    """Followers (a cancellation, a second press) come on top; the hours even out over whole days."""
    devices = round(1000 / speed)
    timetable = lifelike(devices, Random(1), speed, lambda seconds: int(seconds / 3600) % 24)
    events = list(takewhile(lambda event: event.at < MONTH, timetable))
    assert is_in_order(events)
    starting = [event for event in events if event.report in MIX]
    expected = devices * speed * ALARMS_A_MONTH
    assert expected * 0.9 < len(starting) < expected * 1.15
    assert {event.device for event in events} <= set(range(devices))
    assert {event.report for event in events} >= {*MIX, Report.CANCEL, Report.BATTERY_RESTORED, Report.MAINS_RESTORED}
    by_hour = Counter(int(event.at / 3600) % 24 for event in events)
    assert by_hour[8] > 1.5 * by_hour[2]


def test_a_demo_begins_with_something_to_see() -> None:
    events = list(islice(lifelike(10, Random(1), 0.01, lambda _: 12, early=3), 3))
    assert all(1 <= event.at <= 10 for event in events)
    assert {event.report for event in events} == {Report.BUTTON}


def test_the_hours_even_out() -> None:
    assert len(HOURS) == 24
    assert sum(HOURS) == pytest.approx(24)
    assert max(HOURS) == 1.4
    assert sum(MIX.values()) == 100


def test_several_timetables_are_one() -> None:
    both = together(once_each(50, Report.TEST, 3), heartbeats([1.0] * 5, Random(2), 10))
    events = list(both)
    assert is_in_order(events)
    assert Counter(event.report for event in events)[Report.TEST] == 50
