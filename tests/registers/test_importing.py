# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Tables: read back as they were written, by any spreadsheet's separators, and never more than fits."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.registers.checking import LONGEST_TEXT, Known, NotReadyError, check, require_ready, tidy
from vaka.registers.declarations import load_registers
from vaka.registers.importing import LONGEST_TABLE, UnreadableTableError, read_table, write_table
from vaka.registers.model import Line, State, Version

TODAY = date(2026, 11, 29)
REGISTER = load_registers()["documents"]
NOBODY = Known((), {})
WHOLE = {"title": "Rutin", "purpose": "procedure", "file": "ab" * 32}


def line(**fields: str) -> Line:
    """Return an entry that holds."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    version = Version(uuid4(), 1, "documents", State.IN_FORCE, fields, None, 1, bytes(32), uuid4(), at)
    return Line(version, version)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=60))
def test_what_is_taken_out_is_brought_in_again(text: str) -> None:
    """Whatever was written: separators, quotes, and what a spreadsheet would calculate, which no cell begins with."""
    values = tidy(REGISTER, {**WHOLE, "summary": text})
    table = write_table(REGISTER, [line(**values)]).decode("utf-8-sig")
    cells = table.splitlines()[1].split(";")
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    kept = "\n".join(row.split(";", 4)[4] for row in table.splitlines())
    [read] = read_table(REGISTER, kept, NOBODY, TODAY)
    if not text.startswith("'"):
        assert read.values.get("summary", "") == values.get("summary", "")


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_any_spreadsheet_s_separator_is_read(delimiter: str) -> None:
    table = "\n".join(delimiter.join(row) for row in (WHOLE.keys(), WHOLE.values()))
    [read] = read_table(REGISTER, "\ufeff" + table, NOBODY, TODAY)
    assert (read.number, read.values, list(read.problems)) == (2, WHOLE, [])


@pytest.mark.parametrize(
    "table",
    [
        "",
        "title\nRutin",
        "title;purpose;file;title\n",
        'title;purpose;file\n"Rutin;procedure',
        "x" * (LONGEST_TABLE + 1),
    ],
    ids=["nothing", "column missing", "column twice", "open quote", "too long"],
)
def test_what_is_no_table_of_the_register_is_refused(table: str) -> None:
    """With the heading that it should have."""
    with pytest.raises(UnreadableTableError) as refused:
        read_table(REGISTER, table, NOBODY, TODAY)
    assert "title;purpose;file;summary" in refused.value.sentence.sv


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Ring 070-1740605"), ("title", "20000101-9801"), ("title", "x\x00y"),
        ("title", "x" * (LONGEST_TEXT + 1)), ("purpose", "nothing"), ("file", "AB" * 32), ("file", "ab" * 31),
    ],
)  # fmt: skip
def test_what_cannot_stand_there_is_told_of_at_its_field(field: str, value: str) -> None:
    assert [one.field for one in check(REGISTER, {**WHOLE, field: value}, NOBODY, TODAY)] == [field]


@pytest.mark.parametrize("day", ["2026-2-1", "20260201", "2026-02-30", "0001-01-01", "2026-11-30", "i dag"])
def test_a_day_that_is_none_or_has_not_been_is_refused(day: str) -> None:
    """A review is held on a day that was."""
    whole = {"kind": "internal-audit", "held": "2026-11-29", "result": "Inga brister", "file": "ab" * 32}
    reviews = load_registers()["reviews"]
    assert check(reviews, whole, NOBODY, TODAY) == []
    assert [one.field for one in check(reviews, {**whole, "held": day}, NOBODY, TODAY)] == ["held"]


def test_term_04_2_an_undertaking_without_customers_is_refused() -> None:
    """Not kept at all: what does not cover customers covers nobody."""
    who = uuid4()
    whole = {"person": str(who), "customers": "no", "signed": "2026-01-01", "file": "ab" * 32}
    [problem] = check(load_registers()["undertakings"], whole, Known({who}, {}), TODAY)
    assert problem.field == "customers"
    assert check(load_registers()["undertakings"], {**whole, "customers": "yes"}, Known({who}, {}), TODAY) == []


def test_whom_an_undertaking_lets_back_can_be_deactivated_and_who_owns_a_process_cannot() -> None:
    who = uuid4()
    known = Known((), {}, {who})
    whole = {"person": str(who), "signed": "2026-01-01", "file": "ab" * 32, "customers": "yes"}
    assert check(load_registers()["undertakings"], whole, known, TODAY) == []
    problems = check(load_registers()["processes"], {"owner": str(who)}, known, TODAY)
    assert "owner" in {one.field for one in problems}


def test_a_subcontractor_is_a_firm_with_an_agreement_or_nobody() -> None:
    """What is asked depends on what the entry says; a registration number is no person's."""
    register = load_registers()["subcontractors"]
    assert check(register, {"engaged": "none"}, NOBODY, TODAY) == []
    missing = [one.field for one in check(register, {"engaged": "firm"}, NOBODY, TODAY)]
    assert missing == ["firm", "does", "customers", "signed", "valid_until"]
    whole = {"engaged": "firm", "firm": "Exempelnät AB", "number": "556000-0000", "does": "Nät", "customers": "yes",
             "signed": "2026-01-01", "valid_until": "2027-01-01"}  # fmt: skip
    assert check(register, whole, NOBODY, TODAY) == []
    late = {**whole, "valid_until": "2025-01-01"}
    assert [one.field for one in check(register, late, NOBODY, TODAY)] == ["valid_until"]


def test_term_19_2_evidence_for_another_address_is_refused() -> None:
    """Of a hall: its certificate has to be for the very address."""
    whole = {"title": "Hall 1", "address": "Storgatan 1", "holds": "operations", "standard": "reviewed",
             "certified": "storgatan 1", "valid_until": "2027-01-01", "entry_reviewed": "2026-11-01",
             "file": "ab" * 32}  # fmt: skip
    register = load_registers()["sites"]
    assert check(register, whole, NOBODY, TODAY) == []
    assert [one.field for one in check(register, {**whole, "certified": "Storgatan 2"}, NOBODY, TODAY)] == ["certified"]


def test_term_33_1_a_larger_change_is_not_approved_without_risks_and_a_test() -> None:
    """An ordinary one is; and an emergency says when it was carried out."""
    register = load_registers()["changes"]
    approve = register.find_step("approve", State.DRAFT)
    assert approve is not None
    require_ready(register, approve, {"kind": "ordinary"}, TODAY)
    for short in ({}, {"risks": str(uuid4())}, {"tested": "Utan anmärkning"}):
        with pytest.raises(NotReadyError):
            require_ready(register, approve, {"kind": "large", **short}, TODAY)
    require_ready(register, approve, {"kind": "large", "risks": str(uuid4()), "tested": "Utan anmärkning"}, TODAY)
    whole = {"title": "Stängt port", "kind": "emergency", "impact": "Inget", "rollback": "Öppna den"}
    assert [one.field for one in check(register, whole, NOBODY, TODAY)] == ["done"]
