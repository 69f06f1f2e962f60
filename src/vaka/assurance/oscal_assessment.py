# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How the terms were assessed, as OSCAL: the plan, what was observed and found, and what is to be done. Pure."""

from vaka.assurance.assessment import Judgement, Standing, Status
from vaka.assurance.oscal_cases import describe_observations, describe_risks, list_items
from vaka.assurance.oscal_parts import (
    PLAN,
    SYSTEM,
    Assessed,
    Json,
    control_id,
    document,
    moment,
    own,
    said,
    statement_id,
)
from vaka.assurance.oscal_system import describe_source, implementation_id, software
from vaka.assurance.terms import Goal, Requirement, Term
from vaka.assurance.wording import explain
from vaka.assurance.wording_statuses import STATUSES
from vaka.errors import Sentence


def make_plan(assessed: Assessed) -> Json:
    """Return the plan: an activity for each requirement, and the task that repeats them all."""
    activities = [
        {
            "uuid": assessed.identify("activity", one.id), "title": one.id, "description": describe_source(one),
            "props": [
                {"name": "method", "value": _method(one)},
                own("source", one.source), own("by", one.by), own("seconds", int(one.every.total_seconds())),
            ],
            "related-controls": {"control-selections": [{"include-controls": [{"control-id": control_id(term)}]}]},
        }
        for term in assessed.owed for one in term.requirements
    ]  # fmt: skip
    subjects = [{"type": "component", "include-all": {}}]
    task = {
        "uuid": assessed.identify("task"), "type": "action", "title": "Se efter / Look",
        "associated-activities": [{"activity-uuid": one["uuid"], "subjects": subjects} for one in activities],
    }  # fmt: skip
    body = {
        "import-ssp": {"href": SYSTEM}, "local-definitions": {"activities": activities},
        "reviewed-controls": _reviewed(assessed), "assessment-subjects": subjects, "tasks": [task],
    }  # fmt: skip
    return document(
        assessed, "assessment-plan", Sentence(sv="Hur villkoren prövas", en="How the terms are tested"), body
    )


def make_results(assessed: Assessed) -> Json:
    """Return what was observed of each requirement, and what that says of each goal."""
    seen = [assessed.standings[one.id].seen for one in _seen(assessed, assessed.owed)]
    result = {
        "uuid": assessed.identify("result", moment(assessed.at)), "title": moment(assessed.at),
        "description": "Läget är beräknat ur underlagen och deras ålder; ingen kan ange det. / "
        "How it stands is computed from evidence and its age; nobody can set it.",
        "start": moment(min([*seen, assessed.at])), "end": moment(assessed.at),
        "local-definitions": {"components": [software(assessed)]},
        "reviewed-controls": _reviewed(assessed),
        **_some("observations", _observations(assessed, assessed.owed)),
        "findings": [_finding(assessed, term, goal) for term in assessed.owed for goal in term.goals],
    }  # fmt: skip
    body = {"import-ap": {"href": PLAN}, "results": [result], **_evidence(assessed)}
    title = Sentence(sv="Hur villkoren är uppfyllda", en="How the terms are met")
    return document(assessed, "assessment-results", title, body)


def make_actions(assessed: Assessed) -> Json | None:
    """Return what is to be done: each goal that is red, and each case that is open. None where there is neither, since
    OSCAL has no empty plan.
    """
    red = [
        (term, goal) for term in assessed.owed for goal in term.goals if assessed.judge_goal(goal).status.red
    ]  # fmt: skip
    if not red and not assessed.cases:
        return None
    terms = [term for term in assessed.owed if any(one is term for one, _ in red)]
    items = [
        {
            "uuid": assessed.identify("action", term.number, goal.id),
            "title": f"{term.number}. {said(term.label)}", "description": said(goal.sentence),
            "props": [own("since", moment(assessed.judge_goal(goal).since))],
            "related-findings": [{"finding-uuid": _finding_id(assessed, term, goal)}],
        }
        for term, goal in red
    ]  # fmt: skip
    body = {
        "import-ssp": {"href": SYSTEM},
        "local-definitions": {"components": [software(assessed)]},
        **_some("observations", [*_observations(assessed, terms), *describe_observations(assessed)]),
        **_some("risks", describe_risks(assessed)),
        **_some("findings", [_finding(assessed, term, goal) for term, goal in red]),
        "poam-items": [*items, *list_items(assessed)],
        **_evidence(assessed),
    }
    title = Sentence(sv="Vad som ska åtgärdas", en="What is to be done")
    return document(assessed, "plan-of-action-and-milestones", title, body)


