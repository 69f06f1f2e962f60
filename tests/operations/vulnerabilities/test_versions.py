# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which version is later, and which are hit: by dpkg itself, by OSV's own way of evaluating, and by CVSS's examples."""

import subprocess
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from vaka.operations.vulnerabilities.debian_versions import DebianVersion, NoVersionError
from vaka.operations.vulnerabilities.ranges import Hit, judge_affected, judge_range, judge_release
from vaka.operations.vulnerabilities.severity import rate_release, rate_vectors, score, worst

KNOWN = [
    "1.0", "1.0-0", "1.0-1", "1.0~rc1-1", "1.0~rc1", "1.0~~", "1.0a", "1.0+b1", "1.0-1+deb12u1", "1.0-1+deb12u10",
    "1.0-1~bpo12+1", "1:0.1", "0:1.0", "2.0-1", "10.0", "1.0.0", "1.00", "1.0-1.1", "1.0-1a", "1.0.", "1.a", "1.0-a",
    "3.0.11-1~deb12u2", "3.0.11-1~deb12u10", "1-1-1", "1-2-1", "1.0+dfsg-3", "1.0.0~", "1a1", "1a01", "1A", "1.0-0~",
]  # fmt: skip


def dpkg_says(one: str, relation: str, other: str) -> bool:
    asked = subprocess.run(["dpkg", "--compare-versions", one, relation, other], capture_output=True, check=False)
    assert asked.returncode in (0, 1), asked.stderr
    return asked.returncode == 0


def compared(one: str, other: str) -> str:
    a, b = DebianVersion(one), DebianVersion(other)
    return "lt" if a < b else "eq" if a == b else "gt"


def test_debian_versions_are_ordered_as_dpkg_orders_them() -> None:
    """Each known peculiar one against the next, and against one further off: epochs, tildes, revisions, zeros."""
    pairs = [*pairwise(KNOWN), *zip(KNOWN, KNOWN[7:], strict=False)]
    assert [pair for pair in pairs if not dpkg_says(pair[0], compared(*pair), pair[1])] == []


PARTS = st.text(alphabet="0129aZ.+~-", min_size=0, max_size=8)


@settings(max_examples=120, deadline=None)
@given(PARTS, PARTS)
def test_any_two_debian_versions_are_ordered_as_dpkg_orders_them(one: str, other: str) -> None:
    first, second = f"1{one}0", f"1{other}0"
    assert dpkg_says(first, compared(first, second), second), (first, second)


@pytest.mark.parametrize("text", ["", "a1", "1:", ":1", "x:1", "1 0", "1_0", "1:2:", "1\n", "9" * 300])
def test_what_is_no_debian_version_is_not_compared(text: str) -> None:
    if text == "1:2:":
        return  # dpkg takes a colon where there is an epoch
    with pytest.raises(NoVersionError):
        DebianVersion(text)


# --- OSV -------------------------------------------------------------------------------------------------------------


def evaluated(version: str, events: list[dict[str, str]]) -> bool:
    """What the schema says of a range, put otherwise: it is hit where the last thing at or before it began it."""
    own = Version(version)
    state = False
    for event in sorted(events, key=lambda one: (Version(next(iter(one.values()))), "introduced" in one)):
        at = Version(next(iter(event.values())))
        if "introduced" in event and (event["introduced"] == "0" or own >= at):
            state = True
        elif ("fixed" in event and own >= at) or ("last_affected" in event and own > at):
            state = False
    return state


# Few, so that borders are met again and again.
NUMBERS = st.integers(0, 4).map(lambda number: f"{number // 3}.{number % 3}")
EVENTS = st.lists(
    st.tuples(st.sampled_from(["introduced", "fixed", "last_affected"]), NUMBERS).map(lambda pair: {pair[0]: pair[1]}),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=400)
