# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Times as people read them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from vaka.web import times

NIGHT = datetime(2026, 3, 14, 2, 14, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, "0:00"), (0, "0:00"), (7.9, "0:07"), (59, "0:59"), (60, "1:00"), (3599, "59:59"), (3760, "1:02:40"),
     (90000, "25:00:00")],
)  # fmt: skip
def test_a_length_of_time_is_shown_as_a_clock_does(seconds: float, shown: str) -> None:
    assert times.waited(seconds) == shown


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (NIGHT, "2026-03-14 03:14:07 CET (UTC+01:00)"),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "2026-07-02 00:30:00 CEST (UTC+02:00)"),
        # The hour that comes twice when summer time ends: only the zone tells them apart.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25 02:30:00 CEST (UTC+02:00)"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25 02:30:00 CET (UTC+01:00)"),
    ],
)
def test_the_whole_time_names_its_zone(at: datetime, shown: str) -> None:
    assert times.whole_time(at) == shown


@pytest.mark.parametrize(
    ("ago", "sv", "en"),
    [
        (timedelta(), "03:14", "03:14"),
        (timedelta(hours=4), "fre 23:14", "Fri 23:14"),
        (timedelta(days=6), "sön 03:14", "Sun 03:14"),
        (timedelta(days=7), "2026-03-07 03:14", "2026-03-07 03:14"),
        (-timedelta(days=1), "2026-03-15 03:14", "2026-03-15 03:14"),
    ],
)
def test_a_day_is_named_as_long_as_it_cannot_be_mistaken(ago: timedelta, sv: str, en: str) -> None:
    assert times.local_day_and_time(NIGHT - ago, NIGHT, "sv") == sv
    assert times.local_day_and_time(NIGHT - ago, NIGHT, "en") == en


def test_the_day_turns_at_local_midnight() -> None:
    just_after = datetime(2026, 3, 13, 23, 5, tzinfo=UTC)
    assert times.local_day_and_time(just_after, NIGHT, "sv") == "00:05"


@pytest.mark.parametrize(
    ("born_on", "age"), [(date(1932, 3, 14), 94), (date(1932, 3, 15), 93), (date(1936, 2, 29), 90)]
)
def test_age_is_counted_on_the_local_day(born_on: date, age: int) -> None:
    assert times.age_in_years(born_on, NIGHT) == age


def test_machines_read_the_offset() -> None:
    assert times.machine_time(NIGHT) == "2026-03-14T03:14:07.000+01:00"
