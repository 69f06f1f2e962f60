# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Documents with more in them than there is room for say so, and where the rest stands."""

from uuid import uuid4

import pytest

from tests.conftest import START
from vaka.assurance.assessment import Contract, Judgement, Status
from vaka.assurance.case_file import CaseFile
from vaka.assurance.terms import load_terms
from vaka.assurance.year import Move, TermYear
from vaka.cases.model import Case, CaseEntry
from vaka.web.documents import MOST_ROWS
from vaka.web.portal.case_document import write_case
from vaka.web.portal.terms_document import Year, write_parts, write_table
from vaka.web.texts import Language

SAID: dict[tuple[Language, int], tuple[str, str]] = {
    ("sv", 1): ("1 rad till står i filen (CSV).", "1 äldre post står i ärendets fil (JSON)."),
    ("sv", 7): ("7 rader till står i filen (CSV).", "7 äldre poster står i ärendets fil (JSON)."),
    ("en", 1): ("1 more row stands in the file (CSV).", "1 older one stands in the case's file (JSON)."),
    ("en", 7): ("7 more rows stand in the file (CSV).", "7 older ones stand in the case's file (JSON)."),
}


def year_of(moves: int) -> Year:
    """A year in which a term moved so many times."""
    term = load_terms()[0]
    moved = [Move(START.date(), term.number, Status.MET, Status.FAILING)] * moves
    followed = TermYear(term, Judgement(Status.MET, START, "none"), {Status.MET: 1}, moved)
    return Year(
        moment=START, terms=[followed], contract=Contract(START, {}, {}), standings={}, restored=[], exclusions=[],
        exercises=[], cases=[], inquiries=[], staff=None,
    )  # fmt: skip


def case_with(entries: int, language: Language) -> CaseFile:
    """A case in which so much was written."""
    case = Case(
        id=uuid4(), number=1, kind="incident", severity="high", regulated=False, known_at=START, opened_at=START,
        acknowledge_minutes=60, receipt_minutes=60, tell_minutes=60, fix_hours=48, state="open", acknowledged_at=None,
        fixed_at=None, level=0, reports=[],
    )  # fmt: skip
    written = [
        CaseEntry(number, "noted", "supplier", "AMBER", None, f"Rad {number}.", {}, None, START, bytes(32))
        for number in range(1, entries + 1)
    ]
    return CaseFile.of(
        case, written, authority="Ekbacka", supplier="vaka", portal="https://vaka.example", address="https://vaka.example/1",
        language=language,
    )  # fmt: skip


@pytest.mark.parametrize(("language", "more"), SAID)
def test_the_years_report_says_how_many_rows_stand_in_the_file_alone(language: Language, more: int) -> None:
    whole, cut = (write_parts(year_of(rows), language)[1] for rows in (MOST_ROWS, MOST_ROWS + more))
    assert (len(whole.rows), len(whole.text)) == (MOST_ROWS, 0)
    assert (len(cut.rows), list(cut.text)) == (MOST_ROWS, [SAID[language, more][0]])
    table = write_table(year_of(MOST_ROWS + more)).decode()
    assert sum(line.startswith("moved;") for line in table.splitlines()) == MOST_ROWS + more


@pytest.mark.parametrize(("language", "more"), SAID)
def test_a_cases_document_says_how_many_entries_stand_in_its_file_alone(language: Language, more: int) -> None:
    """The newest are in it."""
    whole, cut = (write_case(case_with(rows, language), [], START).parts[1] for rows in (MOST_ROWS, MOST_ROWS + more))
    assert (len(whole.rows), len(whole.text)) == (MOST_ROWS, 0)
    assert (len(cut.rows), list(cut.text)) == (MOST_ROWS, [SAID[language, more][1]])
    assert f"Rad {MOST_ROWS + more}." in cut.rows[-1][2]
    assert f"Rad {more + 1}." in cut.rows[0][2]