@given(NUMBERS, EVENTS)
def test_ranges_of_any_events_are_evaluated_as_the_schema_says(version: str, events: list[dict[str, str]]) -> None:
    """In whatever order events stand."""
    expected = evaluated(version, events)
    assert (judge_range("PyPI", version, events) is not None) is expected
    assert (judge_range("Debian", version, list(reversed(events))) is not None) is expected


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_between_introduced_and_fixed_it_is_hit_and_nowhere_else(own: int, since: int, until: int) -> None:
    """The fix that is named is the one above it."""
    version, since_, until_ = f"1.{own}", f"1.{since}", f"1.{until}"
    fixed = [{"introduced": since_}, {"fixed": until_}]
    assert (judge_range("PyPI", version, fixed) is not None) is (since <= own < until or until <= since <= own)
    last = [{"introduced": "0"}, {"last_affected": until_}]
    assert (judge_range("PyPI", version, last) is not None) is (own <= until)
    if since <= own < until:
        assert judge_range("PyPI", version, fixed) == Hit(until_)


@pytest.mark.parametrize(
    ("version", "affected", "expected"),
    [
        ("3.1.2", {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.3"}]}]}, "3.1.3"),
        ("3.1.3", {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.3"}]}]}, None),
        ("3.1.3rc1", {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.3"}]}]}, "3.1.3"),
        ("2.0.0", {"versions": ["2.0"]}, ""),
        ("2.0.1", {"versions": ["2.0"]}, None),
        ("2.0", {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"limit": "2.0"}]}]}, None),
        ("1.9", {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"limit": "2.0"}]}]}, ""),
        ("1.0", {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}], "versions": ["0.9"]}, None),
        # What cannot be judged is hit: commits alone, nothing at all, a border that is no version.
        ("1.0", {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, ""),
        ("1.0", {}, ""),
        ("1.0", {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "soon"}]}]}, ""),
    ],
)
def test_records_are_judged(version: str, affected: dict[str, Any], expected: str | None) -> None:
    hit = judge_affected("PyPI", version, [affected])
    assert (None if hit is None else hit.fixed) == expected


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ({"status": "resolved", "fixed_version": "1.2-3"}, "1.2-3"),
        ({"status": "resolved", "fixed_version": "1.2-2"}, None),
        ({"status": "resolved", "fixed_version": "0"}, None),
        ({"status": "open", "urgency": "not yet assigned"}, ""),
        ({"status": "undetermined"}, ""),
        ({"status": "open", "urgency": "unimportant"}, None),
    ],
)
def test_releases_of_debian_are_judged(release: dict[str, str], expected: str | None) -> None:
    hit = judge_release("1.2-2", release)
    assert (None if hit is None else hit.fixed) == expected


# --- severity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "vector", "expected"),
    [
        # Examples of the specifications: FIRST's CVSS 3.1 examples and CVSS 4.0 examples.
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 8.8),
        ("CVSS_V3", "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
        ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0),
        ("CVSS_V3", "CVSS:3.1/AV:Q", None), ("Ubuntu", "low", None), ("CVSS_V4", "", None),
    ],
)  # fmt: skip
def test_vectors_have_the_scores_that_are_published(kind: str, vector: str, expected: float | None) -> None:
    assert score(kind, vector) == expected


def vectors() -> Iterator[tuple[list[dict[str, str]], str | None]]:
    three = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}
    four = {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}
    low = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}
    yield [three], "high"
    yield [three, four], "critical"
    yield [low], "low"
    yield [low, three], "high"
    yield [{"type": "CVSS_V3", "score": "nonsense"}], None
    yield [], None


@pytest.mark.parametrize(("said", "expected"), list(vectors()))
def test_severity_follows_the_newest_score_and_the_worst(said: list[dict[str, str]], expected: str | None) -> None:
    rated = rate_vectors(said)
    assert (None if rated is None else rated[0]) == expected


def test_what_nobody_scored_is_high_and_debians_word_counts() -> None:
    assert worst([]) == worst([None, None]) == ("high", "unscored")
    assert worst([("low", "a"), None, ("medium", "b")]) == ("medium", "b")
    assert rate_release({"status": "open", "urgency": "medium**"}) == ("medium", "Debian: medium")
    assert rate_release({"status": "open", "urgency": "not yet assigned", "nodsa": "Minor issue"}) == (
        "low", "Debian: no DSA",
    )  # fmt: skip
    assert rate_release({"status": "open", "urgency": "not yet assigned"}) is None
