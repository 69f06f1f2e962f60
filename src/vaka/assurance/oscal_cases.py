# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Incidents and vulnerabilities that are open, as risks of a plan of action (terms 29, 34 and 35). Pure.

What stands here is what leaves in a case's own file: nothing that is marked RED, no name, and how much was left out.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from vaka.assurance.oscal_parts import Assessed, Json, OpenCase, moment, own, said
from vaka.cases.model import MARKINGS, may_leave
from vaka.cases.words import WORDS, file_in, title_of
from vaka.counted import counted
from vaka.errors import Sentence

_STATES: Mapping[str, str] = MappingProxyType(
    {"open": "open", "acknowledged": "open", "triaged": "investigating", "contained": "remediating"}
)
"""The steps at which something is open, in OSCAL's own words for a risk."""
_LEFT_OUT = Sentence(
    sv="{count} [post märkt|poster märkta] TLP:RED är [utelämnad|utelämnade].",
    en="{count} [entry|entries] marked TLP:RED [is|are] left out.",
)


def is_open(state: str) -> bool:
    """Whether something is left to be done of a case at this step."""
    return state in _STATES


def describe_risks(assessed: Assessed) -> list[Json]:
    """Return a risk for each case that is open."""
    return [_risk(assessed, one) for one in assessed.cases]


def describe_observations(assessed: Assessed) -> list[Json]:
    """Return for each the observation that the risk rests on: that the authority was told of it, and by what."""
    return [
        {
            "uuid": _observation_id(assessed, one), "title": _name(one), "description": _summary(one),
            "methods": ["EXAMINE"], "types": ["finding"], "props": _props(one), "collected": moment(assessed.at),
        }
        for one in assessed.cases
    ]  # fmt: skip


def list_items(assessed: Assessed) -> list[Json]:
    """Return what is to be done of each."""
    return [
        {
            "uuid": assessed.identify("case-action", one.case.id), "title": _name(one), "description": _summary(one),
            "props": _props(one),
            "related-observations": [{"observation-uuid": _observation_id(assessed, one)}],
            "related-risks": [{"risk-uuid": _risk_id(assessed, one)}],
        }
        for one in assessed.cases
    ]  # fmt: skip


def _risk(assessed: Assessed, one: OpenCase) -> Json:
    texts = ["\n".join(filter(None, (entry.text, file_in(entry)))) for entry in may_leave(one.entries) if entry.text]
    return {
        "uuid": _risk_id(assessed, one), "title": _name(one), "description": _summary(one),
        "statement": "\n\n".join(texts) or _summary(one), "props": _props(one), "status": _STATES[one.case.state],
        "deadline": moment(one.case.fix_by),
        "related-observations": [{"observation-uuid": _observation_id(assessed, one)}],
    }  # fmt: skip


def _name(one: OpenCase) -> str:
    title = title_of(may_leave(one.entries))
    title = title.strip()
    name = said(Sentence(f"Ärende {one.case.number}", f"Case {one.case.number}"))
    return f"{name}: {title}" if title else name


def _summary(one: OpenCase) -> str:
    stands = " · ".join(said(WORDS[word]) for word in (one.case.kind, one.case.severity, one.case.state))
    red = len(one.entries) - len(may_leave(one.entries))
    return f"{stands}. {said(counted(_LEFT_OUT, red))}" if red else f"{stands}."


def _props(one: OpenCase) -> Sequence[Json]:
    leaving = [entry.tlp for entry in may_leave(one.entries)]
    return [
        own("case", one.case.number), own("kind", one.case.kind), own("severity", one.case.severity),
        own("step", one.case.state), own("known-at", moment(one.case.known_at)),
        own("tlp", f"TLP:{min(leaving, key=MARKINGS.index, default='AMBER')}"),
        own("tlp-red-left-out", len(one.entries) - len(leaving)),
    ]  # fmt: skip


def _risk_id(assessed: Assessed, one: OpenCase) -> str:
    return assessed.identify("risk", one.case.id)


def _observation_id(assessed: Assessed, one: OpenCase) -> str:
    return assessed.identify("case", one.case.id, moment(assessed.at))
