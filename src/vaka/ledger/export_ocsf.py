# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entries as events of the Open Cybersecurity Schema Framework, version 1.8.0: one JSON object a line.

Every event carries the leaf itself (`raw_data`) and its place in the log, so that whoever receives it can verify it.
Accounts, people and things are identifiers here as in the log; nobody is named.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf

OCSF_VERSION = "1.8.0"
PRODUCT = "Vaka"
MEDIA_TYPE = "application/x-ndjson"

ACCOUNT_CHANGE, AUTHENTICATION, ENTITY_MANAGEMENT, USER_ACCESS = 3001, 3002, 3004, 3005
NETWORK_ACTIVITY, LIFECYCLE = 4001, 6002
CREATE, READ, UPDATE, DELETE, MOVE, OTHER = 1, 2, 3, 4, 5, 99
_INFORMATIONAL, _MEDIUM = 1, 3
_SUCCESS, _FAILURE = 1, 2
_USER = 1


@dataclass(frozen=True, slots=True)
class Meaning:
    """Which class of the schema an event is of, and which activity of that class."""

    class_uid: int
    activity: int


MEANINGS: Mapping[Event, Meaning] = {
    Event.SESSION_STARTED: Meaning(AUTHENTICATION, 1),
    Event.SESSION_ENDED: Meaning(AUTHENTICATION, 2),
    Event.SIGN_IN_REFUSED: Meaning(AUTHENTICATION, 1),
    Event.SIGN_IN_FALLBACK: Meaning(AUTHENTICATION, OTHER),
    Event.BREAK_GLASS_BEGUN: Meaning(AUTHENTICATION, OTHER),
    Event.BREAK_GLASS_OPENED: Meaning(AUTHENTICATION, 1),
    Event.BREAK_GLASS_ENDED: Meaning(AUTHENTICATION, 2),
    Event.BREAK_GLASS_REVIEWED: Meaning(AUTHENTICATION, OTHER),
    Event.ACCOUNT_CREATED: Meaning(ACCOUNT_CHANGE, 1),
    Event.ROLE_GRANTED: Meaning(USER_ACCESS, 1),
    Event.ROLE_REVOKED: Meaning(USER_ACCESS, 2),
    Event.ROLE_SUSPENDED: Meaning(USER_ACCESS, 2),
    Event.ROLE_RESTORED: Meaning(USER_ACCESS, 1),
    Event.SECURITY_KEY_ENROLLED: Meaning(ACCOUNT_CHANGE, 10),
    Event.SECURITY_KEY_REMOVED: Meaning(ACCOUNT_CHANGE, 11),
    Event.SECURITY_KEY_USED: Meaning(AUTHENTICATION, OTHER),
    Event.SECURITY_KEY_REFUSED: Meaning(AUTHENTICATION, OTHER),
    Event.CONNECTION_REFUSED: Meaning(NETWORK_ACTIVITY, 5),
    Event.COMMAND_RUN: Meaning(LIFECYCLE, OTHER),
    Event.SCHEMA_MIGRATED: Meaning(LIFECYCLE, 8),
    Event.LEDGER_HEARTBEAT: Meaning(LIFECYCLE, OTHER),
    Event.ALARM_RAISED: Meaning(ENTITY_MANAGEMENT, CREATE),
    Event.EXERCISE_ALARM_RAISED: Meaning(ENTITY_MANAGEMENT, CREATE),
    Event.TRIAL_ALARM_RAISED: Meaning(ENTITY_MANAGEMENT, CREATE),
    Event.MESSAGE_STORED: Meaning(ENTITY_MANAGEMENT, CREATE),
    Event.ALARM_READ: Meaning(ENTITY_MANAGEMENT, READ),
    Event.HISTORY_LISTED: Meaning(ENTITY_MANAGEMENT, READ),
    Event.HISTORY_SEARCHED: Meaning(ENTITY_MANAGEMENT, READ),
    Event.PERSON_SEARCHED: Meaning(ENTITY_MANAGEMENT, READ),
    Event.PERSON_READ: Meaning(ENTITY_MANAGEMENT, READ),
    Event.LOG_READ: Meaning(ENTITY_MANAGEMENT, READ),
    Event.LOG_SEARCHED: Meaning(ENTITY_MANAGEMENT, READ),
    Event.LOG_EXPORTED: Meaning(ENTITY_MANAGEMENT, READ),
    Event.EVIDENCE_PACKED: Meaning(ENTITY_MANAGEMENT, READ),
    Event.REPORT_TAKEN: Meaning(ENTITY_MANAGEMENT, READ),
    Event.ROUTINE_TAKEN: Meaning(ENTITY_MANAGEMENT, READ),
    Event.ACCESS_DENIED: Meaning(ENTITY_MANAGEMENT, READ),
    Event.ALARM_HANDED_OVER: Meaning(ENTITY_MANAGEMENT, MOVE),
    Event.ALARM_MERGED: Meaning(ENTITY_MANAGEMENT, MOVE),
    Event.DEVICE_ADOPTED: Meaning(ENTITY_MANAGEMENT, 6),
    Event.DEVICE_REGISTERED: Meaning(ENTITY_MANAGEMENT, CREATE),
    Event.PERSON_REGISTERED: Meaning(ENTITY_MANAGEMENT, CREATE),
    Event.PERSON_REMOVED: Meaning(ENTITY_MANAGEMENT, DELETE),
    Event.ERASURE_ORDERED: Meaning(ENTITY_MANAGEMENT, CREATE),
    Event.ERASURE_COMPLETED: Meaning(ENTITY_MANAGEMENT, DELETE),
    Event.UNIT_REGISTERED: Meaning(ENTITY_MANAGEMENT, CREATE),
    Event.UNIT_REMOVED: Meaning(ENTITY_MANAGEMENT, DELETE),
    Event.AUTHORITY_REGISTERED: Meaning(ENTITY_MANAGEMENT, CREATE),
    Event.KEY_CREATED: Meaning(ENTITY_MANAGEMENT, CREATE),
    Event.LEDGER_PRUNED: Meaning(ENTITY_MANAGEMENT, DELETE),
}
USUALLY = Meaning(ENTITY_MANAGEMENT, UPDATE)
"""Anything else changes something: an alarm's progress, a device's state, a setting."""
_BY_NAME = {event.value: meaning for event, meaning in MEANINGS.items()}


