# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The rules between entries: one spelling, each writer's numbers without a gap, times that do not run backwards.

A writer is a database session (`source`) of a login role (`written_by`). The session's name can be set by whoever holds
the login, and taken from another's entry; the role is written by the database. So nobody breaks another role's numbers.

They hold across entries that were removed for their age, as far as can be told without them.

Most entries are read by one expression, which knows a part of what `parse_leaf` accepts, and a bundle of them at once.
What it does not know `parse_leaf` decides.
"""

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from vaka.ledger.errors import LedgerError
from vaka.ledger.findings import Checked, Wrong, WrongError
from vaka.ledger.leaves import parse_leaf

MOST_SOURCES = 2_000_000
"""Writers whose numbers are remembered; a log with more cannot be checked in memory."""

_LONGEST = 1000  # bytes of an entry read quickly; so no field of it is longer than the characters that a leaf allows
_ESCAPED = bytes([*range(0x20), ord("\\")])  # what JSON must escape or escapes with, beside the quotation mark
_TEXT = rb'"[^"]*+"'
_NUMBER = rb"(?:0|-?[1-9][0-9]{0,17}+)"
_MEMBER = rb"%b:(?:%b|%b)" % (_TEXT, _TEXT, _NUMBER)
_DAY, _HOUR = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}", rb"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
_LEAF = re.compile(
    rb'\{"actor":TEXT,"at":"(DAY)THOUR","clock":TEXT,"detail":\{(|MEMBER(?:,MEMBER)*+)\},"event":(TEXT),"id":NUMBER,'
    rb'"number":(NUMBER),"object":TEXT,"outcome":TEXT,"source":(TEXT),"v":1,"written_at":"((DAY)THOUR)",'
    rb'"written_by":(TEXT)\}'.replace(b"MEMBER", _MEMBER)
    .replace(b"TEXT", _TEXT)
    .replace(b"NUMBER", _NUMBER)
    .replace(b"DAY", _DAY)
    .replace(b"THOUR", b"T" + _HOUR)
)
_LINE = re.compile(b"^" + _LEAF.pattern + b"\n", re.MULTILINE)
_NAME = re.compile(rb'"([^"]*+)":(?:%b|%b)' % (_TEXT, _NUMBER))
_BEGAN = re.compile(rb'"([0-9a-f]{1,15})-[0-9a-f]+"')  # microseconds since 1970
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN = "%Y-%m-%dT%H:%M:%S.%fZ"

Writer = tuple[bytes, bytes]
"""A session and its login role, both in JSON."""
Facts = tuple[Writer, int, bytes]
"""Of an entry: its writer, its number there, and when it was written."""


class Together(NamedTuple):
    """The facts of entries in a row, and what events they are of (in JSON)."""

    writers: Sequence[Writer]
    numbers: Sequence[int]
    times: Sequence[bytes]
    events: frozenset[bytes]


class TooManySourcesError(Exception):
    """More writers than can be remembered."""


class EntryRules:
    """Looks at the entries of one log, from the first to the last.

    `back_seconds` is how far a time may lie before the latest until then: an entry gets its time when it is written
    and its place when its transaction ends. `latest` (aware) is when the last of them may be written. Where entries
    stand in `known_gaps`, their writers' numbers may be broken: that is noted, and they are counted on from there.
    """

    def __init__(self, checked: Checked, back_seconds: int, latest: datetime, known_gaps: Collection[int] = ()) -> None:
        self._checked = checked
        self._known_gaps = known_gaps
        self._back = timedelta(seconds=back_seconds)
        self._latest = latest.astimezone(UTC).strftime(_WRITTEN).encode()
        self._numbers: dict[Writer, int] = {}
        self._newest = b""
        self._before: dict[Writer, int] = {}  # of writers not heard of since entries were missing
        self._missing = 0
        self.resumed_at = b""
        """When the first entry after the last that is missing was written."""

    def skip(self, count: int) -> None:
        """Pass over `count` entries that are gone.

        Of each writer it can no longer be told how many of them were his. So his numbers may leap here, once, all leaps
        together by no more than is gone; and who began to write later, as his name tells, begins with 1 all the same.
        """
        self._before |= self._numbers
        self._numbers = {}
        self._missing += count
        self.resumed_at = b""

    def check(self, first: int, entries: Sequence[bytes]) -> frozenset[bytes] | None:
        """Check the entries from number `first` on; return what events they are of (in JSON), where that is known.

        Raises WrongError, TooManySourcesError.
        """
        if not entries:
            return frozenset()
        if not self.resumed_at:
            self.resumed_at = (read_quickly(entries[0]) or read_slowly(entries[0], first))[2]
        read = read_together(entries)
        if read is None or not self._continues(read):
            self._check_each(first, _read_each(first, entries) if read is None else zip(*read[:3], strict=True))
        sources = len(self._numbers) + len(self._before)
        if sources > MOST_SOURCES:
            raise TooManySourcesError
        self._checked.entries += len(entries)
        self._checked.sources = sources
        self._checked.last_at = self._newest.decode()
        return None if read is None else read.events

    def _continues(self, read: Together) -> bool:
        """Take these over where nothing about them needs a closer look; else nothing is taken over."""
        writers, numbers, times, _ = read
        if times[0] < self._newest or times[-1] > self._latest or list(times) != sorted(times):
            return False
        last = {writer: self._numbers.get(writer, 0) for writer in set(writers)}
        if self._before and not all(number or writer not in self._before for writer, number in last.items()):
            return False
        due = {writer: itertools.count(number + 1) for writer, number in last.items()}
        if list(map(next, map(due.__getitem__, writers))) != numbers:
            return False
        self._numbers.update(zip(writers, numbers, strict=True))
        if times[-1] > self._newest:
            self._advance(times[0], times[-1])
        return True

    def _check_each(self, first: int, read: Iterable[Facts]) -> None:
        numbers, before = self._numbers, self._before
        for index, (writer, number, written_at) in enumerate(read, first):
            if number != numbers.get(writer, 0) + 1 or (number == 1 and writer in before):
                self._require_leap(index, writer, number)
            numbers[writer] = number
            if written_at < self._newest:
                self._require_near(index, written_at)
            elif written_at > self._newest:
                if written_at > self._latest:
                    raise WrongError(Wrong.FUTURE, f"entry {index} ({written_at.decode()})")
                self._advance(written_at, written_at)

    def _require_leap(self, index: int, writer: Writer, number: int) -> None:
        last = self._numbers.get(writer, self._before.get(writer, 0))
        leap = number - last - 1
        if writer not in self._numbers and 0 <= leap <= self._missing and not (leap and self._began_since(writer[0])):
            self._before.pop(writer, None)
            self._missing -= leap
            return
        source, role = map(_shown, writer)
        where = f"entry {index} ({source} of {role}, {number} after {last})"
        if index not in self._known_gaps:
            raise WrongError(Wrong.GAP, where)
        self._checked.known_gaps.append(where)
        self._before.pop(writer, None)

    def _began_since(self, source: bytes) -> bool:
        """Whether a writer, by his name, first wrote when all that is missing had been sealed."""
        match = _BEGAN.fullmatch(source)
        if match is None:
            return False
        resumed = datetime.fromisoformat(self.resumed_at.decode()) + self._back
        return int(match[1], 16) > (resumed - _EPOCH) // timedelta(microseconds=1)

    def _advance(self, first: bytes, newest: bytes) -> None:
        if not self._newest:
            self._checked.first_at = first.decode()
        self._newest = newest

    def _require_near(self, index: int, written_at: bytes) -> None:
        written, newest = written_at.decode(), self._newest.decode()
        if datetime.fromisoformat(newest) - datetime.fromisoformat(written) > self._back:
            raise WrongError(Wrong.TIME, f"entry {index} ({written} after {newest})")


def read_slowly(entry: bytes, index: int) -> Facts:
    """Read what the rules look at; the rest of the entry is held to its one spelling. Raises WrongError LEAF."""
    try:
        leaf = parse_leaf(entry)
    except LedgerError:
        raise WrongError(Wrong.LEAF, f"entry {index}") from None
    written_at = leaf.written_at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
    writer = f'"{leaf.source}"'.encode(), f'"{leaf.written_by}"'.encode()
    return writer, leaf.number, written_at.encode()


def read_quickly(entry: bytes) -> Facts | None:
    """Read an entry that `parse_leaf` accepts; None where that is not seen at once."""
    read = read_together([entry])
    return None if read is None else (read[0][0], read[1][0], read[2][0])


def read_together(entries: Sequence[bytes]) -> Together | None:
    """Read entries in a row that `parse_leaf` accepts; None where that is not seen at once of them all."""
    lines = b"\n".join([*entries, b""])
    if not entries or max(map(len, entries)) > _LONGEST or not _is_plain(lines, len(entries)):
        return None
    # None of them holds a line end. Each match begins where an entry begins and ends where one ends, so as many as
    # there are entries are one for each.
    found = _LINE.findall(lines)
    if len(found) != len(entries):
        return None
    days, details, events, numbers, sources, times, written_days, roles = zip(*found, strict=True)
    if not all(map(_is_day, {*days, *written_days})) or not all(map(_is_sorted, set(details))):
        return None
    return Together(list(zip(sources, roles, strict=True)), list(map(int, numbers)), times, frozenset(events))


def _read_each(first: int, entries: Sequence[bytes]) -> Iterator[Facts]:
    for index, entry in enumerate(entries, first):
        yield read_quickly(entry) or read_slowly(entry, index)


def _is_plain(lines: bytes, count: int) -> bool:
    """Whether `count` lines hold nothing that JSON must escape or escapes with, but for their ends, and are UTF-8."""
    if len(lines.translate(None, _ESCAPED)) != len(lines) - count:
        return False
    try:
        lines.isascii() or lines.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_sorted(detail: bytes) -> bool:
    """Whether no name is there twice and they are in order: bytes of UTF-8 are sorted as code points are."""
    names = _NAME.findall(detail)
    return len(names) < 2 or sorted(set(names)) == names


@lru_cache(maxsize=4096)
def _is_day(text: bytes) -> bool:
    try:
        date.fromisoformat(text.decode())
    except ValueError:
        return False
    return True


def _shown(text: bytes) -> str:
    return ascii(text.decode("utf-8", "replace")[1:60].rstrip('"'))
