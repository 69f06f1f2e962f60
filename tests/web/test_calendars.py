# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A calendar of days is what another's reader of iCalendar reads, whatever stands in the texts."""

from datetime import UTC, date, datetime

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from vaka.assurance.tasks import Task
from vaka.errors import Sentence
from vaka.web.calendars import MOST_EVENTS, write_calendar

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"), blacklist_characters="\x85"), max_size=200)


def task(due: date | None, what: str = "Dokument", why: str = "Gås igenom.") -> Task:
    return Task(
        "register_entry", "register_entry:1", "supplier", NOW, due, Sentence(what, what), Sentence(why, why), "/x"
    )


def read(document: bytes) -> list[icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(document)
    assert calendar.errors == []
    return [one for one in calendar.walk("VEVENT") if isinstance(one, icalendar.Event) and not one.errors]


@given(WORDS, WORDS, st.dates(date(2020, 1, 1), date(2099, 12, 31)))
def test_another_reader_reads_what_was_said(what: str, why: str, due: date) -> None:
    document = write_calendar([task(due, what, why)], "Vaka, Åre; kommun", "https://p.example/log/a", "sv", NOW)
    assert all(len(line) <= 75 for line in document.split(b"\r\n"))
    assert b"\n" not in document.replace(b"\r\n", b"")
    [event] = read(document)
    assert (event.decoded("dtstart"), str(event["summary"]), str(event["description"])) == (due, what, why)
    assert (event.decoded("dtend") - event.decoded("dtstart")).days == 1
    assert (str(event["url"]), str(event["uid"])) == ("https://p.example/log/a/x", "register_entry:1@p.example")


def test_a_day_is_that_day_on_both_sides_of_summer_time() -> None:
    """Dates without a time: nothing moves them, in March or in October."""
    days = [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30), date(2026, 10, 25), date(2026, 10, 26)]
    found = read(write_calendar([task(day) for day in days], "Vaka", "https://p.example", "sv", NOW))
    assert [one.decoded("dtstart") for one in found] == days
    assert found[0].decoded("dtstamp") == NOW


def test_what_has_no_day_is_not_in_it_and_there_is_an_end() -> None:
    assert read(write_calendar([task(None)], "Vaka", "https://p.example", "sv", NOW)) == []
    many = write_calendar([task(date(2026, 1, 1))] * (MOST_EVENTS + 1), "Vaka", "https://p.example", "sv", NOW)
    assert len(read(many)) == MOST_EVENTS
