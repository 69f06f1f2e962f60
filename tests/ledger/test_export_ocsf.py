# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Exported events are valid by the schema of OCSF itself, and a broken one is refused by it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from tests.conftest import START
from vaka.ledger.events import Event
from vaka.ledger.export_ocsf import MEANINGS, OCSF_VERSION, USUALLY, to_ocsf, write_ocsf
from vaka.ledger.leaves import Leaf, parse_leaf

LOG = "vaka.example/authority/provkommun"
ACCOUNT, PERSON = UUID(int=7), UUID(int=8)
LEAF = Leaf(
    id=41, at=START, event="alarm.read", actor=f"account:{ACCOUNT}", object=f"alarm:{UUID(int=9)}", outcome="success",
    written_by="vaka_t_provkommun_desk", written_at=START + timedelta(milliseconds=3), source="660fcdda3a2ef-45d2",
    number=12, detail={"person": str(PERSON), "level": 2},
)  # fmt: skip
TYPICAL: dict[Event, dict[str, Any]] = {
    Event.SESSION_STARTED: {"object": f"session:{UUID(int=1)}", "detail": {"realm": "operator", "method": "oidc"}},
    Event.SIGN_IN_REFUSED: {"actor": "signin", "object": "", "outcome": "failure"},
    Event.ACCOUNT_CREATED: {"actor": "setup", "object": f"account:{ACCOUNT}", "detail": {"kind": "user"}},
    Event.ROLE_GRANTED: {"object": f"account:{ACCOUNT}", "detail": {"role": "operator"}},
    Event.ROLE_REVOKED: {"object": f"account:{ACCOUNT}", "detail": {}},
    Event.CONNECTION_REFUSED: {"actor": "receiver:receiver-1", "object": "", "outcome": "failure"},
    Event.LEDGER_HEARTBEAT: {"actor": "sequencer", "object": f"log:{LOG}", "detail": {}},
}


@cache
def schema() -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(version=OCSF_VERSION))


@cache
def validator(class_uid: int) -> Draft202012Validator:
    found = schema().get_class_schema(schema().lookup_class_name_from_uid(class_uid))
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def faults(event: dict[str, Any]) -> list[str]:
    """What the schema has against an event."""
    found = validator(event["class_uid"]).iter_errors(event)
    return [f"{'.'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in found]


def leaf_of(event: Event) -> Leaf:
    return replace(LEAF, event=event.value, **TYPICAL.get(event, {}))


@pytest.mark.parametrize("event", Event, ids=lambda event: event.value)
@pytest.mark.parametrize("outcome", ["success", "failure"])
def test_every_event_is_valid_whatever_came_of_it(event: Event, outcome: str) -> None:
    made = to_ocsf(73, replace(leaf_of(event), outcome=outcome), LOG)
    assert faults(made) == []
    assert made["status_id"] == (1 if outcome == "success" else 2)
    assert made["type_uid"] == made["class_uid"] * 100 + made["activity_id"]
    assert made["category_uid"] == made["class_uid"] // 1000


@given(
    st.sampled_from([*(event.value for event in Event), "unheard.of", ""]),
    st.text(max_size=30), st.text(max_size=30), st.sampled_from(["success", "failure"]),
    st.dictionaries(st.text(max_size=10), st.text(max_size=10) | st.integers(-(2**63), 2**63 - 1), max_size=4),
    st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)  # fmt: skip
def test_whatever_stands_in_a_leaf_gives_a_valid_event(
    event: str, actor: str, thing: str, outcome: str, detail: dict[str, str | int], at: datetime
) -> None:
    leaf = replace(LEAF, event=event, actor=actor, object=thing, outcome=outcome, detail=detail, at=at)
    line = write_ocsf(0, leaf, LOG)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert faults(json.loads(line)) == []


BROKEN: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("no time", lambda event: event.pop("time")),
    ("no class", lambda event: event["metadata"].pop("product")),
    ("a field nobody knows", lambda event: event.update(vaka="x")),
    ("text for a number", lambda event: event.update(time="2026-03-14")),
    ("an activity that is none", lambda event: event.update(activity_id=77)),
    ("a severity that is none", lambda event: event.update(severity_id=77)),
    ("an actor that is nobody", lambda event: event.update(actor={})),
    ("an entity without identity", lambda event: event.update(entity={"type": "alarm"})),
    ("no entity", lambda event: event.pop("entity")),
    ("a product without name", lambda event: event["metadata"].update(product={"vendor_name": "Vaka"})),
]


