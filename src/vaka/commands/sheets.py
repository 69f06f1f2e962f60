# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sheets that somebody brings (CSV with a heading line): read into lines, with every fault named by where it is."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vaka.errors import ConfigurationError

LARGEST_SHEET = 64 * 1024 * 1024
MOST_FAULTS = 20


class SheetError(ConfigurationError):
    """The sheet is refused. Names lines and columns, never what stands in them."""

    def __init__(self, faults: list[str]) -> None:
        more = f" … and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        super().__init__(f"The sheet is refused and nothing was changed: {'; '.join(faults[:MOST_FAULTS])}{more}.")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sheet."""

    number: int
    fields: Mapping[str, str] | None
    """By column; None where it has more fields than there are columns."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What stands in a sheet."""

    columns: list[str]
    lines: list[Line]


def read_file(file: Path) -> str:
    """Return the text of a sheet. Raises ConfigurationError."""
    try:
        if file.stat().st_size > LARGEST_SHEET:
            raise ConfigurationError(f"{file} is larger than {LARGEST_SHEET // 1024 // 1024} MiB.")
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file} is not UTF-8 text. Save it as CSV UTF-8.") from error


def read_lines(text: str, required: Sequence[str], optional: Sequence[str] = ()) -> Lines:
    """Return the lines of a sheet with a heading line; semicolons or commas part the columns. Raises SheetError."""
    if "\0" in text:
        raise SheetError(["it holds characters that cannot be stored"])
    text = text.lstrip("\ufeff")
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",")
    try:
        columns = [name.strip() for name in reader.fieldnames or ()]
        faults = [f"the column {name} is missing" for name in required if name not in columns]
        faults += [f"the column {name} is unknown" for name in columns if name not in (*required, *optional)]
        if faults:
            raise SheetError(faults)
        reader.fieldnames = columns
        return Lines(columns, list(_lines(reader)))
    except csv.Error as error:
        raise SheetError([f"it is no CSV ({error})"]) from error


def _lines(reader: "csv.DictReader[str]") -> Iterator[Line]:
    for row in reader:
        if None in row:
            yield Line(reader.line_num, None)
        else:
            yield Line(reader.line_num, {name: (value or "").strip() for name, value in row.items()})
