# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every numbered proof has a test, or says what it waits for; and the report says what went how."""

import subprocess
import sys
import tomllib

import pytest

from tests.proofs.listing import SAID, Proof, all_tests, list_proofs, named_after_proofs
from tests.proofs.marked import MARKED
from tests.proofs.report import Results, say
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.terms import load_terms

COUNTS = {
    1: 6, 2: 5, 3: 5, 4: 5, 5: 5, 6: 6, 7: 6, 8: 5, 9: 7, 10: 5,
    11: 6, 12: 4, 13: 5, 14: 5, 15: 5, 16: 5, 17: 5, 18: 5, 19: 5, 20: 5,
    21: 6, 22: 5, 23: 6, 24: 8, 25: 6, 26: 6, 27: 6, 28: 5, 29: 7, 30: 6,
    31: 6, 32: 6, 33: 5, 34: 5, 35: 5, 36: 5, 37: 6,
}  # fmt: skip
"""How many numbered proofs each term has."""


def proofs() -> dict[str, Proof]:
    """Every proof by its number; asked for by tests, as every process that collects tests would else read all files."""
    return {one.number: one for one in list_proofs()}


def test_every_term_has_its_proofs_and_no_number_is_left_out() -> None:
    assert list(proofs()) == [f"{term}.{number}" for term, count in COUNTS.items() for number in range(1, count + 1)]
    assert list(COUNTS) == [term.number for term in load_terms()]


def test_whatever_is_named_after_a_proof_is_named_after_one_there_is() -> None:
    assert named_after_proofs().keys() <= proofs().keys()


def test_whatever_is_a_proof_by_another_name_is_there() -> None:
    named = [test for tests in tomllib.loads(SAID.read_text(encoding="utf-8"))["elsewhere"].values() for test in tests]
    assert set(named) <= set(all_tests())


def test_nothing_waits_that_is_proved() -> None:
    """A reason that has become untrue is taken away."""
    said = tomllib.loads(SAID.read_text(encoding="utf-8"))
    waiting = {one.number for one in proofs().values() if not one.tests}
    for reason in [*said["operations"], *said["waits"]]:
        assert reason in waiting or any(one.split(".")[0] == reason for one in waiting), reason
    assert not said["operations"].keys() & said["waits"].keys()


@pytest.mark.parametrize(
    ("went", "told"),
    [
        ({"a::t": ["passed"], "b::t": ["passed", "passed"]}, "passed"),
        ({"a::t": ["passed"], "b::t": ["passed", "failed"]}, "failed"),
        ({"a::t": ["passed"]}, "not run"),
        ({"a::t": ["skipped"], "b::t": ["passed"]}, "skipped"),
    ],
)
def test_a_proof_is_as_good_as_the_worst_of_its_tests(went: dict[str, list[str]], told: str) -> None:
    results = Results()
    for place, outcomes in went.items():
        for outcome in outcomes:
            results.keep(place, [], outcome)
    assert results.of(Proof("9.3", "", ("a::t", "b::t"), "", False)) == told


def test_what_is_said_has_every_term_every_proof_and_what_was_made_red() -> None:
    results = Results()
    for test in proofs()["9.3"].tests:
        results.keep(test, [], "passed")
    results.keep("a::t", ["session-levels planted", "session-levels stopped", "left-open planted"], "passed")
    results.keep("a::u", ["left-open planted"], "failed")
    said = list(say(results))
    assert sum(not line.startswith(" ") for line in said) == len(COUNTS) + 1
    assert all(any(f" {number} " in line for line in said) for number in proofs())
    text = "\n".join(said)
    assert "  passed     9.3 " in text
    assert "  made red   session-levels (planted, stopped)" in text
    assert "  failed     left-open (planted)" in text
    assert said[-1].startswith(f"{len(proofs())} proofs: 1 passed, ")


def test_every_collector_is_made_red_by_a_planted_fault_and_by_being_stopped() -> None:
    """By the markers of all tests, as pytest collects them; a new collector without them is seen here."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider", "-p", "tests.proofs.marked",
         "-m", "turns_red", "tests"],
        cwd=SAID.parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    marked = {line.removeprefix(MARKED) for line in done.stdout.splitlines() if line.startswith(MARKED)}
    assert marked, done.stdout + done.stderr
    assert sorted({f"{one} {way}" for one in COLLECTORS for way in ("planted", "stopped")} - marked) == []
