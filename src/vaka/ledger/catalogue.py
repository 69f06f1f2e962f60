# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an entry of each event holds, and what it never holds although it was at hand when the entry was written.

The documentation is drawn from this, and the tests that walk over the acts hold every entry they see against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vaka.ledger.events import Event


@dataclass(frozen=True, slots=True)
class About:
    """One event."""

    by: tuple[str, ...]
    """Who can be its actor: ``account`` (somebody signed in), or the process or command that did it."""
    object: tuple[str, ...]
    """The kinds of thing it happens to."""
    beside: tuple[str, ...] = ()
    """The names of what else an entry may say: codes, counts, and random identifiers."""
    withheld: str = ""
    """What personal data is at hand and never in it."""


_REGISTER = "every word of the register: the entry says that it was entered, and its random identifier"
_STRANGER = "the address (the network around it stands instead), and what somebody calls himself"
_CREDENTIAL = (
    "the credential's identifier (16 digits of its SHA-256 stand instead), the public key, what was signed, "
    "what its owner calls it"
)
_OPERATOR = ("account",)
_LIMITS = (
    "amber_after_seconds", "red_after_seconds", "ring_all_after_seconds", "on_call_after_seconds",
    "repeat_window_seconds", "mass_silence_percent", "mass_silence_minimum", "lost_grace_seconds", "away_after_seconds",
)  # fmt: skip
_ALARM = ("alarm",)
_MESSAGE = About(
    ("receiver", "supervision"), _ALARM, ("message", "class", "kind"),
    "who it is about, the sender, the message's texts and position",
)  # fmt: skip
_TWO = "who the two are, but for their accounts"
_TRUST = About(_OPERATOR, ("trust",), ("sha256", "issuer", "authority", "step_up"), _TWO)
_OUTAGE = About(_OPERATOR, ("outage",), ("sha256", "issuer", "hours", "reason", "step_up"), _TWO)
_MOVE = ("request", "kind", "role", "authority", "valid_until", "digest", "reason", "step_up")
_ROLE_ANSWER = About(_OPERATOR, ("account",), ("beside", *_MOVE), "the name")
_HISTORY = About(_OPERATOR, ("authority",), ("found", "named", "by_text"), "what was looked for, and who was found")
_SILENCE = About(("supervision",), ("device", "authority"), ("before", "count"), "whose device it is, its sender")


def _act(*beside: str, withheld: str = "who the alarm is about") -> About:
    return About(_OPERATOR, _ALARM, ("class", *beside), withheld)


def _key(*beside: str, by: tuple[str, ...] = _OPERATOR, of: str = "security_key") -> About:
    return About(by, (of,), ("credential", *beside), _CREDENTIAL)