def to_ocsf(index: int, leaf: Leaf, log: str) -> dict[str, Any]:
    """Return the event for the entry at `index` of the log called `log`."""
    meaning = _BY_NAME.get(leaf.event, USUALLY)
    failed = leaf.outcome != "success"
    event: dict[str, Any] = {
        "activity_id": meaning.activity,
        "activity_name": leaf.event,
        "category_uid": meaning.class_uid // 1000,
        "class_uid": meaning.class_uid,
        "message": f"{leaf.event} {leaf.outcome}",
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": PRODUCT, "vendor_name": PRODUCT},
            "log_name": log,
            "uid": f"{log}/{index}",
            "event_code": leaf.event,
            "logged_time": _milliseconds(leaf.written_at),
            "original_time": _iso(leaf.at),
        },
        "raw_data": leaf.encode().decode(),
        "severity_id": _MEDIUM if failed else _INFORMATIONAL,
        "status_id": _FAILURE if failed else _SUCCESS,
        "status_detail": leaf.outcome,
        "time": _milliseconds(leaf.at),
        "type_uid": meaning.class_uid * 100 + meaning.activity,
        "unmapped": {
            "index": index,
            "actor": leaf.actor,
            "object": leaf.object,
            "clock": leaf.clock,
            "source": leaf.source,
            "number": leaf.number,
            "written_by": leaf.written_by,
            "detail": dict(leaf.detail),
        },
    }
    return event | _of_class(meaning.class_uid, leaf)


def write_ocsf(index: int, leaf: Leaf, log: str) -> bytes:
    """Return the event as a line."""
    text = json.dumps(to_ocsf(index, leaf, log), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def _of_class(class_uid: int, leaf: Leaf) -> dict[str, Any]:
    """Return what the schema asks of a class. Where it knows no actor, the actor is under `unmapped` alone."""
    kind, _, identifier = leaf.object.partition(":")
    if class_uid == NETWORK_ACTIVITY:
        return {"dst_endpoint": {"svc_name": leaf.actor}}
    if class_uid == LIFECYCLE:
        return {"app": {"name": leaf.object or PRODUCT, "vendor_name": PRODUCT}}
    actor = {"actor": _actor(leaf.actor)}
    affected = {"uid": identifier or leaf.object or "unknown", "type_id": _USER}
    if class_uid == ACCOUNT_CHANGE:
        # A key is its owner's, who acts.
        owner = {"uid": leaf.actor.removeprefix("account:"), "type_id": _USER}
        return actor | {"user": owner if kind == "security_key" else affected}
    if class_uid == USER_ACCESS:
        return actor | {"user": affected, "privileges": [str(leaf.detail.get("role", "unknown"))]}
    if class_uid == AUTHENTICATION:
        user = {"uid": leaf.actor.removeprefix("account:"), "type_id": _USER}
        session = {"session": {"uid": identifier}} if kind == "session" else {}
        return actor | {"user": user, "service": {"name": f"{PRODUCT} sign-in"}} | session
    named = leaf.object or leaf.event
    return actor | {"entity": {"uid": named, "type": kind or "none", "name": named}}


def _actor(actor: str) -> dict[str, Any]:
    kind, _, identifier = actor.partition(":")
    if kind == "account" and identifier:
        return {"user": {"uid": identifier, "type_id": _USER}}
    return {"app_name": actor or "unknown"}


def _milliseconds(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
