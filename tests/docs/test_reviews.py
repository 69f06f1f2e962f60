# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The pages for reviewers name tests that exist, and leave out no requirement."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECURITY = ROOT / "docs" / "security"

# Levels 1 and 2 of OWASP ASVS 5.0.0, by section: how many requirements it has there. V6.7 is level 3 altogether.
SECTIONS = {
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
}  # fmt: skip
STATES = ("met", "partly", "not met", "none here")


def find_tests() -> set[str]:
    """Every test function."""
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.add(node.name)
    return found


def asvs() -> list[tuple[str, str, str, str]]:
    """Number, what it is about, state, and by what."""
    text = (SECURITY / "asvs.md").read_text(encoding="utf-8")
    row = r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \| (.+) \|$"
    return re.findall(row, text, re.MULTILINE)


def test_every_requirement_has_one_row_and_no_other() -> None:
    wanted = [f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)]
    assert [number for number, *_ in asvs()] == wanted


@pytest.mark.parametrize("row", asvs(), ids=lambda row: str(row[0]))
def test_a_requirement_is_met_by_something_or_it_is_said_why_not(row: tuple[str, str, str, str]) -> None:
    _, about, state, how = row
    assert state in STATES
    assert len(about) > 10
    named = re.findall(r"`(test_\w+)`", how)
    if state == "met":
        assert named or "](../" in how or "the same test" in how
    else:
        assert len(how) >= len("as 6.2.1")
    for other in re.findall(r"as (\d+\.\d+\.\d+)", how):
        assert other in {number for number, *_ in asvs()}


def test_every_test_that_a_page_names_exists() -> None:
    known = find_tests()
    for page in SECURITY.glob("*.md"):
        named = set(re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")))
        assert named - known == set(), page.name
    assert len(known) > 1000


def test_tests_of_these_terms_are_named_alike() -> None:
    """``test_term_09_3_…``: with two digits and the number of the proof, or the page does not find it."""
    of_terms = {name for name in find_tests() if re.match(r"test_term_0?(2|8|9|10|11|12|13|14|15|16|31)_", name)}
    misnamed = {name for name in of_terms if not re.match(r"test_term_\d\d_\d+_\w+", name)}
    assert misnamed <= {
        # Not one of the numbered proofs, but of the term.
        "test_term_10_an_administrators_key_is_bound_to_its_device_and_of_a_listed_model",
        "test_term_15_a_key_is_required_unless_a_demo_says_otherwise",
    }
