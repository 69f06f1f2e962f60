# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Counting and showing what came back."""

import io

import pytest

from vaka.clock import TurnedClock
from vaka.scaip.body import Mrs
from vaka.simulate import tally as subject
from vaka.simulate.display import Display, summary
from vaka.simulate.reports import Report
from vaka.simulate.tally import Tally


def told(*answers: tuple[int | None, float]) -> Tally:
    tally = Tally()
    for status, seconds in answers:
        tally.begin()
        tally.answer(Report.BUTTON, status, seconds)
        tally.end()
    return tally


def test_percentiles() -> None:
    tally = told(*((200, number / 1000) for number in range(1, 101)))
    assert tally.milliseconds() == {"p50": 51.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
    assert told((200, 0.25)).milliseconds() == dict.fromkeys(("p50", "p95", "p99", "max"), 250.0)
    assert Tally().milliseconds() is None


@pytest.mark.parametrize(
    ("status", "answered", "refused", "lost"),
    [(200, 1, 0, 0), (202, 1, 0, 0), (None, 0, 0, 1), (503, 0, 0, 1), (401, 0, 1, 1), (403, 0, 1, 1), (500, 0, 1, 1)],
)
def test_what_counts_as_lost(status: int | None, answered: int, refused: int, lost: int) -> None:
    tally = told((status, 0.1))
    assert (tally.answered, tally.refused, tally.lost, tally.waiting) == (answered, refused, lost, 0)


def test_a_confirmation_that_says_no_is_counted() -> None:
    tally = told((200, 0.1), (200, 0.1))
    tally.confirm(Mrs("1", 0))
    tally.confirm(Mrs("2", 7))
    tally.confirm(None)
    assert (tally.confirmed, tally.unwell) == (2, 1)


def test_latencies_do_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_LATENCIES", 10)
    tally = told(*((200, float(number)) for number in range(25)))
    assert len(tally._latencies) <= 10
    assert max(tally._latencies) == 24.0


def test_the_summary_names_what_went_wrong() -> None:
    good, bad = summary(told((200, 0.012)), 2.0), summary(told((200, 0.012), (403, 0.1), (None, 32.0)), 60.0)
    assert "Lost:            0" in good
    assert "refused" not in good
    assert "p99 12.0 ms" in good
    assert "Lost:            2 (1 refused, 1 unanswered)" in bad
    assert "Lost:            1 (1 unanswered)" in summary(told((None, 32.0)), 60.0)


def test_the_summary_says_what_was_stopped_and_why_nothing_was_answered() -> None:
    tally = told((200, 0.012))
    for cause in ("The receiver said nothing.", "", "The receiver said nothing."):
        tally.begin()
        tally.end(finished=False, cause=cause)
    shown = summary(tally, 2.0)
    assert "Lost:            0\n" in shown
    assert "Unfinished:      3 (stopped before an answer came)" in shown
    assert "Why no answer:   The receiver said nothing. (2)" in shown
    assert (tally.sent, tally.answered + tally.lost + tally.unfinished, tally.waiting) == (4, 4, 0)
    assert "Unfinished" not in summary(told((200, 0.012)), 2.0)


def test_the_display_is_plain_lines_where_there_is_no_terminal(clock: TurnedClock) -> None:
    stream = io.StringIO()
    tally = told((200, 0.012), (None, 32.0))
    tally.begin()
    tally.end(finished=False)
    display = Display(tally, clock, stream=stream)
    clock.turn(12)
    display.show()
    assert stream.getvalue() == "  12.0 s  sent 3  answered 1  mrs 0  lost 1  unfinished 1  p99 12 ms\n"
