# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Many entries at once, from a table as a Swedish Excel saves it; and a register as such a table.

Everything that is wrong is told at once, line by line, and nothing is kept before all of it is right.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.export_csv import BYTE_ORDER_MARK, DELIMITER, guard
from vaka.registers.checking import Known, Problem, check, tidy
from vaka.registers.model import Line, Register

LONGEST_TABLE = 24_000
"""Characters: as many as a form carries."""
MOST_LINES = 100


class UnreadableTableError(VakaError):
    """What was pasted is no table of this register."""

    def __init__(self, register: Register) -> None:
        columns = DELIMITER.join(register.names)
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Tabellen går inte att läsa. Inget har ändrats. "
                f"Första raden ska vara {columns}, i valfri ordning, och därefter högst {MOST_LINES} rader.",
                en="The table cannot be read. Nothing was changed. "
                f"Its first line has to be {columns}, in any order, and then at most {MOST_LINES} lines.",
            ),
        )


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line of a table, and what is wrong with it."""

    number: int
    """As an editor counts; the heading is line 1."""
    values: Mapping[str, str]
    problems: Sequence[Problem]


def read_table(register: Register, text: str, known: Known, today: date) -> list[ReadLine]:
    """Return every line of a table, checked. Raises UnreadableTableError."""
    if len(text) > LONGEST_TABLE:
        raise UnreadableTableError(register)
    try:
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=_delimiter(text), strict=True))
    except csv.Error:
        raise UnreadableTableError(register) from None
    heading = [name.strip() for name in rows[0]] if rows else []
    required = {field.name for field in register.fields if field.required}
    sound = len(set(heading)) == len(heading) and required <= set(heading) <= set(register.names)
    if not sound or not 1 <= len(rows) - 1 <= MOST_LINES:
        raise UnreadableTableError(register)
    return list(_read_lines(register, heading, rows[1:], known, today))


def write_table(register: Register, lines: Sequence[Line]) -> bytes:
    """Return what holds in a register as a table that no spreadsheet calculates anything of."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=DELIMITER, lineterminator="\r\n")
    writer.writerow(("entry", "number", "state", "made_at", *register.names))
    for line in lines:
        if (one := line.holding) is not None:
            cells = [one.fields.get(name, "") for name in register.names]
            head = [str(one.entry), str(one.number), one.state.value, one.made_at.isoformat(timespec="seconds")]
            writer.writerow([guard(cell) for cell in head + cells])
    return BYTE_ORDER_MARK + text.getvalue().encode()


def _delimiter(text: str) -> str:
    heading = text.partition("\n")[0]
    return max((DELIMITER, ",", "\t"), key=heading.count)


def _read_lines(
    register: Register, heading: Sequence[str], rows: Sequence[Sequence[str]], known: Known, today: date
) -> Iterator[ReadLine]:
    too_many = Problem(
        heading[0], Sentence(sv="Raden har fel antal fält.", en="The line has a wrong number of fields.")
    )
    for number, row in enumerate(rows, start=2):
        values = tidy(register, dict(zip(heading, map(_unguard, row), strict=False)))
        problems = check(register, values, known, today) if len(row) == len(heading) else [too_many]
        yield ReadLine(number, values, problems)


def _unguard(cell: str) -> str:
    """Take away what an export put before a cell that looked like a formula."""
    return cell[1:] if cell.startswith("'") and guard(cell[1:]) != cell[1:] else cell
