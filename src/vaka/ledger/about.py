# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is said of an event, and the words that several events share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """One event."""

    by: tuple[str, ...]
    """Who can be its actor: ``account`` (somebody signed in), or the process or command that did it."""
    object: tuple[str, ...]
    """The kinds of thing it happens to."""
    beside: tuple[str, ...] = ()
    """The names of what else an entry may say: codes, counts, and random identifiers."""
    withheld: str = ""
    """What personal data is at hand and never in it."""


OPERATOR = ("account",)
ALARM = ("alarm",)
