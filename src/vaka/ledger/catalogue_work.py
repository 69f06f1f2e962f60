# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entries of alarms, people, devices, erasures and ends of contracts."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.ledger.about import ALARM, OPERATOR, About
from vaka.ledger.events import Event

_REGISTER = "every word of the register: the entry says that it was entered, and its random identifier"
_MESSAGE = About(
    ("receiver", "supervision"), ALARM, ("message", "class", "kind"),
    "who it is about, the sender, the message's texts and position",
)  # fmt: skip
_DRILL = "the sender, what was said and written; it is about nobody in care"
_HISTORY = About(OPERATOR, ("authority",), ("found", "named", "by_text"), "what was looked for, and who was found")
_SILENCE = About(("supervision",), ("device", "authority"), ("before", "count"), "whose device it is, its sender")


def _act(*beside: str, withheld: str = "who the alarm is about") -> About:
    return About(OPERATOR, ALARM, ("class", *beside), withheld)


WORK: Mapping[Event, About] = MappingProxyType(
    {
        **dict.fromkeys(
            (Event.ALARM_RAISED, Event.ALARM_JOINED, Event.ALARM_WITHDRAWN, Event.ALARM_UPHELD, Event.ALARM_RESTORED),
            _MESSAGE,
        ),
        Event.ALARM_PRESENTED: About(("desk",), ALARM, withheld="who the alarm is about"),
        Event.ALARM_TAKEN: _act(),
        Event.ALARM_TAKEN_OVER: _act("about"),
        Event.ALARM_HEARD: _act(),
        Event.ALARM_SUSPENDED: _act("about"),
        Event.ALARM_RESUMED: _act(),
        Event.ALARM_HANDED_OVER: _act("about"),
        Event.ALARM_RELEASED: About(("account", "scheduler"), ALARM, ("class", "reason"), "who the alarm is about"),
        Event.ALARM_NOTED: _act("note", withheld="the note's text"),
        Event.ALARM_CLOSED: About(
            ("account", "scheduler"), ALARM, ("class", "reason", "action", "result", "in_bulk", "authority"),
            "what the operator wrote, who the alarm is about",
        ),
        Event.ALARM_REOPENED: _act(),
        Event.ALARM_MERGED: _act("into", "part"),
        Event.ALARM_ESCALATED: About(("scheduler",), ALARM, ("level",), "the on-call number, who the alarm is about"),
        Event.ALARM_READ: About(
            OPERATOR, ALARM, ("person", "step_up"), "what was read; the person is a random identifier"
        ),
        Event.HISTORY_LISTED: _HISTORY,
        Event.HISTORY_SEARCHED: _HISTORY,
        Event.MESSAGE_STORED: About(
            ("receiver",), ("message",), ("message", "class", "kind"), "the sender, the message's texts and position"
        ),
        Event.EXERCISE_ALARM_RAISED: About(("receiver",), ("exercise",), ("alarm", "class", "kind"), _DRILL),
        Event.TRIAL_ALARM_RAISED: About(
            ("receiver",), ALARM, ("message", "class", "kind"), "the sender and the message's texts; it is about nobody"
        ),
        Event.EXERCISE_ALARM_TAKEN: About(OPERATOR, ("exercise",), ("alarm", "seconds"), _DRILL),
        Event.EXERCISE_ALARM_CLOSED: About(("account", "device", "scheduler"), ("exercise",), ("alarm",), _DRILL),
        Event.EXERCISE_ALARM_REAL: About(("device",), ("exercise",), ("alarm",), _DRILL),
        Event.DEVICE_LATE: _SILENCE,
        Event.DEVICE_LOST: _SILENCE,
        Event.DEVICE_RETURNED: _SILENCE,
        Event.DEVICE_ADOPTED: About(
            OPERATOR, ("device",), ("authority", "until"), "its sender and address, what the operator wrote"
        ),
        Event.DEVICE_REGISTERED: About(
            ("setup", "demo"), ("device",), ("authority", "authentication", "exercise", "trial"),
            "its sender and its person; no credential",
        ),
        Event.DEVICE_CHANGED: About(
            ("setup", "scheduler"), ("device",), ("fields", "authentication", "authority", "order", "edition", "trial"),
            _REGISTER,
        ),
        Event.SITE_SILENT: About(("supervision",), ALARM, ("class", "kind", "silent"), "whose devices they are"),
        Event.SITE_RETURNED: About(("supervision",), ALARM, ("silent",), "whose devices they are"),
        Event.PERSON_REGISTERED: About(("setup", "demo", "client"), ("person",), (), _REGISTER),
        Event.EXCHANGE_REFUSED: About(
            ("registry",), ("partner",), ("reason", "sha256", "octets"), "the message: a fingerprint of it"
        ),
        Event.PERSON_CHANGED: About(("setup", "client", "partner"), ("person",), ("fields", "edition"), _REGISTER),
        Event.PERSON_READ: About(("client",), ("person",), ("withheld",), _REGISTER),
        Event.VALUE_REFUSED: About(
            ("desk",), ("person", "device", "alarm", "message"), ("table", "fields"), "what stands, and what should"
        ),
        Event.EDITION_READMITTED: About(("account", "setup"), ("authority",), ("count",), _REGISTER),
        Event.EDITION_LOST: About(("scheduler",), ("person", "device"), ("edition",), _REGISTER),
        Event.PERSON_SEARCHED: About(
            OPERATOR, ("log", "authority"), ("found", "more"), "what was looked for, and who was found"
        ),
        Event.PERSON_REMOVED: About(
            ("scheduler",), ("person",),
            ("order", "again", "alarm", "alarm_note", "message", "contact", "note", "person", "device"), _REGISTER,
        ),
        Event.ERASURE_ORDERED: About(
            OPERATOR, ("erasure",), ("person", "decision", "step_up"), "who it is; the person is a random identifier"
        ),
        Event.ERASURE_DECIDED: About(OPERATOR, ("erasure",), ("person", "verdict", "step_up"), "who it is"),
        Event.ERASURE_BEGUN: About(
            ("scheduler",), ("erasure",),
            ("person", "hindrance", "alarm", "alarm_note", "message", "contact", "note", "device"), _REGISTER,
        ),
        Event.ERASURE_COMPLETED: About(
            ("scheduler",), ("erasure",),
            ("person", "key_destroyed", "key_new", "root_destroyed", "root_new", "generation", "rewrapped", "subjects",
             "keys_handed_out", "values_read_before", "values_tried", "values_opened"),
            "every key",
        ),
        Event.ERASURE_ATTEMPTED: About(
            ("scheduler", "setup"), ("erasure",),
            ("person", "backup", "set", "made", "opened", "keys_handed_out", "copies_tried", "copies_opened",
             "values_tried", "values_opened", "letters_tried", "letters_opened", "tool", "change"),
            "every key, and whatever was tried",
        ),
        Event.ERASURE_CERTIFIED: About(("scheduler",), ("erasure",), ("sha256", "key")),
        Event.ERASURE_RETURNED: About(("scheduler",), ("erasure",), ("person", "hindrance"), "who it is"),
        Event.EXPORT_BEGUN: About(OPERATOR, ("export",), ("reason", "step_up"), "everything that is taken out"),
        Event.EXPORT_COMPLETED: About(
            OPERATOR, ("export",), ("sha256", "bytes", "rows", "unopened"), "everything that was taken out"
        ),
        Event.ENDING_ORDERED: About(OPERATOR, ("ending",), ("decision", "export", "reason", "step_up")),
        Event.ENDING_DECIDED: About(OPERATOR, ("ending",), ("verdict", "days", "step_up")),
        Event.ENDING_BEGUN: About(("scheduler",), ("ending",), ("hindrance", "devices"), "whose devices they are"),
        Event.ENDING_REMOVED: About(
            ("scheduler",), ("ending",),
            ("hindrance", "again", "table", "rows"), _REGISTER,
        ),
        Event.ENDING_COMPLETED: About(
            ("scheduler",), ("ending",),
            ("key_destroyed", "key_new", "root_destroyed", "root_new", "generation", "rewrapped", "subjects",
             "keys_handed_out", "values_read_before", "values_tried", "values_opened"),
            "every key",
        ),
        Event.ENDING_ATTEMPTED: About(
            ("scheduler", "setup"), ("ending",),
            ("backup", "set", "made", "opened", "people_tried", "people_there", "keys_handed_out", "copies_tried",
             "copies_opened", "values_tried", "values_opened", "letters_tried", "letters_opened", "tool", "change"),
            "every key, and whatever was tried",
        ),
        Event.ENDING_CERTIFIED: About(("scheduler",), ("ending",), ("sha256", "key")),
        Event.ENDING_RETURNED: About(("scheduler",), ("ending",), ("hindrance",), "who is in the register again"),
    }
)  # fmt: skip
