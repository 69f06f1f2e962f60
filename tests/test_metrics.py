# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Metrics: what is counted is what Prometheus reads, and nothing else can be counted."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from vaka.metrics import Durations, Level, Levels, Tally, metrics_text


def read(*collectors: Tally | Level | Levels | Durations) -> dict[tuple[str, str], float]:
    """What a foreign reader finds in our text: (name, label's value) → number."""
    found = {}
    for family in text_string_to_metric_families(metrics_text(collectors).decode()):
        for sample in family.samples:
            found[sample.name, "".join(sample.labels.values())] = sample.value
    return found


def test_a_tally() -> None:
    tally = Tally("vaka_answers", "Answers.", "status", ("200", "503"))
    tally.add("200")
    tally.add("200", 4)
    assert read(tally) == {("vaka_answers_total", "200"): 5, ("vaka_answers_total", "503"): 0}
    assert (tally["200"], tally.total(), tally.nonzero()) == (5, 5, {"200": 5})


def test_a_label_is_never_invented() -> None:
    tally = Tally("vaka_answers", "Answers.", "status", ("200",))
    with pytest.raises(KeyError):
        tally.add("someone's name")
    assert tally.total() == 0


def test_levels_are_read_when_asked_for() -> None:
    waiting = {"life": 1.0}
    level, levels = Level("vaka_a", "A.", lambda: waiting["life"]), Levels("vaka_b", "B.", "lane", lambda: waiting)
    waiting["life"] = 7.0
    assert read(level, levels) == {("vaka_a", ""): 7, ("vaka_b", "life"): 7}


def test_durations_fall_into_buckets() -> None:
    durations = Durations("vaka_seconds", "Time.", (0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 3.0):
        durations.add(seconds)
    assert read(durations) == {
        ("vaka_seconds_bucket", "0.1"): 2,
        ("vaka_seconds_bucket", "1.0"): 3,
        ("vaka_seconds_bucket", "+Inf"): 4,
        ("vaka_seconds_count", ""): 4,
        ("vaka_seconds_sum", ""): pytest.approx(3.65),
    }
