# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entries of accounts, roles, sessions, keys, evidence and the log itself."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.ledger.about import ALARM, OPERATOR, About
from vaka.ledger.events import Event

_STRANGER = "the address (the network around it stands instead), and what somebody calls himself"
_CREDENTIAL = (
    "the credential's identifier (16 digits of its SHA-256 stand instead), the public key, what was signed, "
    "what its owner calls it"
)
_TWO = "who the two are, but for their accounts"
_TRUST = About(OPERATOR, ("trust",), ("sha256", "issuer", "authority", "step_up"), _TWO)
_OUTAGE = About(OPERATOR, ("outage",), ("sha256", "issuer", "hours", "reason", "step_up"), _TWO)
_INQUIRY = About(
    OPERATOR, ("inquiry",), ("authority", "kind", "term", "message", "digest", "sha256", "wanted_by"),
    "what was asked and answered: a fingerprint of it",
)  # fmt: skip
_EXCLUSION = About(
    OPERATOR, ("exclusion",), ("authority", "term", "reason", "digest", "valid_until", "step_up"),
    "who the two are, but for their accounts",
)  # fmt: skip
_CHECKED = ("authority", "size", "root", "agrees", "means", "witnesses", "checked_at", "digest")
_CHECK_WORDS = "what is wrong, in words: a fingerprint of it"
_MOVE = ("request", "kind", "role", "authority", "valid_until", "digest", "reason", "step_up")
_ROLE_ANSWER = About(OPERATOR, ("account",), ("beside", *_MOVE), "the name")


def _exercise(*beside: str) -> About:
    return About(OPERATOR, ("exercise",), ("authority", *beside), "every word that was written")


def _audit(*beside: str) -> About:
    return About(OPERATOR, ("audit",), ("authority", *beside), "every word that was written")


def _key(*beside: str, by: tuple[str, ...] = OPERATOR, of: str = "security_key") -> About:
    return About(by, (of,), ("credential", *beside), _CREDENTIAL)


