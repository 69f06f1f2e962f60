# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a digest says: numbers of terms and tasks, what is otherwise than a week ago, where to read more. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vaka.assurance.terms import load_terms
from vaka.errors import Sentence


@dataclass(frozen=True, slots=True)
class Week:
    """How things stand, and how they stood when the digest before was told."""

    red: tuple[int, ...]
    """The terms that need somebody, by number."""
    before: tuple[int, ...] | None
    """The same a week ago; None: this is the first digest."""
    waiting: int
    """How many tasks there are."""
    fresh: int
    """How many of them are new since."""
    late: int
    """How many of them should have been done by now."""

    @property
    def turned_red(self) -> tuple[int, ...]:
        """The terms that were not red a week ago."""
        return tuple(one for one in self.red if self.before is not None and one not in self.before)

    @property
    def mended(self) -> tuple[int, ...]:
        """The terms that were, and are no more."""
        return tuple(one for one in self.before or () if one not in self.red)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is otherwise than a week ago, and nothing is late."""
        return self.before is not None and not (self.turned_red or self.mended or self.fresh or self.late)


def write_digest(week: Week, *, of_supplier: bool) -> dict[str, Any]:
    """Return what is sent: the words in both languages, the page to read on, and the numbers for a program."""
    lines = [_quiet(week)] if week.is_quiet else _news(week)
    lines += [_standing(week), _tasks(week)]
    return {
        "sv": "\n".join(one.sv for one in lines), "en": "\n".join(one.en for one in lines),
        "page": "/due" if of_supplier else "tasks",
        "facts": {
            "red": list(week.red), "turned_red": list(week.turned_red), "mended": list(week.mended),
            "waiting": week.waiting, "new": week.fresh, "late": week.late, "nothing_new": week.is_quiet,
        },
    }  # fmt: skip


def _quiet(week: Week) -> Sentence:
    return Sentence("Inget nytt sedan förra veckan.", "Nothing new since last week.")


def _news(week: Week) -> list[Sentence]:
    lines = []
    if week.turned_red:
        lines.append(Sentence(f"Nya röda villkor: {_named(week.turned_red, 'sv')}.",
                              f"Terms that turned red: {_named(week.turned_red, 'en')}."))  # fmt: skip
    if week.mended:
        lines.append(Sentence(f"Inte längre röda: {_named(week.mended, 'sv')}.",
                              f"No longer red: {_named(week.mended, 'en')}."))  # fmt: skip
    if week.fresh:
        lines.append(Sentence(f"Nya uppgifter: {week.fresh}.", f"New tasks: {week.fresh}."))
    if week.late:
        lines.append(Sentence(f"Försenade uppgifter: {week.late}.", f"Tasks that are late: {week.late}."))
    return lines


def _standing(week: Week) -> Sentence:
    if not week.red:
        return Sentence("Inget villkor är rött.", "No term is red.")
    numbers = ", ".join(map(str, week.red))
    return Sentence(f"Röda villkor, {len(week.red)} av 37: {numbers}.", f"Red terms, {len(week.red)} of 37: {numbers}.")


def _tasks(week: Week) -> Sentence:
    if not week.waiting:
        return Sentence("Inget väntar på er.", "Nothing waits for you.")
    return Sentence(f"Det som väntar på er: {week.waiting}.", f"What waits for you: {week.waiting}.")


def _named(numbers: Iterable[int], language: str) -> str:
    labels = {term.number: term.label.in_language(language) for term in load_terms()}
    return "; ".join(f"{one} {labels[one]}" for one in numbers)
