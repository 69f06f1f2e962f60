# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A case as a CSAF 2.0 document (term 35). Pure.

An incident is in the profile of incident response (section 4.2), a vulnerability a base document (4.1). A case names no
components, so the document names no products and says of none that it is affected: an advisory does
(:mod:`vaka.assurance.csaf`). CSAF has one label for a whole document, in the Traffic Light Protocol before version 2.
It is the nearest to the narrowest marking; the words beside it, and above each note, say which holds.
"""

from typing import Any

from vaka.assurance.case_file import CaseFile
from vaka.assurance.csaf import LABELS, Json, write_moment
from vaka.cases.model import CaseEntry
from vaka.cases.words import WORDS, said_in
from vaka.errors import Sentence

_INVOLVEMENT = {"open": "open", "fixed": "completed", "closed": "completed"}
"""How CSAF says that the supplier is with it (section 3.2.3.6); every other step is work in progress."""


def make_case_csaf(file: CaseFile, version: str) -> Json:
    """Return the document, made by this version of Vaka."""
    is_incident = file.case.kind == "incident"
    document: Json = {"document": _document(file, version, is_incident)}
    return document if is_incident else {**document, "vulnerabilities": [_vulnerability(file)]}


def _document(file: CaseFile, version: str, is_incident: bool) -> Json:
    case, revisions = file.case, _revisions(file)
    first, last = revisions[0]["date"], revisions[-1]["date"]
    return {
        "category": "csaf_security_incident_response" if is_incident else "csaf_base",
        "csaf_version": "2.0", "title": file.name, "lang": file.language,
        "aggregate_severity": {"text": file.word(case.severity)},
        "distribution": {"text": f"TLP:{file.tlp}", "tlp": {"label": LABELS[file.tlp]}},
        "notes": [
            {"category": "summary", "text": file.summary},
            *({"category": "details", "title": file.heading(one), "text": _text(one, file)} for one in file.entries),
        ],
        "publisher": {"category": "vendor", "name": file.supplier, "namespace": file.portal},
        "references": [
            {
                "category": "external", "url": file.address,
                "summary": file.say(Sentence("Ärendet i portalen", "The case in the portal")),
            }
        ],
        "tracking": {
            "id": file.called, "status": "final" if case.state == "closed" else "interim",
            "version": revisions[-1]["number"], "initial_release_date": first, "current_release_date": last,
            "revision_history": revisions,
            "generator": {"date": last, "engine": {"name": "Vaka", "version": version}},
        },
    }  # fmt: skip


def _revisions(file: CaseFile) -> list[dict[str, str]]:
    """Return a revision for each entry; they are counted, so that no gap tells what was left out."""
    told = [(one.made_at, file.say(WORDS[one.kind])) for one in file.entries]
    return [
        {"date": write_moment(at), "number": str(number), "summary": summary}
        for number, (at, summary) in enumerate(told or [(file.case.opened_at, file.say(WORDS["opened"]))], 1)
    ]


def _text(entry: CaseEntry, file: CaseFile) -> str:
    return "\n".join(said_in(entry, file.language)) or file.say(WORDS[entry.kind])


def _vulnerability(file: CaseFile) -> Json:
    found: dict[str, Any] = {
        "title": file.name, "ids": [{"system_name": file.supplier, "text": file.called}],
        "discovery_date": write_moment(file.case.known_at),
        "notes": [{"category": "description", "text": file.summary}],
        "involvements": [
            {
                "party": "vendor", "status": _INVOLVEMENT.get(file.case.state, "in_progress"),
                "summary": file.word(file.case.state),
            }
        ],
    }  # fmt: skip
    return found
