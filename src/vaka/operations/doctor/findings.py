# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What one look found. A sentence names files, ports, databases and settings; nobody, and no contents."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from vaka.errors import Sentence


class Grade(Enum):
    """How something was found; the value is stable and stands in the JSON."""

    GOOD = "good"
    WRONG = "wrong"
    UNSEEN = "unseen"
    """It could not be looked at: by this account, or while something else is down."""


DAYS = Sentence(sv="{count} [dag|dagar]", en="{count} [day|days]")
"""How long something is good for, counted (`vaka.counted`)."""
GOOD, WRONG, UNSEEN = 0, 1, 2
"""Exit codes: everything is as it should be; something is wrong; nothing is, of what could be looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing."""

    grade: Grade
    said: Sentence
    mend: Sentence | None = None
    """What to do; None where there is nothing to."""


def good(sv: str, en: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(Grade.GOOD, Sentence(sv=sv, en=en))


def wrong(said: Sentence, mend: Sentence) -> Finding:
    """Return that something is wrong."""
    return Finding(Grade.WRONG, said, mend)


def unseen(said: Sentence, mend: Sentence) -> Finding:
    """Return that something could not be looked at."""
    return Finding(Grade.UNSEEN, said, mend)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return what `vaka doctor` ends with."""
    grades = {one.grade for one in findings}
    return WRONG if Grade.WRONG in grades else UNSEEN if Grade.UNSEEN in grades else GOOD
