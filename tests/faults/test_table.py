# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every fault of the table is one of the runbook, and the tests that it names are there."""

import re

from tests.faults.listing import COLUMNS, DOCS, list_faults
from tests.proofs.listing import all_tests

NO_FAULT = {"Upgrade with two receivers"}


def test_every_test_that_a_fault_names_is_there() -> None:
    known = set(all_tests())
    named = {test for fault in list_faults() for tests in fault.tests.values() for test in tests}
    assert named - known == set()
    assert len(named) > 20


def test_every_section_of_the_runbook_is_a_fault_and_the_other_way_round() -> None:
    sections = re.findall(r"^## (.+)$", (DOCS / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [one for one in sections if one not in NO_FAULT] == [fault.runbook for fault in list_faults()]


def test_a_column_without_a_test_says_why() -> None:
    for fault in list_faults():
        empty = [column for column in COLUMNS if not fault.tests[column]]
        assert bool(empty) is bool(fault.because), fault.name
        assert len(empty) <= 1, fault.name
