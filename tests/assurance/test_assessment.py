# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How a term stands: computed from evidence and its age, for any evidence there may be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.assurance.assessment import Contract, Standing, Status, assess, judge
from vaka.assurance.terms import Goal, Requirement, Term, load_terms
from vaka.errors import Sentence

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 14, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONTRACT = Contract(BEGAN, {}, {})
WORDS = Sentence(sv="Så är det.", en="So it is.")

AUTOMATIC = Requirement("automatic", "automatic", "product", HOUR, asked=False)
DOCUMENT = Requirement("document", "document", "supplier", timedelta(days=365), asked=False)
REQUESTED = Requirement("requested", "register", "authority", timedelta(days=1), asked=True)


def term(*requirements: Requirement) -> Term:
    """Return a term that rests on these."""
    return Term(1, WORDS, ("enforced",), "access", (Goal("goal", WORDS, requirements),))


def seen(ago: timedelta, *, met: bool = True) -> Standing:
    """Return evidence that was looked at so long ago, and has said the same since the day before."""
    return Standing(met, "none" if met else "found", NOW - ago - timedelta(days=1), NOW - ago, 0 if met else 2)


def test_no_evidence_is_never_green() -> None:
    """Of all 37 none is met while nothing was looked at; those that wait for a request are not red either."""
    for one in load_terms():
        judged = assess(one, {}, CONTRACT, NOW)
        assert judged.status in (Status.UNTESTED, Status.NOT_ASKED)
        assert judged.since == BEGAN


@pytest.mark.parametrize(
    ("requirement", "standing", "status", "reason"),
    [
        (AUTOMATIC, None, Status.UNTESTED, "no_evidence"),
        (AUTOMATIC, seen(HOUR), Status.MET, "none"),
        (AUTOMATIC, seen(HOUR + timedelta(seconds=1)), Status.UNTESTED, "collector_down"),
        (AUTOMATIC, seen(timedelta(0), met=False), Status.FAILING, "found"),
        (AUTOMATIC, seen(9 * HOUR, met=False), Status.FAILING, "found"),
        (AUTOMATIC, seen(-2 * HOUR), Status.UNTESTED, "collector_down"),
        (DOCUMENT, seen(timedelta(days=365)), Status.MET, "none"),
        (DOCUMENT, seen(timedelta(days=366)), Status.OUTDATED, "too_old"),
        (REQUESTED, None, Status.NOT_ASKED, "not_asked"),
        (REQUESTED, seen(timedelta(days=9), met=False), Status.NOT_ASKED, "not_asked"),
    ],
)  # fmt: skip
def test_a_requirement_stands_by_its_evidence_and_its_age(
    requirement: Requirement, standing: Standing | None, status: Status, reason: str
) -> None:
    """To the second; and a failure does not heal by growing old."""
    judged = judge(requirement, standing, CONTRACT, NOW)
    assert (judged.status, judged.reason) == (status, reason)


def test_what_was_asked_for_is_owed_from_then_on() -> None:
    """Until there is an answer it is untested, since the request."""
    asked = Contract(BEGAN, {"requested": NOW - HOUR}, {})
    assert judge(REQUESTED, None, asked, NOW).since == NOW - HOUR
    assert judge(REQUESTED, None, asked, NOW).status is Status.UNTESTED
    assert judge(REQUESTED, seen(HOUR), asked, NOW).status is Status.MET


def test_evidence_that_grows_old_is_red_since_then() -> None:
    """Not since it was supplied, and not since somebody noticed."""
    supplied = NOW - timedelta(days=400)
    judged = judge(DOCUMENT, Standing(True, "none", supplied, supplied), CONTRACT, NOW)
    assert judged.since == supplied + timedelta(days=365)


def test_a_term_that_the_authority_left_out_is_not_judged() -> None:
    """Whatever its evidence says."""
    left_out = Contract(BEGAN, {}, {1: NOW - HOUR})
    judged = assess(term(AUTOMATIC), {"automatic": seen(HOUR, met=False)}, left_out, NOW)
    assert (judged.status, judged.since, judged.reason) == (Status.NOT_APPLICABLE, NOW - HOUR, "agreed")


def test_what_nobody_asked_for_does_not_hold_a_term_back() -> None:
    """A term is met by what is owed; where nothing is owed it waits for the authority, and is not green."""
    assert assess(term(AUTOMATIC, REQUESTED), {"automatic": seen(HOUR)}, CONTRACT, NOW).status is Status.MET
    assert assess(term(REQUESTED), {}, CONTRACT, NOW).status is Status.NOT_ASKED


def test_a_term_tells_its_oldest_cause() -> None:
    """Of two that fail, the one that has failed longest is named."""
    newer = Requirement("newer", "automatic", "product", HOUR, asked=False)
    standings = {
        "automatic": Standing(False, "found", NOW - 9 * HOUR, NOW, 3),
        "newer": Standing(False, "found", NOW - HOUR, NOW, 1),
    }
    judged = assess(term(newer, AUTOMATIC), standings, CONTRACT, NOW)
    assert (judged.requirement, judged.since, judged.count) == ("automatic", NOW - 9 * HOUR, 3)


def test_a_term_is_met_since_the_last_of_it_was() -> None:
    """A goal that was reached yesterday does not make a term green since last year."""
    standings = {
        "automatic": Standing(True, "none", NOW - 9 * HOUR, NOW),
        "document": Standing(True, "none", NOW - timedelta(days=90), NOW - timedelta(days=90)),
    }
    assert assess(term(AUTOMATIC, DOCUMENT), standings, CONTRACT, NOW).since == NOW - 9 * HOUR


MOMENTS = st.integers(-400, 400).map(lambda hours: NOW + hours * HOUR)
STANDINGS = st.dictionaries(
    st.sampled_from(["automatic", "document", "requested"]),
    st.builds(
        Standing, st.booleans(), st.just("found"), since=st.integers(500, 900).map(lambda hours: NOW - hours * HOUR),
        seen=MOMENTS, count=st.integers(0, 9),
    ),
)  # fmt: skip


@given(STANDINGS, st.booleans())
def test_a_term_is_green_only_where_everything_owed_was_looked_at_and_is_met(
    standings: dict[str, Standing], asked: bool
) -> None:
    """For any evidence: one thing missing, failing or too old, and the term is not met."""
    contract = Contract(BEGAN, {"requested": BEGAN} if asked else {}, {})
    requirements = (AUTOMATIC, DOCUMENT, REQUESTED)
    judged = assess(term(*requirements), standings, contract, NOW)
    owed = [one for one in requirements if asked or not one.asked]
    whole = all(
        one.id in standings and standings[one.id].met and abs(NOW - standings[one.id].seen) <= one.every for one in owed
    )
    assert (judged.status is Status.MET) == whole
    assert judged.status is Status.MET or judged.status.red
    assert judged.since <= NOW