CATALOGUE: Mapping[Event, About] = MappingProxyType(
    {
        **dict.fromkeys(
            (Event.ALARM_RAISED, Event.ALARM_JOINED, Event.ALARM_WITHDRAWN, Event.ALARM_UPHELD, Event.ALARM_RESTORED),
            _MESSAGE,
        ),
        Event.ALARM_PRESENTED: About(("desk",), _ALARM, withheld="who the alarm is about"),
        Event.ALARM_TAKEN: _act(),
        Event.ALARM_TAKEN_OVER: _act("about"),
        Event.ALARM_HEARD: _act(),
        Event.ALARM_SUSPENDED: _act("about"),
        Event.ALARM_RESUMED: _act(),
        Event.ALARM_HANDED_OVER: _act("about"),
        Event.ALARM_RELEASED: About(("account", "scheduler"), _ALARM, ("class", "reason"), "who the alarm is about"),
        Event.ALARM_NOTED: _act("note", withheld="the note's text"),
        Event.ALARM_CLOSED: About(
            ("account", "scheduler"), _ALARM, ("class", "reason", "action", "result", "in_bulk", "authority"),
            "what the operator wrote, who the alarm is about",
        ),
        Event.ALARM_REOPENED: _act(),
        Event.ALARM_MERGED: _act("into", "part"),
        Event.ALARM_ESCALATED: About(("scheduler",), _ALARM, ("level",), "the on-call number, who the alarm is about"),
        Event.ALARM_READ: About(
            _OPERATOR, _ALARM, ("person", "step_up"), "what was read; the person is a random identifier"
        ),
        Event.HISTORY_LISTED: _HISTORY,
        Event.HISTORY_SEARCHED: _HISTORY,
        Event.MESSAGE_STORED: About(
            ("receiver",), ("message",), ("message", "class", "kind"), "the sender, the message's texts and position"
        ),
        Event.DEVICE_LATE: _SILENCE,
        Event.DEVICE_LOST: _SILENCE,
        Event.DEVICE_RETURNED: _SILENCE,
        Event.DEVICE_ADOPTED: About(
            _OPERATOR, ("device",), ("authority", "until"), "its sender and address, what the operator wrote"
        ),
        Event.DEVICE_REGISTERED: About(
            ("setup", "demo"), ("device",), ("authority", "authentication"), "its sender and its person; no credential"
        ),
        Event.DEVICE_CHANGED: About(
            ("setup", "scheduler"), ("device",), ("fields", "authentication", "authority", "order", "edition"),
            _REGISTER,
        ),
        Event.SITE_SILENT: About(("supervision",), _ALARM, ("class", "kind", "silent"), "whose devices they are"),
        Event.SITE_RETURNED: About(("supervision",), _ALARM, ("silent",), "whose devices they are"),
        Event.PERSON_REGISTERED: About(("setup", "demo", "client"), ("person",), (), _REGISTER),
        Event.PERSON_CHANGED: About(("setup", "client"), ("person",), ("fields", "edition"), _REGISTER),
        Event.PERSON_READ: About(("client",), ("person",), ("withheld",), _REGISTER),
        Event.VALUE_REFUSED: About(
            ("desk",), ("person", "device", "alarm", "message"), ("table", "fields"), "what stands, and what should"
        ),
        Event.EDITION_READMITTED: About(("account", "setup"), ("authority",), ("count",), _REGISTER),
        Event.EDITION_LOST: About(("scheduler",), ("person", "device"), ("edition",), _REGISTER),
        Event.PERSON_SEARCHED: About(
            _OPERATOR, ("log", "authority"), ("found", "more"), "what was looked for, and who was found"
        ),
        Event.PERSON_REMOVED: About(
            ("scheduler",), ("person",),
            ("order", "again", "alarm", "alarm_note", "message", "contact", "note", "person", "device"), _REGISTER,
        ),
        Event.ERASURE_ORDERED: About(
            _OPERATOR, ("erasure",), ("person", "decision", "step_up"), "who it is; the person is a random identifier"
        ),
        Event.ERASURE_DECIDED: About(_OPERATOR, ("erasure",), ("person", "verdict", "step_up"), "who it is"),
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
        Event.EXPORT_BEGUN: About(_OPERATOR, ("export",), ("reason", "step_up"), "everything that is taken out"),
        Event.EXPORT_COMPLETED: About(
            _OPERATOR, ("export",), ("sha256", "bytes", "rows", "unopened"), "everything that was taken out"
        ),
        Event.ENDING_ORDERED: About(_OPERATOR, ("ending",), ("decision", "export", "reason", "step_up")),
        Event.ENDING_DECIDED: About(_OPERATOR, ("ending",), ("verdict", "days", "step_up")),
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
        Event.UNIT_REGISTERED: About(("setup", "demo"), ("unit",), (), "its name and number"),
        Event.AUTHORITY_REGISTERED: About(("setup", "demo"), ("authority",), ("slug", "kind")),
        Event.AUTHORITY_RELEASED: About(
            ("scheduler",), ("authority",), ("order", "devices", "class_rules"), "whose devices they were"
        ),
        Event.AUTHORITY_CLOSED: About(("scheduler",), ("authority",), ("order",)),
        Event.INSTALLATION_DECIDED: About(("setup",), ("installation",)),
        Event.INSTALLATION_FOUNDED: About(("database",), ("installation",)),
        Event.SETTINGS_CHANGED: About(("supervisor",), ("settings",), ("names", "count", "first"), "any value"),
        Event.SETTINGS_DRIFTED: About(
            ("scheduler",), ("settings",), ("state", "authority"), "whatever stands in the file"
        ),
        Event.SETTINGS_SETTLED: About(("scheduler",), ("settings",), ("authority",), "whatever stands in the file"),
        Event.SETTINGS_ACCEPTED: About(
            ("setup", "supervisor", "account"), ("settings",), ("things", "count", "first"),
            "whatever stands in the files",
        ),
        Event.DATABASE_VISITED: About(
            ("scheduler",), ("database",), ("as", "authority"), "what the role is called, and what was asked"
        ),
        Event.KEY_CREATED: About(("sequencer",), ("key",), ("sha256",), "the secret key"),
        Event.KEY_CHANGED: About(("supervisor",), ("key",), ("sha256", "first"), "the secret key"),
        Event.KEY_ROTATED: About(
            ("setup", "scheduler"), ("key",), ("destroyed", "generation", "rewrapped"), "every key"
        ),
        Event.COMMAND_RUN: About(
            ("account", "setup"), ("command",),
            ("proved", "change", "applied", "tool", "purpose", "arguments", "authority", "count", "reason"),
            "what was in the files it read, arguments that may be secret or name somebody",
        ),
        Event.COMMAND_APPROVED: About(
            _OPERATOR, ("command_login",), ("machine", "uid", "step_up"),
            "the code, what the operating system calls him",
        ),
        Event.COMMAND_UNPROVED: About(("setup",), ("command",), ("proved", "change"), "who ran it: nobody knows"),
        Event.COMMAND_SIGNED_IN: About(_OPERATOR, ("command_session",), ("machine", "uid"), "the token"),
        Event.COMMAND_SIGNED_OUT: About(_OPERATOR, ("command_session",), (), "the token"),
        Event.SCHEMA_MIGRATED: About(("setup",), ("database",), ("count", "newest")),
        Event.ROW_CHANGED_BY_HAND: About(
            ("database",), ("account", "founding", "role_grant", "session", "authority", "device_entry", "installation",
                            "class_override", "settings_record", "trusted_issuer", "account_link", "invitation", "unit",
                            "unit_hours", "person", "contact", "note", "device", "policy", "closing_code", "legal_hold",
                            "removal_rules", "authority_export", "authority_ending", "security_key", "role_request",
                            "role_change", "break_glass", "declared_outage",
                            "designated_role", "unauthorised_grant", "activation_rules", "device_secret", "api_client"),
            ("operation",), "every word of the row but its random identifier",
        ),
        Event.POLICY_CHANGED: About(
            ("setup", "demo"), ("authority",), ("closing_codes", "on_call_phone", *_LIMITS),
            "the greeting, the on-call number",
        ),
        Event.CLASS_CHANGED: About(
            ("setup",), ("authority",), ("message_type", "device_type", "status_code", "alarm_class", "reason"),
        ),
        Event.ACCOUNT_CREATED: About(
            ("account", "setup", "demo"), ("account",), ("kind", "founding", "request"), "the name"
        ),
        Event.ACCOUNT_REQUESTED: About(
            ("account", "setup"), ("account",),
            ("request", "kind", "realm", "valid_until", "digest", "reason", "step_up", "founding"), "the name",
        ),
        Event.ACCOUNT_APPROVED: About(
            _OPERATOR, ("account",), ("request", "kind", "digest", "verdict", "reason", "step_up"), "the name"
        ),
        Event.ACCOUNT_REFUSED: About(
            ("account", "scheduler"), ("account",), ("request", "kind", "digest", "verdict", "reason", "step_up"),
            "the name",
        ),
        Event.ACCOUNT_INVITED: About(
            ("account", "setup"), ("account",), ("realm", "invitation", "request"),
            "the code, the attribute that has to match, the name",
        ),
        Event.ACCOUNT_LINKED: About(
            _OPERATOR, ("account",), ("issuer", "realm", "invitation", "assertion", "request"),
            "the subject, the attribute that matched, the name",
        ),
        Event.ACCOUNT_CHANGED: About(("setup",), ("account",), ("valid_until",), "the name"),
        Event.ACCOUNT_RENAMED: About(_OPERATOR, ("account",), ("request",), "both names"),
        Event.ACCOUNT_DEACTIVATED: About(("account", "setup", "scheduler"), ("account",), (), "the name"),
        Event.ACCOUNT_REACTIVATED: About(("account", "setup"), ("account",), (), "the name"),
        Event.ACCOUNT_REMOVED: About(("account", "setup"), ("account",), (), "the name"),
        Event.ROLE_GRANTED: About(
            ("account", "setup", "demo"), ("account",), ("role", "authority", "valid_until", "request"), "the name"
        ),
        Event.ROLE_REVOKED: About(("account", "setup"), ("account",), ("role", "authority", "request"), "the name"),
        Event.ROLE_PROPOSED: About(("account", "setup"), ("account",), _MOVE, "the name"),
        Event.ROLE_AGREED: About(_OPERATOR, ("account",), ("verdict", *_MOVE), "the name"),
        Event.ROLE_DECLINED: About(("account", "scheduler"), ("account",), ("verdict", *_MOVE), "the name"),
        Event.ROLE_SUSPENDED: About(("scheduler",), ("account",), ("role", "authority"), "the name, the course"),
        Event.ROLE_RESTORED: About(("scheduler",), ("account",), ("role", "authority"), "the name, the course"),
        Event.ROLE_REQUESTED: About(
            ("account", "setup"), ("account",),
            ("request", "kind", "role", "authority", "valid_until", "answer_by", "digest", "beside", "reason"),
            "the name",
        ),
        Event.ROLE_APPROVED: _ROLE_ANSWER,
        Event.ROLE_REFUSED: _ROLE_ANSWER,
        Event.EVIDENCE_CHANGED: About(
            ("scheduler", "setup"), ("requirement",), ("authority", "reason", "count", "look"), "whom it is about"
        ),
        Event.EVIDENCE_PACKED: About(
            ("account", "setup"), ("authority",), ("format", "sha256", "key", "tool", "change", "step_up"),
            "the evidence",
        ),
        Event.REGISTER_ENTERED: About(
            _OPERATOR, ("register_entry",), ("register", "version", "state", "digest"),
            "what was written: a fingerprint of it",
        ),
        Event.REGISTER_MOVED: About(
            _OPERATOR, ("register_entry",), ("register", "version", "state", "digest", "before", "step_up"),
            "what was written: a fingerprint of it",
        ),
        Event.REGISTER_ACKNOWLEDGED: About(
            _OPERATOR, ("register_entry",), ("register", "version", "digest", "step_up"), "what was written"
        ),
        Event.REGISTER_SHOWN: About(_OPERATOR, ("register",), ("authority", "how", "step_up"), "what stands in it"),
        Event.ROLE_LAPSED: About(
            ("scheduler",), ("account",), ("request", "kind", "role", "authority", "reason"), "the name"
        ),
        Event.ROLE_DESIGNATED: About(
            _OPERATOR, ("authority",), ("role", "authority", "reason", "digest", "step_up"),
            "who holds it: a fingerprint of that",
        ),
        Event.ROLE_RELEASED: About(_OPERATOR, ("authority",), ("role", "authority", "reason", "step_up")),
        Event.ROLE_UNAUTHORISED: About(("scheduler",), ("account",), ("role", "authority"), "the name"),
        **dict.fromkeys((Event.TRUST_PROPOSED, Event.TRUST_APPROVED, Event.TRUST_WITHDRAWN), _TRUST),
        Event.CLIENT_REGISTERED: About(
            _OPERATOR, ("client",), ("authority", "scopes", "reason", "valid_until", "digest", "step_up"), "the keys"
        ),
        Event.CLIENT_ENDED: About(_OPERATOR, ("client",), ("authority",)),
        Event.CLIENT_ADMITTED: About(
            ("client",), ("client",), ("authority", "session", "method"), "the token, the assertion, the certificate"
        ),
        Event.SESSION_STARTED: About(_OPERATOR, ("session",),
            ("realm", "method", "issuer", "level", "requested", "returned", "assertion"),
            "the address, the token, the assertion, the subject, the name",
        ),
        Event.SESSION_ENDED: About(
            ("account", "setup", "scheduler"), ("session",), ("reason", "account"), "the address, the token, the name"
        ),
        Event.SESSION_LOCKED: About(_OPERATOR, ("session",), (), "what was on the page"),
        Event.SESSION_UNLOCKED: About(_OPERATOR, ("session",), ("step_up",), "what was on the page"),
        Event.SESSION_KEPT: About(_OPERATOR, ("session",), (), "which alarm it was"),
        Event.SIGN_IN_REFUSED: About(
            ("signin",), ("process", "several"),
            ("reason", "source", "count", "seconds", "issuer", "requested", "returned", "assertion", "account",
             "credential"),
            "what was typed, the assertion, the subject; " + _STRANGER,
        ),
        Event.SIGN_IN_FALLBACK: _key("reason", "issuer", "outage", "attested", "valid_until", of="session"),
        **dict.fromkeys((Event.OUTAGE_PROPOSED, Event.OUTAGE_DECLARED, Event.OUTAGE_ENDED), _OUTAGE),
        Event.BREAK_GLASS_BEGUN: _key(of="break_glass"),
        Event.BREAK_GLASS_OPENED: _key("account", "session", "reason", "valid_until", "overdue", of="break_glass"),
        Event.BREAK_GLASS_ENDED: About(("scheduler",), ("break_glass",), ("account", "session"), "the token"),
        Event.BREAK_GLASS_REVIEWED: About(_OPERATOR, ("break_glass",), ("reason", "step_up"), "what was done"),
        Event.SECURITY_KEY_ENROLLED: _key("model", "device_bound", "attested", "session", "key_for"),
        Event.SECURITY_KEY_ALLOWED: About(_OPERATOR, ("account",), ("request", "key_for"), "the code"),
        Event.SECURITY_KEY_USED: _key("act", "step_up", "session"),
        Event.SECURITY_KEY_RENAMED: About(_OPERATOR, ("security_key",), (), "what its owner calls it"),
        Event.SECURITY_KEY_REMOVED: _key("step_up", "account", "key_for", "request", by=("account", "setup")),
        Event.SECURITY_KEY_REFUSED: _key("reason", "act", "session", of="account"),
        Event.HOST_SIGNED_IN: About(
            ("setup",), ("host",), ("at", "line", "remote"), "where from; of accounts only those that are nobody's own"
        ),
        Event.HOST_ACCOUNTS_DIFFER: About(
            ("setup",), ("host",), ("found", "unexpected", "missing"), "what the accounts are called"
        ),
        Event.NOTICE_DELIVERED: About(
            ("notifier",), ("notice",), ("authority", "entry", "way", "receipt"), "the address it was sent to"
        ),
        Event.NOTICE_HINDERED: About(
            ("notifier",), ("notice",), ("authority", "entry", "way", "reason"), "the address, and what came back"
        ),
        Event.NOTICE_LATE: About(("scheduler",), ("notice",), ("authority", "entry")),
        Event.NOTICE_ACKNOWLEDGED: About(_OPERATOR, ("notice",), ("authority", "entry")),
        Event.NOTICE_WAY_SET: About(_OPERATOR, ("notice_way",), ("authority", "way", "step_up"), "the address"),
        Event.NOTICE_WAY_ENDED: About(_OPERATOR, ("notice_way",), ("authority", "step_up"), "the address"),
        Event.NOTICE_RULE_SET: About(_OPERATOR, ("authority",), ("authority", "minutes", "step_up")),
        Event.LEDGER_HEARTBEAT: About(("sequencer",), ("log",), ("size", "decisions")),
        Event.LEDGER_PRUNED: About(
            ("sequencer",), ("log",), ("first", "last", "count", "days", "policy", "checkpoint", "reason"),
            "what stood in the entries that were removed",
        ),
        Event.RETENTION_SET: About(_OPERATOR, ("authority",), ("days", "reason", "step_up")),
        Event.REMOVAL_PROPOSED: About(_OPERATOR, ("removal",), ("rules", "reason")),
        Event.REMOVAL_PREVIEWED: About(_OPERATOR, ("removal",), ("rules",), "what was counted"),
        Event.REMOVAL_APPROVED: About(_OPERATOR, ("removal",), ("rules", "step_up")),
        Event.REMOVAL_WITHDRAWN: About(_OPERATOR, ("removal",)),
        Event.REMOVAL_RUN: About(
            ("scheduler",), ("authority",),
            ("complete", "alarms", "messages", "notes", "exempt", "unreadable", "held", "busy", "unproven"),
            "whose birth day it was",
        ),
        Event.DATA_REMOVED: About(
            ("scheduler",), ("removal",), ("kind", "alarms", "messages", "notes", "older_than", "rules"),
            "whom it was about, and what stood in it",
        ),
        Event.ALARM_REMOVED: About(("scheduler",), _ALARM, ("rules",), "whom it was about, and what stood in it"),
        Event.HOLD_PLACED: About(_OPERATOR, ("person",), ("reason", "step_up"), "who the person is"),
        Event.HOLD_LIFTED: About(_OPERATOR, ("person",), ("reason", "step_up"), "who the person is"),
        Event.ACTIVATION_PROPOSED: About(_OPERATOR, ("activation",), ("rules", "reason")),
        Event.ACTIVATION_APPROVED: About(_OPERATOR, ("activation",), ("rules", "weakens", "step_up")),
        Event.ACTIVATION_WITHDRAWN: About(_OPERATOR, ("activation",)),
        Event.LOG_READ: About(
            ("account", "client", "setup"), ("log", "entry"),
            ("person", "format", "found", "more", "named", "from", "to", "entry", "tool", "size"),
            "names; the person is a random identifier",
        ),
        Event.LOG_SEARCHED: About(
            ("account", "client"), ("log",),
            ("actor", "event", "object", "outcome", "person", "found", "more", "named", "from", "to"),
            "names; whom it was searched for is a random identifier",
        ),
        Event.LOG_EXPORTED: About(
            ("account", "setup"), ("log",),
            ("reason", "purpose", "reference", "change", "format", "found", "size", "tool", "actor", "event", "object",
             "outcome", "person", "more", "named", "from", "to", "step_up"),
            "what stood in the entries that were taken out",
        ),
        Event.ROUTINE_TAKEN: About(("account",), ("authority",), ("format", "sha256")),
        Event.ACCESS_DENIED: About(
            ("account", "client"), ("process",), ("reason", "address", "methods", "session", "count"),
            "the address as the browser asked for it, which names what it was about",
        ),
        Event.CONNECTION_REFUSED: About(
            ("receiver",), ("device", "process", "several"), ("reason", "source", "count", "seconds"), _STRANGER
        ),
    }
)  # fmt: skip
"""An event that is not here is told of with a dash; a test asks for it."""
