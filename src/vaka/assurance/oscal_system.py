# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is assessed, as OSCAL: Vaka as a component, and the security plan of one authority's use of it. Pure.

How far a control is implemented is computed as its status is. Nobody writes it, and what nobody has seen is planned.
"""

from vaka.assurance.assessment import Status
from vaka.assurance.oscal_parts import (
    PROFILE,
    SUPPLIER,
    Assessed,
    Json,
    control_id,
    document,
    own,
    said,
    statement_id,
)
from vaka.assurance.terms import Goal, Requirement, Term
from vaka.errors import Sentence

_NAME = "Vaka"
_WHAT = "Mottagning av trygghetslarm. / Reception of social alarms."
_SOURCES = {
    "automatic": Sentence(sv="ses efter av Vaka självt", en="looked at by Vaka itself"),
    "register": Sentence(sv="visas av ett register", en="shown by a register"),
    "document": Sentence(sv="visas av ett dokument", en="shown by a document"),
    "certificate": Sentence(sv="visas av ett certifikat", en="shown by a certificate"),
    "event": Sentence(sv="visas av något som har gjorts", en="shown by something that was done"),
}


def describe_source(requirement: Requirement) -> str:
    """Return how a requirement is seen, and how old that may be."""
    how, days = _SOURCES[requirement.source], requirement.every.total_seconds() / 86_400
    return f"{requirement.id}: {said(how)} (≤ {days:g} d)"


def software(assessed: Assessed) -> Json:
    """Return Vaka as a component of the installation."""
    return {
        "uuid": assessed.identify("component", "software"), "type": "software", "title": _NAME,
        "description": _WHAT, "status": {"state": "operational"},
        "props": [{"name": "version", "value": assessed.version}],
    }  # fmt: skip


def make_component_definition(assessed: Assessed) -> Json:
    """Return by which evidence Vaka supports each term."""
    requirements = [
        {
            "uuid": assessed.identify("component", "requirement", term.number), "control-id": control_id(term),
            "description": said(term.label),
            "statements": [
                {
                    "statement-id": statement_id(term, goal),
                    "uuid": assessed.identify("component", "statement", term.number, goal.id),
                    "description": "; ".join(map(describe_source, goal.requirements)),
                }
                for goal in term.goals
            ],
        }
        for term in assessed.owed
    ]  # fmt: skip
    component = {
        "uuid": assessed.identify("component", "software"), "type": "software", "title": _NAME, "description": _WHAT,
        "props": [{"name": "version", "value": assessed.version}],
        "control-implementations": [
            {
                "uuid": assessed.identify("component", "implementation"), "source": PROFILE,
                "description": "Vad varje mål vilar på. / What each goal rests on.",
                "implemented-requirements": requirements,
            }
        ],
    }  # fmt: skip
    title = Sentence(sv="Vaka och villkoren", en="Vaka and the terms")
    return document(assessed, "component-definition", title, {"components": [component]})


def make_security_plan(assessed: Assessed) -> Json:
    """Return the plan: what the system is, and how far each goal is reached."""
    characteristics = {
        "system-ids": [{"identifier-type": "https://ietf.org/rfc/rfc4122", "id": assessed.identify("system")}],
        "system-name": f"{_NAME}, {assessed.installation}", "description": _WHAT,
        "system-information": {
            "information-types": [
                {
                    "uuid": assessed.identify("information"), "title": "Larm och brukare / Alarms and people in care",
                    "description": "Larm, enheter och de personer som de skyddar. / "
                    "Alarms, devices and the people that they protect.",
                }
            ]
        },
        "status": {"state": "operational"},
        "authorization-boundary": {
            "description": "Det som myndigheten äger i installationen, och det som gäller hela installationen. / "
            "What the authority owns in the installation, and what concerns the whole of it."
        },
    }  # fmt: skip
    implementation = {
        "users": [{"uuid": assessed.identify("user"), "title": "Leverantör / Supplier", "role-ids": [SUPPLIER]}],
        "components": [
            {
                "uuid": assessed.identify("component", "this-system"), "type": "this-system",
                "title": assessed.installation, "description": _WHAT, "status": {"state": "operational"},
            },
            software(assessed),
        ],
    }  # fmt: skip
    controls = {
        "description": "Läget är beräknat ur underlagen. / How it stands is computed from the evidence.",
        "implemented-requirements": [_implemented(assessed, term) for term in assessed.owed],
    }
    title = Sentence(sv="Säkerhetsplan", en="System security plan")
    return document(
        assessed, "system-security-plan", title,
        {
            "import-profile": {"href": PROFILE}, "system-characteristics": characteristics,
            "system-implementation": implementation, "control-implementation": controls,
        },
    )  # fmt: skip


def _implemented(assessed: Assessed, term: Term) -> Json:
    return {
        "uuid": assessed.identify("implemented", term.number), "control-id": control_id(term),
        "statements": [
            {
                "statement-id": statement_id(term, goal), "uuid": implementation_id(assessed, term, goal),
                "by-components": [
                    {
                        "component-uuid": assessed.identify("component", "this-system"),
                        "uuid": assessed.identify("by-component", term.number, goal.id),
                        "description": "; ".join(map(describe_source, goal.requirements)),
                        "implementation-status": {"state": _state(assessed, goal)},
                        "props": [own("status", assessed.judge_goal(goal).status)],
                    }
                ],
            }
            for goal in term.goals
        ],
    }  # fmt: skip


def implementation_id(assessed: Assessed, term: Term, goal: Goal) -> str:
    """Return what results call the plan's statement of a goal."""
    return assessed.identify("implemented", term.number, goal.id)


def _state(assessed: Assessed, goal: Goal) -> str:
    stands = [assessed.judge(one).status is Status.MET for one in goal.requirements]
    return "implemented" if all(stands) else "partial" if any(stands) else "planned"
