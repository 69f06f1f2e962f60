# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is said of cases in Swedish and English: on pages, and in the files that a case leaves as."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from vaka.cases.model import CaseEntry
from vaka.errors import Sentence

WORDS: Mapping[str, Sentence] = MappingProxyType(
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


_STEP, _CAUSE, _IMPACT = Sentence("Steg", "Step"), Sentence("Orsak", "Cause"), Sentence("Påverkan", "Impact")
_REPORT = Sentence("Om det har rapporterats", "Whether it was reported")
_FILE = Sentence("Fil", "File")
_CORRECTS, _LEVEL = Sentence("Rättar post", "Corrects entry"), Sentence("Nivå", "Level")


def title_of(entries: Sequence[CaseEntry]) -> str:
    """Return what a case is called where its first entry is shown; else nothing."""
    return next((str(one.facts.get("title", "")) for one in entries if one.kind == "opened"), "")


def file_in(entry: CaseEntry) -> str:
    """Return what the file that came with an entry is called, and its fingerprint; nothing where none came."""
    file = entry.facts.get("file")
    return f"{file['name']} (SHA-256 {file['sha256']})" if file else ""


def said_in(entry: CaseEntry, language: Literal["sv", "en"]) -> list[str]:
    """Return line by line what an entry says, its facts in words; who wrote it, and when, is not in it."""
    facts = entry.facts

    def word(name: str) -> str:
        return WORDS[name].in_language(language) if name in WORDS else name

    found = [entry.text] if entry.text else []
    for name, label in (("step", _STEP), ("cause", _CAUSE), ("impact", _IMPACT)):
        if facts.get(name):
            found.append(f"{label.in_language(language)}: {word(str(facts[name])) if name == 'step' else facts[name]}")
    if facts.get("report"):
        said = "reported_law" if facts["report"] == "reported" else str(facts["report"])
        found.append(f"{_REPORT.in_language(language)}: {word(said)}")
    if facts.get("file"):
        found.append(f"{_FILE.in_language(language)}: {file_in(entry)}")
    for name, label in (("corrects", _CORRECTS), ("level", _LEVEL)):
        if facts.get(name):
            found.append(f"{label.in_language(language)} {facts[name]}")
    return found
