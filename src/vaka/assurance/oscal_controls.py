# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The terms as OSCAL controls: a catalog in our own words, the profile that takes all of them, and the mapping to the
numbers of ISO/IEC 27001. Pure.
"""

from collections.abc import Mapping

from vaka.assurance.controls import Numbers
from vaka.assurance.oscal_parts import CATALOG, Assessed, Json, control_id, document, own, said, statement_id
from vaka.assurance.terms import Goal, Group, Term
from vaka.errors import Sentence

GROUP_TITLES: Mapping[Group, Sentence] = {
    "governance": Sentence(sv="Styrning", en="Governance"),
    "people": Sentence(sv="Människor", en="People"),
    "access": Sentence(sv="Åtkomst", en="Access"),
    "operations": Sentence(sv="Drift", en="Operations"),
    "logging": Sentence(sv="Loggning", en="Logging"),
    "development": Sentence(sv="Utveckling", en="Development"),
    "incidents": Sentence(sv="Incidenter", en="Incidents"),
    "audit": Sentence(sv="Granskning", en="Audit"),
}
_STANDARD = "urn:iso:std:iso-iec:27001:"
_EDITIONS = {"2013": "ed-2", "2022": "ed-3"}


def make_catalog(assessed: Assessed) -> Json:
    """Return the catalog: a control for each term, a statement for each goal."""
    groups = [
        {
            "id": group, "title": said(title),
            "controls": [_control(term) for term in assessed.terms if term.group == group],
        }
        for group, title in GROUP_TITLES.items()
    ]  # fmt: skip
    title = Sentence(sv="Villkor för informationssäkerhet", en="Terms of information security")
    return document(assessed, "catalog", title, {"groups": [one for one in groups if one["controls"]]})


def _control(term: Term) -> Json:
    return {
        "id": control_id(term), "title": said(term.label),
        "props": [{"name": "label", "value": str(term.number)}, *(own("class", one) for one in term.classes)],
        "parts": [
            {
                "id": statement_id(term), "name": "statement",
                "prose": "Detta ska gälla: / This must be so:",
                "parts": [_item(term, goal) for goal in term.goals],
            }
        ],
    }  # fmt: skip


def _item(term: Term, goal: Goal) -> Json:
    return {"id": statement_id(term, goal), "name": "item", "prose": said(goal.sentence)}


def make_profile(assessed: Assessed) -> Json:
    """Return the profile: every control, but for what the authority has agreed does not concern it."""
    taken = {"with-ids": [control_id(term) for term in assessed.owed]}
    title = Sentence(sv="Villkor som gäller myndigheten", en="Terms that hold for the authority")
    body = {"imports": [{"href": CATALOG, "include-controls": [taken]}], "merge": {"as-is": True}}
    return document(assessed, "profile", title, body)


def make_mapping(assessed: Assessed, controls: Mapping[str, Numbers]) -> Json:
    """Return which controls of each edition a term touches: by number, since the standard's words are not ours."""
    title = Sentence(sv="Villkoren och ISO/IEC 27001", en="The terms and ISO/IEC 27001")
    provenance = {
        "method": "human", "matching-rationale": "functional", "status": "complete",
        "mapping-description": "Villkor och åtgärd har något gemensamt; de är inte lika. Bara nummer anges. / "
        "Term and control have something in common; they are not the same. Numbers alone are given.",
    }  # fmt: skip
    mappings = [_mapping(assessed, edition, numbers) for edition, numbers in controls.items()]
    return document(assessed, "mapping-collection", title, {"provenance": provenance, "mappings": mappings})


def _mapping(assessed: Assessed, edition: str, numbers: Numbers) -> Json:
    return {
        "uuid": assessed.identify("mapping", edition),
        "source-resource": {"type": "catalog", "href": CATALOG},
        "target-resource": {"type": "catalog", "href": f"{_STANDARD}{_EDITIONS[edition]}", "remarks": edition},
        "maps": [
            {
                "uuid": assessed.identify("map", edition, term.number), "relationship": "intersects-with",
                "sources": [{"type": "control", "id-ref": control_id(term)}],
                "targets": [{"type": "control", "id-ref": number} for number in numbers[term.number]],
            }
            for term in assessed.terms if numbers[term.number]
        ],
    }  # fmt: skip
