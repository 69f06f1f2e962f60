# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The pure part of supervision: who listens since when, and what many silent devices mean."""

from datetime import datetime, timedelta

import pytest

from tests.conftest import START
from vaka.alarms.silence import Census, Coverage, Limits, Presence, Verdict, cover, decide


def at(seconds: float) -> datetime:
    """A moment, counted from START."""
    return START + timedelta(seconds=seconds)


def receiver(started: float, beat: float) -> Presence:
    return Presence(at(started), at(beat))


NOW = 1000
COVERAGE = [
    ("one that listens", [receiver(100, 995)], None, True, 100),
    ("of two, the one that began first", [receiver(100, 995), receiver(300, 998)], None, True, 100),
    ("just restarted", [receiver(990, 995)], None, True, 990),
    ("relieved without a gap", [receiver(100, 905), receiver(900, 995)], None, True, 100),
    ("relieved with a gap", [receiver(100, 895), receiver(900, 995)], None, True, 900),
    ("a chain of three", [receiver(100, 505), receiver(500, 905), receiver(900, 995)], None, True, 100),
    ("a chain with a hole in it", [receiver(100, 495), receiver(500, 905), receiver(900, 995)], None, True, 500),
    ("silent for exactly a minute", [receiver(100, 940)], None, True, 100),
    ("silent for longer", [receiver(100, 939)], None, False, NOW),
    ("none was ever there", [], None, False, NOW),
    ("none was there last time", [receiver(100, 995)], Coverage(False, at(990), at(990)), True, NOW),
    ("there last time", [receiver(100, 995)], Coverage(True, at(100), at(990)), True, 100),
    ("a gap seen earlier is remembered", [receiver(100, 995)], Coverage(True, at(700), at(990)), True, 700),
    ("restarted since last time", [receiver(992, 995)], Coverage(True, at(700), at(990)), True, 992),
    ("it ended while the clock was ahead", [receiver(100, 72_000)], None, False, NOW),
    ("one that ended then leaves a gap", [receiver(100, 72_000), receiver(900, 995)], None, True, 900),
    ("a second ahead", [receiver(100, 1001)], None, True, 100),
    ("began while the clock was ahead", [receiver(72_000, 995)], None, True, NOW),
    ("began then, and seen since", [receiver(72_000, 995)], Coverage(True, at(700), at(990)), True, 700),
    ("the clock was set back", [receiver(100, 995)], Coverage(True, at(100), at(72_000)), True, NOW),
    ("set back to before it all", [receiver(71_000, 995)], Coverage(True, at(71_000), at(72_000)), True, NOW),
    ("nobody looked for a while", [receiver(100, 995)], Coverage(True, at(100), at(930)), True, NOW),
]


@pytest.mark.parametrize(
    ("receivers", "earlier", "listening", "since"), [line[1:] for line in COVERAGE], ids=[line[0] for line in COVERAGE]
)
def test_coverage(receivers: list[Presence], earlier: Coverage | None, listening: bool, since: float) -> None:
    assert cover(receivers, at(NOW), at(0), earlier) == Coverage(listening, at(since), at(NOW))


def test_receivers_get_a_minute_to_appear() -> None:
    """At the start of everything the scheduler may be first."""
    assert cover([], at(60), at(0), None).listening
    assert not cover([], at(61), at(0), None).listening
    assert cover([receiver(-900, -800)], at(30), at(0), None).listening


LIMITS = Limits(percent=20, minimum=5)
VERDICTS = [
    # heard, late, lost, newly lost, site open
    ((100, 0, 0, 0, False), Verdict.NOTHING),
    ((100, 90, 0, 0, False), Verdict.NOTHING),  # late alone raises nothing
    ((100, 0, 1, 1, False), Verdict.EACH_DEVICE),
    ((100, 0, 20, 20, False), Verdict.EACH_DEVICE),  # not more than a fifth
    ((100, 0, 21, 21, False), Verdict.SITE_SILENT),
    ((100, 20, 1, 1, False), Verdict.SITE_SILENT),  # the first of many: the others are late already
    ((4, 0, 4, 4, False), Verdict.EACH_DEVICE),  # too few to be a site
    ((5, 0, 5, 5, False), Verdict.SITE_SILENT),
    ((5, 4, 1, 1, False), Verdict.SITE_SILENT),
    ((100, 0, 30, 30, True), Verdict.SITE_STILL_SILENT),
    ((100, 5, 5, 0, True), Verdict.SITE_STILL_SILENT),  # exactly half the limit
    ((100, 5, 4, 0, True), Verdict.SITE_RETURNED),
    ((100, 0, 0, 0, True), Verdict.SITE_RETURNED),
    ((6, 0, 3, 0, True), Verdict.SITE_STILL_SILENT),
    ((6, 0, 2, 0, True), Verdict.SITE_RETURNED),  # less than half the smallest number that makes a site
    ((0, 0, 0, 0, True), Verdict.SITE_RETURNED),
]


@pytest.mark.parametrize(("facts", "verdict"), VERDICTS)
def test_what_many_mean(facts: tuple[int, int, int, int, bool], verdict: Verdict) -> None:
    heard, late, lost, newly_lost, site_open = facts
    assert decide(Census(heard, late, lost), newly_lost, site_open, LIMITS) is verdict
