# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The header lines of a message: in their order, found by name whatever its case or form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# RFC 3261 7.3.3 and the later registrations in use: one letter stands for a whole name.
_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}

# What an answer copies from its request (RFC 3261 8.2.6.2): without these nobody can be answered.
ANSWERABLE = frozenset({"via", "from", "to", "call-id", "cseq"})


# Each usual spelling and what it is looked up by: asked for every line of every message.
_USUAL = {
    spelling: name.lower()
    for name in (
        "Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "User-Agent", "Content-Type",
        "Content-Length", "Authorization", "Allow", "Supported", "Date", "Expires", "Server", "Accept",
    )
    for spelling in (name, name.lower())
} | _COMPACT  # fmt: skip


def _canonical(name: str) -> str:
    lower = name.lower()
    return _COMPACT.get(lower, lower)


class Headers:
    """Ordered (name, value) pairs as they were written; looked up without regard to case or compact form."""

    __slots__ = ("_lines", "_values")

    def __init__(self, lines: Iterable[tuple[str, str]] = ()) -> None:
        self._lines = tuple(lines)
        self._values = values = dict[str, list[str]]()
        for name, value in self._lines:
            key = _USUAL.get(name) or _canonical(name)
            if key in values:
                values[key].append(value)
            else:
                values[key] = [value]

    def first(self, name: str) -> str | None:
        """The value of the first line of that name, or None."""
        # Our own code asks by the whole name in lower case.
        values = self._values.get(name) or self._values.get(_canonical(name))
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """The value of each line of that name, top to bottom. Values joined by commas stay joined."""
        return list(self._values.get(_canonical(name), ()))

    @property
    def answerable(self) -> bool:
        """Whether everything an answer has to copy is here."""
        return self._values.keys() >= ANSWERABLE

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _canonical(name) in self._values

    def __eq__(self, other: object) -> bool:
        return self._lines == other._lines if isinstance(other, Headers) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({list(self._lines)!r})"