ACCESS: Mapping[Event, About] = MappingProxyType(
    {
        Event.ACCOUNT_CREATED: About(
            ("account", "setup", "demo"), ("account",), ("kind", "founding", "request"), "the name"
        ),
        Event.ACCOUNT_REQUESTED: About(
            ("account", "setup"), ("account",),
            ("request", "kind", "realm", "valid_until", "digest", "reason", "step_up", "founding"), "the name",
        ),
        Event.ACCOUNT_APPROVED: About(
            OPERATOR, ("account",), ("request", "kind", "digest", "verdict", "reason", "step_up"), "the name"
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
            OPERATOR, ("account",), ("issuer", "realm", "invitation", "assertion", "request"),
            "the subject, the attribute that matched, the name",
        ),
        Event.ACCOUNT_CHANGED: About(("setup",), ("account",), ("valid_until",), "the name"),
        Event.ACCOUNT_RENAMED: About(OPERATOR, ("account",), ("request",), "both names"),
        Event.ACCOUNT_DEACTIVATED: About(("account", "setup", "scheduler"), ("account",), (), "the name"),
        Event.ACCOUNT_REACTIVATED: About(("account", "setup"), ("account",), (), "the name"),
        Event.ACCOUNT_REMOVED: About(("account", "setup"), ("account",), (), "the name"),
        Event.ROLE_GRANTED: About(
            ("account", "setup", "demo"), ("account",), ("role", "authority", "valid_until", "request"), "the name"
        ),
        Event.ROLE_REVOKED: About(("account", "setup"), ("account",), ("role", "authority", "request"), "the name"),
        Event.ROLE_PROPOSED: About(("account", "setup"), ("account",), _MOVE, "the name"),
        Event.ROLE_AGREED: About(OPERATOR, ("account",), ("verdict", *_MOVE), "the name"),
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
        Event.REPORT_TAKEN: About(
            OPERATOR, ("authority",), ("authority", "report", "year", "format", "sha256", "step_up"),
            "what stands in it: a fingerprint of it",
        ),
        Event.REGISTER_ENTERED: About(
            OPERATOR, ("register_entry",), ("register", "version", "state", "digest", "step_up"),
            "what was written: a fingerprint of it",
        ),
        Event.REGISTER_MOVED: About(
            OPERATOR, ("register_entry",), ("register", "version", "state", "digest", "before", "step_up"),
            "what was written: a fingerprint of it",
        ),
        Event.REGISTER_ACKNOWLEDGED: About(
            OPERATOR, ("register_entry",), ("register", "version", "digest", "step_up"), "what was written"
        ),
        Event.REGISTER_SHOWN: About(OPERATOR, ("register",), ("authority", "how", "step_up"), "what stands in it"),
        Event.ATTACHMENT_ADDED: About(
            OPERATOR, ("register_entry",), ("register", "version", "sha256"), "the file, and what it is called"
        ),
        Event.ATTACHMENT_REFUSED: About(
            OPERATOR, ("register_entry",), ("register", "sha256", "reason"),
            "the file, what it is called, and what was found in it",
        ),
        Event.RULE_PUBLISHED: About(
            OPERATOR, ("rule",), ("authority", "version", "digest", "from", "step_up"),
            "what was published: a fingerprint of it",
        ),
        Event.RULE_OPENED: About(OPERATOR, ("rule",), ("authority", "version", "digest"), "what was published"),
        Event.RULE_ACKNOWLEDGED: About(OPERATOR, ("rule",), ("authority", "version", "digest"), "what was published"),
        **dict.fromkeys(
            (Event.INQUIRY_FILED, Event.INQUIRY_ANSWERED, Event.INQUIRY_RETURNED, Event.INQUIRY_ACCEPTED,
             Event.INQUIRY_WITHDRAWN),
            _INQUIRY,
        ),
        **dict.fromkeys(
            (Event.EXCLUSION_PROPOSED, Event.EXCLUSION_APPROVED, Event.EXCLUSION_ENDED), _EXCLUSION
        ),
        Event.AUDIT_ASKED: _audit("kind", "sha256"),
        Event.AUDIT_AGREED: _audit("sha256"),
        Event.AUDIT_PROPOSED: _audit("sha256"),
        Event.AUDIT_WITHDRAWN: _audit(),
        Event.AUDIT_ENDED: _audit(),
        Event.AUDIT_CLOSED: _audit("was_held"),
        Event.AUDIT_FROZEN: _audit("population", "drawn_from", "event", "size", "items", "wanted", "sha256"),
        Event.AUDIT_DRAWN: _audit("population", "size", "seed", "sha256"),
        Event.AUDIT_FOUND: _audit("finding"),
        Event.AUDIT_SETTLED: _audit("finding", "how", "entry"),
        Event.AUDIT_NOTED: About(OPERATOR, ("audit_note",), ("audit",), "every word that was written"),
        Event.EXERCISE_ASKED: _exercise("year"),
        Event.EXERCISE_WITHDRAWN: _exercise("year"),
        Event.EXERCISE_PLANNED: _exercise("sha256"),
        Event.EXERCISE_DECIDED: _exercise("sha256", "verdict"),
        Event.EXERCISE_BEGUN: _exercise("sha256", "until", "step_up"),
        Event.EXERCISE_ENDED: _exercise(),
        Event.EXERCISE_ATTENDED: _exercise("side", "count"),
        Event.EXERCISE_LESSON: _exercise("lesson"),
        Event.EXERCISE_SETTLED: _exercise("lesson", "how", "entry"),
        Event.EXERCISE_CLOSED: _exercise("seconds"),
        Event.EXERCISE_RULE_SET: About(OPERATOR, ("authority",), ("authority", "days", "step_up")),
        Event.ROLE_LAPSED: About(
            ("scheduler",), ("account",), ("request", "kind", "role", "authority", "reason"), "the name"
        ),
        Event.ROLE_DESIGNATED: About(
            OPERATOR, ("authority",), ("role", "authority", "reason", "digest", "step_up"),
            "who holds it: a fingerprint of that",
        ),
        Event.ROLE_RELEASED: About(OPERATOR, ("authority",), ("role", "authority", "reason", "step_up")),
        Event.ROLE_UNAUTHORISED: About(("scheduler",), ("account",), ("role", "authority"), "the name"),
        **dict.fromkeys((Event.TRUST_PROPOSED, Event.TRUST_APPROVED, Event.TRUST_WITHDRAWN), _TRUST),
        Event.CLIENT_REGISTERED: About(
            OPERATOR, ("client",), ("authority", "scopes", "reason", "valid_until", "digest", "step_up"), "the keys"
        ),
        Event.CLIENT_ENDED: About(OPERATOR, ("client",), ("authority",)),
        Event.CLIENT_ADMITTED: About(
            ("client",), ("client",), ("authority", "session", "method"), "the token, the assertion, the certificate"
        ),
        Event.SESSION_STARTED: About(OPERATOR, ("session",),
            ("realm", "method", "issuer", "level", "requested", "returned", "assertion"),
            "the address, the token, the assertion, the subject, the name",
        ),
        Event.SESSION_ENDED: About(
            ("account", "setup", "scheduler"), ("session",), ("reason", "account", "step_up"),
            "the address, the token, the name",
        ),
        Event.REMOTE_DRAWN: About(
            OPERATOR, ("remote_draw",), ("quarter", "version", "size", "seed", "items", "count", "reason"),
            "whose sessions were drawn",
        ),
        Event.REMOTE_CHECKED: About(
            OPERATOR, ("remote_draw",), ("session", "verdict", "digest", "step_up"),
            "what was written of it: a fingerprint of it",
        ),
        Event.SESSION_PLACED: About(OPERATOR, ("session",), ("location", "network"), "the address, the name"),
        Event.SESSION_LOCKED: About(OPERATOR, ("session",), (), "what was on the page"),
        Event.SESSION_UNLOCKED: About(OPERATOR, ("session",), ("step_up",), "what was on the page"),
        Event.SESSION_KEPT: About(OPERATOR, ("session",), (), "which alarm it was"),
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
        Event.BREAK_GLASS_REVIEWED: About(OPERATOR, ("break_glass",), ("reason", "step_up"), "what was done"),
        Event.SECURITY_KEY_ENROLLED: _key("model", "device_bound", "attested", "session", "key_for"),
        Event.SECURITY_KEY_ALLOWED: About(OPERATOR, ("account",), ("request", "key_for"), "the code"),
        Event.SECURITY_KEY_USED: _key("act", "step_up", "session"),
        Event.SECURITY_KEY_RENAMED: About(OPERATOR, ("security_key",), (), "what its owner calls it"),
        Event.SECURITY_KEY_REMOVED: _key("step_up", "account", "key_for", "request", by=("account", "setup")),
        Event.SECURITY_KEY_REFUSED: _key("reason", "act", "session", of="account"),
        Event.HOST_SIGNED_IN: About(
            ("setup",), ("host",), ("at", "line", "remote"), "where from; of accounts only those that are nobody's own"
        ),
        Event.HOST_ACCOUNTS_DIFFER: About(
            ("setup",), ("host",), ("found", "unexpected", "missing", "unheld"), "what the accounts are called"
        ),
        Event.NOTICE_DELIVERED: About(
            ("notifier",), ("notice",), ("authority", "entry", "way", "receipt"), "the address it was sent to"
        ),
        Event.NOTICE_HINDERED: About(
            ("notifier",), ("notice",), ("authority", "entry", "way", "reason"), "the address, and what came back"
        ),
        Event.NOTICE_LATE: About(("scheduler",), ("notice",), ("authority", "entry")),
        Event.NOTICE_ACKNOWLEDGED: About(OPERATOR, ("notice",), ("authority", "entry")),
        **dict.fromkeys(
            (Event.CASE_OPENED, Event.CASE_WRITTEN),
            About(
                (*OPERATOR, "scheduler"), ("case",), ("authority", "entry", "kind", "tlp", "state", "digest", "sha256"),
                "what was written",
            ),
        ),
        Event.DETECTION_ALERTED: About(
            ("scheduler",), ("case",), ("authority", "rule", "level", "count"), "whatever stood in the entries found"
        ),
        Event.CASE_SEEN: About(OPERATOR, ("case",), ("authority", "entry")),
        Event.CASE_ESCALATED: About(
            ("scheduler",), ("case",), ("authority", "entry", "kind", "tlp", "level", "digest"), "whom one calls"
        ),
        Event.CASE_EXPORTED: About(OPERATOR, ("case",), ("format", "sha256"), "what was written"),
        Event.CONTRACT_IMPORTED: About(("setup",), ("contract",), ("sha256", "digest"), "the words themselves"),
        Event.FILE_REFUSED: About(
            OPERATOR, ("case", "authority"), ("authority", "sha256", "reason"),
            "the file, what it is called, and what was found in it",
        ),
        Event.FILE_FETCHED: About(
            OPERATOR, ("case", "inquiry"), ("entry", "sha256"), "the file, and what it is called"
        ),
        Event.ADVISORIES_IMPORTED: About(
            ("setup",), ("advisories",), ("dataset", "dataset_at", "records", "fetched", "sha256")
        ),
        Event.VULNERABILITY_FOUND: About(
            ("scheduler",), ("vulnerability",), ("authority", "vulnerability", "purl", "severity")
        ),
        Event.VULNERABILITY_ENDED: About(("scheduler",), ("vulnerability",), ("authority", "reason")),
        Event.VULNERABILITY_STATED: About(
            OPERATOR, ("vulnerability",), ("authority", "justification"), "the reason in words"
        ),
        Event.VULNERABILITY_ACCEPTED: About(
            OPERATOR, ("vulnerability",), ("authority", "statement", "justification", "step_up"), "the reason in words"
        ),
        Event.VULNERABILITY_REFUSED: About(
            OPERATOR, ("vulnerability",), ("authority", "statement", "justification"), "the reason in words"
        ),
        Event.CONTACT_SET: About(
            OPERATOR, ("authority",), ("authority", "place", "valid_until", "step_up"),
            "the contact's name, mail address, telephone number and hours",
        ),
        # By the scheduler with the contract; by hand where somebody closed the authority by hand.
        Event.CONTACT_ENDED: About(
            (*OPERATOR, "scheduler", "database"), ("authority",), ("authority", "place", "step_up"), "who it was"
        ),
        Event.NOTICE_WAY_SET: About(OPERATOR, ("notice_way",), ("authority", "way", "step_up"), "the address"),
        Event.NOTICE_WAY_ENDED: About(OPERATOR, ("notice_way",), ("authority", "step_up"), "the address"),
        Event.REMINDER_TOLD: About(("scheduler",), ("reminder",), ("authority", "about", "due", "stage")),
        Event.DIGEST_TOLD: About(("scheduler",), ("digest",), ("authority", "day")),
        Event.DIGEST_RULE_SET: About(OPERATOR, ("authority",), ("authority", "weekday", "step_up")),
        Event.CALENDAR_LINK_MADE: About(OPERATOR, ("calendar_link",), ("authority", "step_up"), "the secret of it"),
        Event.CALENDAR_LINK_ENDED: About(OPERATOR, ("calendar_link",), ("authority",), "the secret of it"),
        Event.NOTICE_RULE_SET: About(OPERATOR, ("authority",), ("authority", "minutes", "step_up")),
        Event.LEDGER_HEARTBEAT: About(("sequencer",), ("log",), ("size", "decisions")),
        Event.LEDGER_PRUNED: About(
            ("sequencer",), ("log",), ("first", "last", "count", "days", "policy", "checkpoint", "reason"),
            "what stood in the entries that were removed",
        ),
        Event.RETENTION_SET: About(OPERATOR, ("authority",), ("days", "reason", "step_up")),
        Event.REMOVAL_PROPOSED: About(OPERATOR, ("removal",), ("rules", "reason")),
        Event.REMOVAL_PREVIEWED: About(OPERATOR, ("removal",), ("rules",), "what was counted"),
        Event.REMOVAL_APPROVED: About(OPERATOR, ("removal",), ("rules", "step_up")),
        Event.REMOVAL_WITHDRAWN: About(OPERATOR, ("removal",)),
        Event.REMOVAL_RUN: About(
            ("scheduler",), ("authority",),
            ("complete", "alarms", "messages", "notes", "exempt", "unreadable", "held", "busy", "unproven"),
            "whose birth day it was",
        ),
        Event.DATA_REMOVED: About(
            ("scheduler",), ("removal",), ("kind", "alarms", "messages", "notes", "older_than", "rules"),
            "whom it was about, and what stood in it",
        ),
        Event.ALARM_REMOVED: About(("scheduler",), ALARM, ("rules",), "whom it was about, and what stood in it"),
        Event.HOLD_PLACED: About(OPERATOR, ("person",), ("reason", "step_up"), "who the person is"),
        Event.HOLD_LIFTED: About(OPERATOR, ("person",), ("reason", "step_up"), "who the person is"),
        Event.ACTIVATION_PROPOSED: About(OPERATOR, ("activation",), ("rules", "reason")),
        Event.ACTIVATION_APPROVED: About(OPERATOR, ("activation",), ("rules", "weakens", "step_up")),
        Event.ACTIVATION_WITHDRAWN: About(OPERATOR, ("activation",)),
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
             "outcome", "person", "more", "named", "from", "to", "digest", "step_up"),
            "what stood in the entries that were taken out",
        ),
        Event.LOG_VERIFIED: About(OPERATOR, ("log_check",), (*_CHECKED, "step_up"), _CHECK_WORDS),
        Event.LOG_DOUBTED: About(OPERATOR, ("log_check",), _CHECKED, _CHECK_WORDS),
        Event.PAGE_OPENED: About(("account",), ("authority",), ("page",), "what was on it"),
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
