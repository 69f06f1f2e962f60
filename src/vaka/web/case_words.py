# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is said of cases, in the reader's language: for the office's pages and the portal's alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from vaka.cases.model import MARKINGS, REPORTS, Case, CaseEntry
from vaka.errors import Sentence
from vaka.web.preferences import Preferences

_WORDS: Mapping[str, Sentence] = MappingProxyType(
    {
        "incident": Sentence("Incident", "Incident"),
        "vulnerability": Sentence("Sårbarhet", "Vulnerability"),
        "critical": Sentence("Kritisk", "Critical"),
        "high": Sentence("Hög", "High"),
        "medium": Sentence("Medel", "Medium"),
        "low": Sentence("Låg", "Low"),
        "open": Sentence("Öppnat", "Open"),
        "acknowledged": Sentence("Kvitterat", "Acknowledged"),
        "triaged": Sentence("Bedömt", "Triaged"),
        "contained": Sentence("Begränsat", "Contained"),
        "fixed": Sentence("Åtgärdat", "Fixed"),
        "closed": Sentence("Stängt", "Closed"),
        "24h": Sentence("Varning inom 24 timmar", "Warning within 24 hours"),
        "72h": Sentence("Anmälan inom 72 timmar", "Notification within 72 hours"),
        "month": Sentence("Slutrapport inom en månad", "Final report within a month"),
        "supplier": Sentence("Leverantören", "The supplier"),
        "authority": Sentence("Myndigheten", "The authority"),
        "product": Sentence("Vaka", "Vaka"),
        "opened": Sentence("Öppnade ärendet", "Opened the case"),
        "noted": Sentence("Skrev", "Wrote"),
        "corrected": Sentence("Rättade", "Corrected"),
        "touched": Sentence("Berörd myndighet fick besked", "An authority concerned was told"),
        "moved": Sentence("Steg", "Step"),
        "reported": Sentence("Rapporterade enligt lag", "Reported by law"),
        "escalated": Sentence("Gick vidare: ingen hade kvitterat", "Went on: nobody had acknowledged"),
        "reported_law": Sentence("Rapporterat", "Reported"),
        "not_required": Sentence("Behöver inte rapporteras", "Need not be reported"),
        "RED": Sentence("bara ni som läser här", "only you who read here"),
        "AMBER+STRICT": Sentence("bara den egna organisationen", "one's own organisation alone"),
        "AMBER": Sentence("organisationen och dem den arbetar för", "the organisation and those it works for"),
        "GREEN": Sentence("inom branschen", "within the community"),
        "CLEAR": Sentence("får spridas", "may be spread"),
    }
)


@dataclass(frozen=True, slots=True)
class Clock:
    """One of a case's clocks."""

    name: Sentence
    due: datetime
    done: datetime | None
    """When what it waits for was done; where only that it was is known, the due time."""

    def is_late(self, now: datetime) -> bool:
        """Whether it was, or is, over time."""
        return (self.done or now) > self.due


def clocks(case: Case, told_at: datetime | None) -> Sequence[Clock]:
    """Return the clocks of a case: acknowledged, told, fixed, and what the law asks for. Known is where all begin."""
    found = [Clock(Sentence("Kvitterat", "Acknowledged"), case.acknowledge_by, case.acknowledged_at)]
    if told_at is not None:
        found.append(Clock(Sentence("Berörda fick besked", "Those concerned were told"), case.tell_by, told_at))
    found.append(Clock(Sentence("Åtgärdat", "Fixed"), case.fix_by, case.fixed_at))
    for one, due in case.reports_due.items():
        found.append(Clock(_WORDS[one], due, due if one in case.reports else None))
    return found


def title_of(case: Case, entries: Sequence[CaseEntry]) -> str:
    """Return what a case is called where its first entry is shown; else nothing."""
    return next((str(one.facts.get("title", "")) for one in entries if one.kind == "opened"), "")


def case_words(preferences: Preferences) -> Mapping[str, Any]:
    """Return what the templates of cases say."""
    language = preferences.language

    def word(name: str) -> str:
        return say_word(name, language)

    say: Callable[[Sentence], str] = lambda sentence: sentence.in_language(language)  # noqa: E731
    return {"word": word, "say": say, "markings": MARKINGS, "all_reports": REPORTS}


def say_word(name: str, language: str) -> str:
    """Return what a code of a case is called: a kind, a severity, a step; itself where it has no word."""
    return _WORDS[name].in_language(language) if name in _WORDS else name
