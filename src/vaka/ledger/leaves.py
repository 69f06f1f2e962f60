# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An entry as it stands in the log for ever: one JSON object in one spelling, of strings and whole numbers only.

Keys are sorted by code point, nothing is spaced, characters are escaped only where JSON demands it, the encoding is
UTF-8. Times are UTC with microseconds. Whoever reads a leaf and writes it again gets the same bytes, or it is no leaf.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.tiles import LARGEST_ENTRY

VERSION = 1
UNKNOWN_CLOCK = "unknown"
"""The state of a clock of which nobody knows whether it was in step with others."""
_SMALLEST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**63 - 1
_MOST_DIGITS = 20  # of a number of 64 bits, its sign included
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_LONGEST_TEXT = 1000  # characters of a field; ours are shorter, but the inbox bounds none

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry. `id` is its number in the inbox, `source` and `number` its place among those of its writer."""

    id: int
    at: datetime
    event: str
    actor: str
    object: str
    outcome: str
    written_by: str
    written_at: datetime
    source: str
    number: int
    detail: Mapping[str, str | int] = field(default_factory=dict)
    clock: str = UNKNOWN_CLOCK

    def encode(self) -> bytes:
        """Return the leaf, never more than LARGEST_ENTRY bytes.

        What is longer than any entry of ours is replaced by its SHA-256: a writer that has lost its way must not be
        able to hold up what others write.
        """
        fields = {
            "actor": _bounded(self.actor),
            "at": _encode_time(self.at),
            "clock": self.clock,
            "detail": self.detail,
            "event": _bounded(self.event),
            "id": self.id,
            "number": self.number,
            "object": _bounded(self.object),
            "outcome": self.outcome,
            "source": _bounded(self.source),
            "v": VERSION,
            "written_at": _encode_time(self.written_at),
            "written_by": self.written_by,
        }
        data = _encode(fields).encode()
        if len(data) <= LARGEST_ENTRY:
            return data
        detail = _encode(self.detail).encode()
        return _encode({**fields, "detail": {"bytes": len(detail), "sha256": sha256(detail).hexdigest()}}).encode()


def flatten(detail: str) -> dict[str, str | int]:
    """Return the detail of an inbox row, which is JSON, as a leaf holds it.

    Truth becomes ``"true"`` or ``"false"``; what has no value is left out; anything else that is neither a string nor
    a number of 64 bits becomes the text of it. Nothing is refused: the entry is in the inbox and has happened.
    """
    try:
        fields = json.loads(detail, parse_int=_parse_integer, parse_float=str)
        if isinstance(fields, dict):
            return {key: _flat(value) for key, value in fields.items() if value is not None}
    except RecursionError:  # the database nests deeper than we follow
        pass
    return {"value": detail}


def parse_leaf(data: bytes) -> Leaf:
    """Read a leaf in its one spelling. Raises LedgerError LEAF."""
    if len(data) > LARGEST_ENTRY:
        raise LedgerError(LedgerFault.LEAF)
    try:
        fields = json.loads(data.decode(), parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise LedgerError(LedgerFault.LEAF) from None
    if not isinstance(fields, dict) or {name: type(value) for name, value in fields.items()} != _KINDS:
        raise LedgerError(LedgerFault.LEAF)
    if fields.pop("v") != VERSION or not all(
        type(value) in (str, int) and _is_bounded(value) for value in (*fields["detail"].values(), fields["id"])
    ):
        raise LedgerError(LedgerFault.LEAF)
    leaf = Leaf(**{**fields, "at": _parse_time(fields["at"]), "written_at": _parse_time(fields["written_at"])})
    try:
        same = _is_bounded(leaf.number) and leaf.encode() == data
    except UnicodeEncodeError:  # half a surrogate pair, escaped
        same = False
    if not same:
        raise LedgerError(LedgerFault.LEAF)
    return leaf


_KINDS: dict[str, type] = {
    "actor": str, "at": str, "clock": str, "detail": dict, "event": str, "id": int, "number": int, "object": str,
    "outcome": str, "source": str, "v": int, "written_at": str, "written_by": str,
}  # fmt: skip


def _flat(value: Any) -> str | int:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str | int) else _encode(value)


def _parse_integer(text: str) -> str | int:
    # Python refuses to read numbers of thousands of digits; the database keeps them.
    if len(text) > _MOST_DIGITS or not _is_bounded(int(text)):
        return text
    return int(text)


def _is_bounded(value: str | int) -> bool:
    return isinstance(value, str) or _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else "sha256:" + sha256(text.encode()).hexdigest()


def _encode_time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _parse_time(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise LedgerError(LedgerFault.LEAF)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise LedgerError(LedgerFault.LEAF) from None


def _refuse(_text: str) -> None:
    raise ValueError
