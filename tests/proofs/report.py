# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`make proofs`: runs the proofs of the terms, and says per term which ran, what was made to fail, and what waits.

A plugin of pytest (``-p tests.proofs.report``). It leaves nothing but the tests that are a proof, and those that plant
a fault and look whether the term turns red, which are marked ``turns_red``. It ends with what is to be read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tests.proofs.listing import Proof, list_proofs
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.terms import load_terms

KEY = "turns_red"
_ORDER = ("failed", "passed", "skipped", "not run")


def is_wanted(item: pytest.Item, tests: set[str]) -> bool:
    """Whether a test is a proof, or turns a term red."""
    return place_of(item.nodeid) in tests or item.get_closest_marker(KEY) is not None


def place_of(nodeid: str) -> str:
    """Return of which test function a collected test is one case, as the listing names it."""
    return nodeid.removeprefix("tests/").split("[")[0]


def reddened_by(item: pytest.Item) -> list[str]:
    """Return whose term a test turns red, and how: ``session-levels planted``.

    The marker says which evidence, or else the case is called after it; and ``stopped`` where it plants no fault.
    """
    marker = item.get_closest_marker(KEY)
    if marker is None or not isinstance(item, pytest.Function):
        return []
    evidence = marker.args or (item.callspec.params["name"],)
    return [f"{one} {'stopped' if marker.kwargs.get('stopped') else 'planted'}" for one in evidence]


class Results:
    """How each test went."""

    def __init__(self) -> None:
        self._proofs: dict[str, set[str]] = defaultdict(set)
        self._red: dict[str, set[str]] = defaultdict(set)

    def keep(self, place: str, red: Iterable[str], outcome: str) -> None:
        """Take in one phase of one case."""
        self._proofs[place].add(outcome)
        for one in red:
            self._red[one].add(outcome)

    def of(self, proof: Proof) -> str:
        """Return how a proof went: as the worst of its tests; one that was not run is no proof."""
        return worst({one for test in proof.tests for one in self._proofs.get(test, {"not run"})})

    def red(self, evidence: str) -> dict[str, str]:
        """Return how what turns an evidence red went, by how it was done; empty where there is no such test."""
        ways = (f"{evidence} planted", f"{evidence} stopped")
        return {way.split()[1]: worst(self._red[way]) for way in ways if way in self._red}


def worst(outcomes: set[str]) -> str:
    """Return what counts of several."""
    return next((one for one in ("failed", "not run", "skipped", "passed") if one in outcomes), "not run")


def say(results: Results) -> Iterator[str]:
    """What is to be read: for each term a heading, its proofs, what was made to fail, and what waits."""
    proofs = list_proofs()
    for term in load_terms():
        own = [one for one in proofs if one.term == term.number]
        yield f"{term.number} · {term.label.en}"
        for one in own:
            if one.tests:
                count = f"{len(one.tests)} test{'s' if len(one.tests) > 1 else ''}"
                yield f"  {results.of(one):<10} {one.number:<5} {one.label} ({count})"
        for goal in term.goals:
            for evidence in goal.requirements:
                ways = results.red(evidence.id)
                if ways:
                    outcome = worst(set(ways.values()))
                    yield f"  {'made red' if outcome == 'passed' else outcome:<10} {evidence.id} ({', '.join(ways)})"
                elif evidence.id in COLLECTORS:
                    yield f"  {'no test':<10} {evidence.id} turns red"
        for one in own:
            if not one.tests:
                yield f"  {'operations' if one.is_operations else 'waits':<10} {one.number:<5} {one.label}: {one.waits}"
    went = [results.of(one) if one.tests else "waits" for one in proofs]
    counted = ", ".join(f"{went.count(one)} {one}" for one in (*_ORDER, "waits") if one in went)
    yield f"{len(proofs)} proofs: {counted}"


class Report:
    """What pytest calls."""

    def __init__(self) -> None:
        self.results = Results()
        self.tests = {test for proof in list_proofs() for test in proof.tests}

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave what is wanted, and note what each is evidence of."""
        wanted = [item for item in items if is_wanted(item, self.tests)]
        config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
        for item in wanted:
            item.user_properties.append((KEY, reddened_by(item)))
        items[:] = wanted

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in how it went: setting up and clearing away count only where they fail, or are skipped."""
        if report.when == "call" or report.outcome != "passed":
            red: Any = dict(report.user_properties).get(KEY, ())
            self.results.keep(place_of(report.nodeid), red, report.outcome)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say it."""
        if not hasattr(terminalreporter.config, "workerinput"):
            terminalreporter.section("proofs of the terms")
            for line in say(self.results):
                terminalreporter.write_line(line)


def pytest_configure(config: pytest.Config) -> None:
    """Join in."""
    config.pluginmanager.register(Report(), "proofs-of-the-terms")
