# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A case as CSAF 2.0 and STIX 2.1: valid by other people's judges, marked, and without what is RED (term 35)."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from tests.assurance.judges import judge_csaf, judge_stix
from vaka.assurance.case_csaf import make_case_csaf
from vaka.assurance.case_file import CaseFile
from vaka.assurance.case_stix import make_case_stix
from vaka.cases.model import MARKINGS, STEPS, Case, CaseEntry, Kind, Tlp

KNOWN = datetime(2026, 3, 14, 3, 14, tzinfo=UTC)
SECRET = "KODORD ALVIK"
KINDS: tuple[Kind, ...] = ("incident", "vulnerability")


def case(kind: Kind, state: str = "triaged") -> Case:
    """A case that stands somewhere."""
    return Case(
        UUID("0198f2a0-0000-7000-8000-000000000001"), 12, kind, "high", True, KNOWN, KNOWN, 60, 30, 60, 24, state,
        None, None, 0, ["24h"],
    )  # fmt: skip


def entry(number: int, kind: str = "noted", tlp: Tlp = "AMBER", text: str = "", **facts: Any) -> CaseEntry:
    """Something that was written, a minute after what came before."""
    at, digest = KNOWN + timedelta(minutes=number), sha256(str(number).encode()).digest()
    side = facts.pop("side", "supplier")
    return CaseEntry(number, kind, side, tlp, None, text, facts, None, at, digest)


def written(opened: Tlp = "AMBER") -> list[CaseEntry]:
    """One of each thing that can be written, in each marking."""
    return [
        entry(1, "opened", opened, f"Okänd inloggning, {SECRET if opened == 'RED' else 'i natt'}", title="Intrång åäö"),
        entry(2, "touched"), entry(3, "noted", "RED", SECRET), entry(4, "noted", "GREEN", "Byt lösenord <nu> & då"),
        entry(5, "noted", "AMBER+STRICT", "Bara er"), entry(6, "noted", "CLEAR", "Allmänt"),
        entry(7, "noted", text="Vårt svar", side="authority"), entry(8, "corrected", text="Klockan fyra", corrects=4),
        entry(9, "reported", report="24h"), entry(10, "escalated", level=1, side="product"),
        entry(11, "moved", "RED", step="closed", cause=SECRET, impact=SECRET, report="reported"),
        entry(12, "moved", step="triaged"),
    ]  # fmt: skip


def file_of(kind: Kind, entries: Sequence[CaseEntry], state: str = "triaged", language: Any = "sv") -> CaseFile:
    """What a file is made of."""
    return CaseFile.of(
        case(kind, state), entries, authority="Ekbacka kommun", supplier="larm.example", language=language,
        portal="https://larm.example", address="https://larm.example/log/ekbacka/cases/1",
    )  # fmt: skip


def every_file() -> dict[str, CaseFile]:
    """Files of every kind and state; with nothing that may leave, and of what was written in one moment."""
    found = {f"{kind} {state}": file_of(kind, written(), state) for kind in KINDS for state in STEPS}
    for kind in KINDS:
        found[f"{kind} all red"] = file_of(kind, [replace(one, tlp="RED") for one in written()], language="en")
        found[f"{kind} at once"] = file_of(kind, [replace(one, made_at=KNOWN) for one in written()])
    return found


def test_each_case_is_csaf_by_anothers_judge_which_refuses_broken_ones() -> None:
    documents = {name: make_case_csaf(file, "0.1.0") for name, file in every_file().items()}
    broken = json.loads(json.dumps(documents["incident open"]))
    del broken["document"]["references"]
    other = json.loads(json.dumps(documents["vulnerability open"]))
    other["document"]["tracking"]["version"] = "99"
    found = judge_csaf({**documents, "no reference": broken, "no such version": other})
    assert found.keys() == {"no reference", "no such version"}, found


