# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entries as a table for people: what a Swedish Excel opens rightly by a double click.

UTF-8 with a byte order mark, because Excel takes a file without one for the old code page and garbles å, ä and ö.
Semicolons, because the comma is the decimal sign here and Excel then expects a semicolon. Lines end in CR LF (RFC
4180). A cell that a spreadsheet would take for a formula gets an apostrophe before it, and so does one that begins with
an apostrophe, so that a program can take it away again.
"""

import csv
import io
import json
from datetime import UTC, datetime, tzinfo

from vaka.ledger.leaves import Leaf

MEDIA_TYPE = "text/csv; charset=utf-8"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DELIMITER = ";"
COLUMNS = (
    "index", "happened_local", "happened_utc", "event", "outcome", "actor", "object", "detail", "clock", "written_by",
    "written_utc", "source", "number", "id",
)  # fmt: skip
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


def write_heading() -> bytes:
    """Return what the file begins with."""
    return BYTE_ORDER_MARK + _line(COLUMNS)


def write_csv(index: int, leaf: Leaf, zone: tzinfo) -> bytes:
    """Return the line for the entry at `index`; local times are of `zone`."""
    local = leaf.at.astimezone(zone)
    return _line(
        (
            str(index), local.isoformat(sep=" ", timespec="milliseconds"), _utc(leaf.at), leaf.event, leaf.outcome,
            leaf.actor, leaf.object,
            json.dumps(dict(leaf.detail), ensure_ascii=False, sort_keys=True, separators=(", ", ": ")),
            leaf.clock, leaf.written_by, _utc(leaf.written_at), leaf.source, str(leaf.number), str(leaf.id),
        )
    )  # fmt: skip


def guard(cell: str) -> str:
    """Return ``cell`` so that no spreadsheet calculates it."""
    return f"'{cell}" if cell.startswith(_BEGINS_A_FORMULA) else cell


def _line(cells: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=DELIMITER, lineterminator="\r\n").writerow([guard(cell) for cell in cells])
    return text.getvalue().encode()


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