def _evidence(assessed: Assessed) -> Json:
    resources = [
        {
            "uuid": _resource(assessed, one.path), "title": said(one.title),
            "rlinks": [{"href": f"../{one.path}", "hashes": [{"algorithm": "SHA-256", "value": one.sha256}]}],
        }
        for one in assessed.evidence
    ]  # fmt: skip
    return {"back-matter": {"resources": resources}} if resources else {}


def _reviewed(assessed: Assessed) -> Json:
    return {"control-selections": [{"include-controls": [{"control-id": control_id(one)} for one in assessed.owed]}]}


def _seen(assessed: Assessed, terms: list[Term]) -> list[Requirement]:
    return [one for term in terms for one in term.requirements if one.id in assessed.standings]


def _observations(assessed: Assessed, terms: list[Term]) -> list[Json]:
    return [_observation(assessed, one, assessed.standings[one.id]) for one in _seen(assessed, terms)]


def _observation(assessed: Assessed, requirement: Requirement, standing: Standing) -> Json:
    component = assessed.identify("component", "software")
    return {
        "uuid": _observation_id(assessed, requirement), "title": requirement.id,
        "description": describe_source(requirement),
        "methods": [_method(requirement)],
        "props": [
            own("reason", standing.reason), own("count", standing.count), own("since", moment(standing.since)),
            own("status", assessed.judge(requirement).status),
        ],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": component}]}],
        "subjects": [{"subject-uuid": component, "type": "component"}],
        "collected": moment(standing.seen), "expires": moment(standing.seen + requirement.every),
        **_some("relevant-evidence", [
            {"href": f"#{_resource(assessed, one.path)}", "description": said(one.title)} for one in assessed.evidence
        ]),
    }  # fmt: skip


def _method(requirement: Requirement) -> str:
    return "TEST" if requirement.source == "automatic" else "EXAMINE"


def _finding(assessed: Assessed, term: Term, goal: Goal) -> Json:
    judgement = assessed.judge_goal(goal)
    seen = [one for one in goal.requirements if one.id in assessed.standings]
    return {
        "uuid": _finding_id(assessed, term, goal), "title": f"{term.number}. {said(STATUSES[judgement.status])}",
        "description": said(explain(term, judgement)),
        "props": [own("status", judgement.status), own("since", moment(judgement.since))],
        "target": {"type": "statement-id", "target-id": statement_id(term, goal), "status": _verdict(judgement)},
        "implementation-statement-uuid": implementation_id(assessed, term, goal),
        **_some("related-observations", [{"observation-uuid": _observation_id(assessed, one)} for one in seen]),
    }  # fmt: skip


def _verdict(judgement: Judgement) -> Json:
    if judgement.status is Status.MET:
        return {"state": "satisfied", "reason": "pass"}
    # Nothing was seen to be wrong where nobody has looked, or nothing is owed yet; it is not satisfied all the same.
    return {"state": "not-satisfied", "reason": "fail" if judgement.status is Status.FAILING else "other"}


def _some(name: str, found: list[Json]) -> Json:
    """Return a list as a field, or nothing: OSCAL has no empty lists."""
    return {name: found} if found else {}


def _observation_id(assessed: Assessed, requirement: Requirement) -> str:
    return assessed.identify("observation", requirement.id, moment(assessed.standings[requirement.id].seen))


def _finding_id(assessed: Assessed, term: Term, goal: Goal) -> str:
    return assessed.identify("finding", moment(assessed.at), term.number, goal.id)


def _resource(assessed: Assessed, path: str) -> str:
    return assessed.identify("resource", path)
