# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a test environment says, signed with its own key: that exactly this release passed, and holds no real people.

The predicates are in-toto's for the results of tests, and one of our own for what was found in test stores (term 22).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.parsers import expat

from vaka.errors import ConfigurationError
from vaka.operations.integrity.envelope import STATEMENT_TYPE, Fault, NotBelievedError, Opened, Trust, open_envelope

TESTED: Final = "https://in-toto.io/attestation/test-result/v0.1"
SCANNED: Final = "https://vaka.example/test-data-scan/v1"
ENVIRONMENT: Final = "test"
MOST_NAMES = 50_000


@dataclass(frozen=True, slots=True)
class Results:
    """What tests a release went through."""

    passed: Sequence[str]
    failed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in the stores of a test environment."""

    at: datetime
    stores: int
    texts: int
    found: int


def read_results(junit: bytes) -> Results:
    """Read results as test runners write them (JUnit's XML). Raises ConfigurationError where they are none."""
    reader = _Reader()
    try:
        reader.read(junit)
    except (expat.ExpatError, ValueError) as error:
        raise ConfigurationError("The results are no JUnit XML.") from error
    passed = [name for name, outcome in reader.cases if outcome == "passed"]
    if not 0 < len(reader.cases) <= MOST_NAMES or not passed:
        raise ConfigurationError("No test of these results passed: they were skipped, or failed, or there are none.")
    return Results(passed, [name for name, outcome in reader.cases if outcome == "failed"])


class _Reader:
    """Reads the cases of a run. Skipped is not passed: what was skipped was not tried, and says nothing."""

    _OUTCOMES: Final = {"failure": "failed", "error": "failed", "skipped": "skipped"}

    def __init__(self) -> None:
        self.cases: list[tuple[str, str]] = []

    def read(self, junit: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EntityDeclHandler = self._refuse
        parser.Parse(junit, True)

    def _start(self, tag: str, said: dict[str, str]) -> None:
        if tag == "testcase":
            self.cases.append((f"{said.get('classname', '')}.{said.get('name', '')}", "passed"))
        elif tag in self._OUTCOMES and self.cases and self.cases[-1][1] != "failed":
            self.cases[-1] = (self.cases[-1][0], self._OUTCOMES[tag])

    def _refuse(self, *_: object) -> None:
        raise ValueError("entities")


def describe_results(digest: str, results: Results, mode: str) -> dict[str, Any]:
    """Return the statement that a release was tried here, to be signed here."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "vaka", "digest": {"sha256": digest}}],
        "predicateType": TESTED,
        "predicate": {
            "result": "FAILED" if results.failed else "PASSED",
            "configuration": [{"name": "environment", "annotations": {"mode": mode}}],
            "passedTests": list(results.passed), "failedTests": list(results.failed),
        },
    }  # fmt: skip


def require_tested(envelope: bytes, trust: Trust, digest: str) -> Opened:
    """Return an attestation of a test environment that exactly this release passed there. Raises NotBelievedError."""
    opened = open_envelope(envelope, trust, "test", TESTED)
    try:
        subjects = [one["digest"]["sha256"] for one in opened.statement["subject"]]
        said = opened.statement["predicate"]
        modes = [one["annotations"]["mode"] for one in said["configuration"] if one["name"] == "environment"]
        passed = said["result"] == "PASSED" and bool(said["passedTests"]) and not said["failedTests"]
    except (KeyError, TypeError) as error:
        raise NotBelievedError(Fault.UNREADABLE) from error
    if subjects != [digest]:
        raise NotBelievedError(Fault.DIFFERENT)
    if modes != [ENVIRONMENT]:
        raise NotBelievedError(Fault.ENVIRONMENT)
    if not passed:
        raise NotBelievedError(Fault.FAILED)
    return opened


def describe_scan(scan: Scan, digest: str) -> dict[str, Any]:
    """Return the statement of what was found in test stores while a release ran there, to be signed there."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "vaka", "digest": {"sha256": digest}}],
        "predicateType": SCANNED,
        "predicate": {"at": scan.at.isoformat(), "stores": scan.stores, "texts": scan.texts, "found": scan.found},
    }


def read_scan(envelope: bytes, trust: Trust) -> Scan:
    """Return what a test environment says of its stores. Raises NotBelievedError."""
    said: Mapping[str, Any] = open_envelope(envelope, trust, "test", SCANNED).statement["predicate"]
    try:
        at = datetime.fromisoformat(said["at"])
        counts = [said[name] for name in ("stores", "texts", "found")]
        if at.tzinfo is None or not all(type(one) is int and one >= 0 for one in counts):
            raise ValueError(said)
    except (ValueError, KeyError, TypeError) as error:
        raise NotBelievedError(Fault.UNREADABLE) from error
    return Scan(at, *counts)