def test_each_case_is_stix_by_its_schemas_which_refuse_broken_ones() -> None:
    for name, file in every_file().items():
        assert judge_stix(make_case_stix(file)) == [], name
    bundle = make_case_stix(file_of("incident", written()))
    for change in ({"modified": "i natt"}, {"object_marking_refs": ["TLP:AMBER"]}, {"id": "note--1"}):
        objects = [{**one, **change} if one["type"] == "note" else one for one in bundle["objects"]]
        assert judge_stix({**bundle, "objects": objects}), change
    assert judge_stix({**bundle, "objects": [one for one in bundle["objects"] if one["type"] != "identity"]})


@pytest.mark.parametrize("kind", KINDS)
def test_term_35_3_nothing_red_is_in_csaf_or_stix_and_both_say_that_something_is_missing(kind: Kind) -> None:
    for opened in ("AMBER", "RED"):
        file = file_of(kind, written("RED" if opened == "RED" else "AMBER"))
        for document in (make_case_csaf(file, "0.1.0"), make_case_stix(file)):
            said = json.dumps(document, ensure_ascii=False)
            assert SECRET not in said
            assert '"RED"' not in said
            assert "e828b379-4e03-4974-9ac4-e53a884c97c1" not in said, "not even OASIS's definition of RED"
            assert ("Intrång åäö" in said) == (opened != "RED"), "the title goes with what it was written in"
            assert f"{2 if opened == 'AMBER' else 3} är utelämnade" in said


def test_term_35_3_each_note_of_stix_has_its_own_marking_and_the_whole_the_narrowest() -> None:
    bundle = make_case_stix(file_of("incident", written()))
    names = {one["id"]: one["name"] for one in bundle["objects"] if one["type"] == "marking-definition"}
    assert set(names.values()) == {f"TLP:{one}" for one in MARKINGS if one != "RED"}
    notes = [one for one in bundle["objects"] if one["type"] == "note"]
    told = {one["abstract"].split(".")[0]: names[one["object_marking_refs"][0]] for one in notes}
    assert told == {str(one.number): f"TLP:{one.tlp}" for one in written() if one.tlp != "RED"}
    [main] = [one for one in bundle["objects"] if one["type"] == "incident"]
    assert names[main["object_marking_refs"][0]] == "TLP:AMBER+STRICT"
    [ours] = [one for one in notes if "Vårt svar" in one["content"]]
    by = {one["id"]: one["name"] for one in bundle["objects"] if one["type"] == "identity"}
    assert (by[ours["created_by_ref"]], by[main["created_by_ref"]]) == ("Ekbacka kommun", "larm.example")


@pytest.mark.parametrize(
    ("tlp", "label"), [("CLEAR", "WHITE"), ("GREEN", "GREEN"), ("AMBER", "AMBER"), ("AMBER+STRICT", "AMBER")]
)
def test_the_label_of_csaf_is_the_nearest_and_its_words_are_exact(tlp: Tlp, label: str) -> None:
    entries = [entry(1, "opened", "CLEAR", "Läs", title="Notis"), entry(2, "noted", tlp, "Mer")]
    document = make_case_csaf(file_of("incident", entries), "0.1.0")["document"]
    assert document["distribution"] == {"text": f"TLP:{tlp}", "tlp": {"label": label}}
    assert [one["title"].split(" ")[1] for one in document["notes"][1:]] == ["TLP:CLEAR", f"TLP:{tlp}"]


def test_a_later_bundle_has_the_same_objects_and_more() -> None:
    earlier, later = (make_case_stix(file_of("incident", written()[:many])) for many in (7, 12))
    assert {one["id"] for one in earlier["objects"]} < {one["id"] for one in later["objects"]}
    assert earlier["id"] != later["id"]
    assert make_case_stix(file_of("incident", written())) == later


def test_a_vulnerability_names_no_product_that_nobody_has_looked_at() -> None:
    for state, status in (("open", "open"), ("triaged", "in_progress"), ("closed", "completed")):
        document = make_case_csaf(file_of("vulnerability", written(), state), "0.1.0")
        [found] = document["vulnerabilities"]
        assert "product_tree" not in document
        assert "product_status" not in found
        assert [one["status"] for one in found["involvements"]] == [status]
        assert document["document"]["tracking"]["status"] == ("final" if state == "closed" else "interim")
