# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is said of cases, in the reader's language: for the office's pages and the portal's alike."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from vaka.cases.model import MARKINGS, REPORTS, Case, CaseEntry
from vaka.cases.words import WORDS
from vaka.errors import Sentence
from vaka.web.preferences import Preferences

_ACKNOWLEDGED = Sentence("Kvitterat av leverantören", "Acknowledged by the supplier")


@dataclass(frozen=True, slots=True)
class Clock:
    """One of a case's clocks."""

    name: Sentence
    due: datetime
    done: datetime | None
    """When what it waits for was done; None where it was not, and where somebody sees no more than that it was."""
    is_done: bool

    @classmethod
    def of(cls, name: Sentence, due: datetime, done: datetime | None) -> Self:
        """Return one of which it is known when what it waits for was done."""
        return cls(name, due, done, done is not None)

    def is_late(self, now: datetime) -> bool:
        """Whether it was, or is, over time. Of what was done, nobody here knows when, it is not said."""
        if self.is_done and self.done is None:
            return False
        return (self.done or now) > self.due


def clocks(case: Case, told_at: datetime | None, entries: Iterable[CaseEntry]) -> Sequence[Clock]:
    """Return the clocks of a case: acknowledged, told, fixed, and what the law asks for. Known is where all begin.

    ``entries`` are those that the reader sees: when a report was made stands in its entry, and nowhere else.
    """
    reported = {one.facts["report"]: one.made_at for one in entries if one.kind == "reported"}
    found = [Clock.of(_ACKNOWLEDGED, case.acknowledge_by, case.acknowledged_at)]
    if told_at is not None:
        found.append(Clock.of(Sentence("Berörda fick besked", "Those concerned were told"), case.tell_by, told_at))
    found.append(Clock.of(Sentence("Åtgärdat", "Fixed"), case.fix_by, case.fixed_at))
    for one, due in case.reports_due.items():
        found.append(Clock(WORDS[one], due, reported.get(one), one in case.reports))
    return found


def case_words(preferences: Preferences) -> Mapping[str, Any]:
    """Return what the templates of cases say."""
    language = preferences.language

    def word(name: str) -> str:
        return say_word(name, language)

    say: Callable[[Sentence], str] = lambda sentence: sentence.in_language(language)  # noqa: E731
    return {"word": word, "say": say, "markings": MARKINGS, "all_reports": REPORTS}


def say_word(name: str, language: str) -> str:
    """Return what a code of a case is called: a kind, a severity, a step; itself where it has no word."""
    return WORDS[name].in_language(language) if name in WORDS else name
