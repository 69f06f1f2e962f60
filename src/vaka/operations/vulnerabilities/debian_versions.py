# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which of two versions of a Debian package is the later one, by dpkg's rules (deb-version(7)). Pure.

An epoch counts first, then the upstream version, then Debian's own revision. Within those, runs of other signs and runs
of digits take turns; a tilde comes before everything, even before the end.
"""

import re
from functools import total_ordering
from typing import Self

_FORM = re.compile(r"(?:(\d{1,9}):)?(\d[A-Za-z0-9.+~:-]*?)(?:-([A-Za-z0-9.+~]+))?")
_RUN = re.compile(r"(\D*)(\d*)")
LONGEST = 200


class NoVersionError(ValueError):
    """It is no version that can be compared."""


@total_ordering
class DebianVersion:
    """A version, to be compared with others."""

    __slots__ = ("_key", "text")

    def __init__(self, text: str) -> None:
        """Raises NoVersionError."""
        match = _FORM.fullmatch(text) if len(text) <= LONGEST else None
        if match is None or (":" in match[2] and match[1] is None):
            raise NoVersionError
        self.text = text
        # A revision that is not there is the same as 0.
        self._key = (int(match[1] or 0), _part(match[2]), _part(match[3] or "0"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DebianVersion) and self._key == other._key

    def __lt__(self, other: Self) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)


def _part(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return a part as what tuples compare by: each run of other signs with the number behind it.

    The end of a run is 0: before letters, and after a tilde.
    """
    runs = [((*map(_weight, signs), 0), int(digits or 0)) for signs, digits in _RUN.findall(text) if signs or digits]
    # Without this a part would come before itself with ".0" or "~" appended alike.
    return (*runs, ((0,), 0))


def _weight(sign: str) -> int:
    if sign == "~":
        return -1
    return ord(sign) if sign.isalpha() else ord(sign) + 256