@pytest.mark.parametrize(("name", "break_it"), BROKEN, ids=[name for name, _ in BROKEN])
def test_the_judge_refuses_a_broken_event(name: str, break_it: Callable[[dict[str, Any]], object]) -> None:
    event = to_ocsf(73, LEAF, LOG)
    assert faults(event) == []
    break_it(event)
    assert faults(event) != [], name


MAPPED = [
    (Event.SESSION_STARTED, "success", "authentication", "Logon"),
    (Event.SESSION_ENDED, "success", "authentication", "Logoff"),
    (Event.SIGN_IN_REFUSED, "failure", "authentication", "Logon"),
    (Event.ACCOUNT_CREATED, "success", "account_change", "Create"),
    (Event.ROLE_GRANTED, "success", "user_access", "Assign Privileges"),
    (Event.ROLE_REVOKED, "success", "user_access", "Revoke Privileges"),
    (Event.CONNECTION_REFUSED, "failure", "network_activity", "Refuse"),
    (Event.ALARM_READ, "success", "entity_management", "Read"),
    (Event.LOG_EXPORTED, "success", "entity_management", "Read"),
    (Event.ACCESS_DENIED, "failure", "entity_management", "Read"),
    (Event.PERSON_REGISTERED, "success", "entity_management", "Create"),
    (Event.POLICY_CHANGED, "success", "entity_management", "Update"),
    (Event.RETENTION_SET, "success", "entity_management", "Update"),
    (Event.LEDGER_PRUNED, "success", "entity_management", "Delete"),
    (Event.DEVICE_ADOPTED, "success", "entity_management", "Enroll"),
    (Event.SCHEMA_MIGRATED, "success", "application_lifecycle", "Update"),
]


@pytest.mark.parametrize(("event", "outcome", "name", "activity"), MAPPED, ids=[row[0].value for row in MAPPED])
def test_what_an_event_means_by_the_schemas_own_words(event: Event, outcome: str, name: str, activity: str) -> None:
    made = to_ocsf(1, replace(leaf_of(event), outcome=outcome), LOG)
    assert schema().lookup_class_name_from_uid(made["class_uid"]) == name
    classes = get_ocsf_schema(version=OCSF_VERSION)["classes"]
    captions = classes[name]["attributes"]["activity_id"]["enum"]
    assert captions[str(made["activity_id"])]["caption"] == activity


def test_every_activity_of_the_table_is_one_of_its_class() -> None:
    classes = get_ocsf_schema(version=OCSF_VERSION)["classes"]
    for meaning in {*MEANINGS.values(), USUALLY}:
        name = schema().lookup_class_name_from_uid(meaning.class_uid)
        assert str(meaning.activity) in classes[name]["attributes"]["activity_id"]["enum"], meaning


def test_the_leaf_itself_travels_along() -> None:
    made = to_ocsf(73, LEAF, LOG)
    assert parse_leaf(made["raw_data"].encode()) == LEAF
    assert made["metadata"]["uid"] == f"{LOG}/73"
    assert made["time"] == 1_773_453_540_000
    assert made["metadata"]["logged_time"] == 1_773_453_540_003
    assert made["actor"] == {"user": {"uid": str(ACCOUNT), "type_id": 1}}
    assert made["entity"]["uid"] == LEAF.object
    assert made["unmapped"]["detail"] == {"person": str(PERSON), "level": 2}
