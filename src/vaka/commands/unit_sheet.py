# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading a sheet of units (CSV): who answers for which area, and when. Pure: text to units, or every fault at once.

An operator whom an alarm from an area reaches at any minute has somebody to call, or the sheet is refused.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from vaka.commands.sheets import SheetError, read_lines
from vaka.tenants.on_call import NoPhoneError, require_phone
from vaka.tenants.units import DAY, Answer, Service, say_hours, say_minute

COLUMNS = ("unit", "phone", "area", "from", "until")
MOST_LINES = 5000
LONGEST_NAME = 100
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def read_units(text: str) -> Service:
    """Return who answers by a sheet with a heading line; semicolons or commas part the columns.

    Raises SheetError with every fault.
    """
    lines = read_lines(text, COLUMNS).lines
    if len(lines) > MOST_LINES:
        raise SheetError([f"it has more than {MOST_LINES} lines"])
    faults: list[str] = []
    phones: dict[str, tuple[str, int]] = {}
    answers: list[tuple[Answer, int]] = []
    for line in lines:
        try:
            if line.fields is None:
                raise ValueError("more fields than columns")
            answer, phone = _read_line(line.fields)
            known, where = phones.setdefault(answer.unit, (phone, line.number))
            if known != phone:
                raise ValueError(f"the unit has another phone in line {where}: give it the same on all its lines")
            answers.append((answer, line.number))
        except ValueError as error:
            faults.append(f"line {line.number}: {error}")
    if not lines:
        faults.append("it has no line")
    # What could not be read would look like a gap.
    faults = faults or list(_judge(answers))
    if faults:
        raise SheetError(faults)
    return Service({unit: phone for unit, (phone, _) in phones.items()}, frozenset(answer for answer, _ in answers))


def _read_line(fields: Mapping[str, str]) -> tuple[Answer, str]:
    for name in ("unit", "area"):
        if not 1 <= len(fields[name]) <= LONGEST_NAME or not fields[name].isprintable():
            raise ValueError(f"{name} is not 1-{LONGEST_NAME} characters")
    try:
        phone = require_phone(fields["phone"])
    except NoPhoneError:
        raise ValueError("phone is no telephone number such as 08-465 004 00") from None
    begins, ends = _read_time(fields, "from"), _read_time(fields, "until")
    return Answer(fields["area"], begins, ends, fields["unit"]), phone


def _read_time(fields: Mapping[str, str], name: str) -> int:
    if name == "until" and fields[name] == "24:00":
        return 0
    found = _TIME.fullmatch(fields[name])
    if found is None:
        raise ValueError(f"{name} is no time such as 07:30")
    return int(found[1]) * 60 + int(found[2])


def _judge(answers: Iterable[tuple[Answer, int]]) -> Iterator[str]:
    """Yield where two answer for an area at once, and when nobody does."""
    by_area: dict[str, list[tuple[Answer, int]]] = {}
    for answer, line in answers:
        by_area.setdefault(answer.area, []).append((answer, line))
    for lines in by_area.values():
        day: list[int | None] = [None] * DAY
        for answer, line in lines:
            taken = sorted({other for minute in answer.minutes() if (other := day[minute]) is not None})
            for other in taken:
                yield (
                    f"line {line}: somebody answers for the area at the same time in line {other}: let one end where "
                    "the other begins"
                )
            for minute in answer.minutes():
                day[minute] = line
        for begins, ends in _gaps(day):
            yield (
                f"line {lines[0][1]}: nobody answers for its area {say_hours(begins, ends)}: add a line, or let "
                f"another end at {say_minute(ends)}"
            )


def _gaps(day: list[int | None]) -> Iterator[tuple[int, int]]:
    """Yield the stretches in which nobody answers; one that passes midnight is one."""
    if None not in day:
        return
    # From a minute at which somebody answers, there always is one, so that no stretch is cut in two.
    start = next(minute for minute in range(DAY) if day[minute] is not None)
    turned = [(start + step) % DAY for step in range(DAY)]
    for is_free, minutes in groupby(turned, key=lambda minute: day[minute] is None):
        if is_free:
            stretch = list(minutes)
            yield stretch[0], (stretch[-1] + 1) % DAY
