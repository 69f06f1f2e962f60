# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The numbered proofs of the 37 terms: what each is, and which tests are it. Read from proofs.toml and tests' names."""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
SAID = TESTS.parent / "docs" / "security" / "proofs.toml"
_NAMED_AFTER = re.compile(r"test_term_\d\d_\d+_")
_NUMBER = re.compile(r"_(\d\d)_(\d+)(?=_)")


@dataclass(frozen=True, slots=True)
class Proof:
    """One numbered proof of a term."""

    number: str
    """``9.3``: the third of term 9."""
    label: str
    tests: Sequence[str]
    """``access/test_grants.py::test_term_09_3_…``, below tests/; in order."""
    waits: str
    """What is missing, where there is no test; else empty."""
    is_operations: bool
    """Whether it waits for the work on how an installation is run."""

    @property
    def term(self) -> int:
        """1 to 37."""
        return int(self.number.split(".")[0])


@cache
def list_proofs() -> Sequence[Proof]:
    """Return every proof, in order. Raises ValueError where one has neither a test nor a reason."""
    said = tomllib.loads(SAID.read_text(encoding="utf-8"))
    named = named_after_proofs()
    for number, others in said["elsewhere"].items():
        named[number] += others
    return tuple(_proof(number, label, named.get(number, ()), said) for number, label in said["proofs"].items())


def _proof(number: str, label: str, tests: Sequence[str], said: Mapping[str, Any]) -> Proof:
    if tests:
        return Proof(number, label, tests, "", False)
    term = number.split(".")[0]
    for where in (number, term):
        for table in ("operations", "waits"):
            if where in said[table]:
                return Proof(number, label, (), said[table][where], table == "operations")
    raise ValueError(f"proof {number} has no test, and nothing says what it waits for")


def named_after_proofs() -> dict[str, list[str]]:
    """Return the tests that are named after a proof, by its number."""
    found: dict[str, list[str]] = defaultdict(list)
    for test in all_tests():
        name = test.split("::")[1]
        if _NAMED_AFTER.match(name):
            for term, number in _NUMBER.findall(name):
                found[f"{int(term)}.{int(number)}"].append(test)
    return found


@cache
def all_tests() -> Sequence[str]:
    """Return every test function there is, as pytest names it below tests/."""
    return tuple(
        f"{path.relative_to(TESTS).as_posix()}::{node.name}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )
