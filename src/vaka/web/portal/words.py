# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the log's codes mean in plain words: events, who writes, what things are, the facts of an entry.

Templates look the marked texts up. A code that nobody has put into words yet is shown as it is, never hidden.
"""

from collections.abc import Mapping
from typing import Any

from vaka.access.roles import ROLES
from vaka.web.portal.event_words import EVENTS, GROUPS
from vaka.web.portal.fact_words import DRIFTS, FACTS, VERDICTS
from vaka.web.texts import LANGUAGES, Language, mark, texts_in
from vaka.web.times import LOCAL

KINDS: Mapping[str, str] = {
    "account": mark("Account"),
    "alarm": mark("Alarm"),
    "authority": mark("Authority"),
    "authority_ending": mark("Erasure of everything"),
    "authority_export": mark("Everything taken out"),
    "break_glass": mark("Emergency access"),
    "class_override": mark("Rule for a class"),
    "closing_code": mark("Closing code"),
    "command": mark("Command"),
    "contact": mark("Contact person"),
    "database": mark("Database"),
    "device": mark("Device"),
    "designated_role": mark("Designated role"),
    "device_entry": mark("Device in the directory"),
    "entry": mark("Entry"),
    "erasure": mark("Order of erasure"),
    "erasure_order": mark("Order of erasure"),
    "ending": mark("Erasure of everything"),
    "export": mark("Everything taken out"),
    "audit": mark("Audit"),
    "audit_note": mark("Auditor's note"),
    "exercise": mark("Crisis exercise"),
    "founding": mark("Founding"),
    "installation": mark("Installation"),
    "key": mark("Key"),
    "legal_hold": mark("Legal hold"),
    "log": mark("Log"),
    "host": mark("Machine"),
    "message": mark("Message"),
    "note": mark("Note"),
    "notice": mark("Notice"),
    "notice_delivery": mark("Delivery of a notice"),
    "notice_rule": mark("Agreed time of notices"),
    "notice_way": mark("Address for notices"),
    "reminder": mark("Reminder"),
    "digest": mark("Digest of the week"),
    "digest_rule": mark("Day of the digest"),
    "calendar_link": mark("Link to a calendar"),
    "person": mark("Person in care"),
    "policy": mark("Limits"),
    "process": mark("Process"),
    "receiver": mark("Receiver"),
    "removal": mark("Rules of removal"),
    "removal_rules": mark("Rules of removal"),
    "client": mark("Program"),
    "partner": mark("Partner"),
    "api_client": mark("Program"),
    "activation": mark("Rules about codes and passwords"),
    "activation_rules": mark("Rules about codes and passwords"),
    "device_secret": mark("Password of a device"),
    "release": mark("Release of the program"),
    "certificate": mark("Certificate between machines"),
    "certificate_issuer": mark("Issuer of certificates between machines"),
    "role_grant": mark("Role of an account"),
    "security_key": mark("Security key"),
    "role_change": mark("Request for other roles"),
    "role_request": mark("Request for a role"),
    "session": mark("Session"),
    "settings": mark("Settings"),
    "setup": mark("Set-up"),
    "settings_record": mark("Record of settings"),
    "several": mark("Several"),
    "unauthorised_grant": mark("Unauthorised change of a role"),
    "requirement": mark("Evidence"),
    "remote_draw": mark("Check of remote work"),
    "exclusion": mark("Term that does not concern the authority"),
    "inquiry": mark("Question to the supplier"),
    "log_check": mark("Verification of the log"),
    "register": mark("Register"),
    "rule": mark("Rule of the authority's own"),
    "authority_rule": mark("Rule of the authority's own"),
    "register_entry": mark("Entry of a register"),
    "command_confirmation": mark("Run of a command"),
    "command_login": mark("Sign-in of commands"),
    "command_session": mark("Commands in somebody's name"),
    "unit": mark("Unit"),
    "unit_hours": mark("Hours of a unit"),
    "account_link": mark("Link to an identity"),
    "invitation": mark("Invitation"),
    "case": mark("Case"),
    "advisories": mark("Published vulnerabilities"),
    "contract": mark("The contract's own text"),
    "vulnerability": mark("Vulnerability"),
    "outage": mark("Outage of an issuer"),
    "declared_outage": mark("Outage of an issuer"),
    "trust": mark("Issuer of identities"),
    "trusted_issuer": mark("Issuer of identities"),
}
"""What stands before the colon of an object."""

ACTORS: Mapping[str, str] = {
    "demo": mark("Furnishing of the demo"),
    "desk": mark("The desk"),
    "device": mark("The device"),
    "notifier": mark("The sender of notices"),
    "portal": mark("The portal"),
    "registry": mark("The registry"),
    "scheduler": mark("The timer"),
    "sequencer": mark("The log itself"),
    "setup": mark("Set-up"),
    "signin": mark("The sign-in page"),
    "supervision": mark("The supervision"),
    "supervisor": mark("The start-up program"),
}

OUTCOMES: Mapping[str, str] = {"success": mark("Done"), "failure": mark("Not done")}

ERASURE_STATES: Mapping[str, str] = {
    "approved": mark("Approved, being carried out"),
    "declined": mark("Declined"),
    "withdrawn": mark("Taken back"),
    "cancelled": mark("Stopped before it was begun"),
    "removed": mark("Everything deleted, the key not yet destroyed"),
    "erased": mark("Erased, a backup is tried and the certificate made"),
    "certified": mark("Erased"),
}

ENDING_STATES: Mapping[str, str] = {
    **ERASURE_STATES,
    "approved": mark("Approved, waits until its time has come"),
    "released": mark("The devices are let go; soon everything is deleted"),
    "removed": mark("Everything deleted, the keys not yet destroyed"),
}

REQUEST_KINDS: Mapping[str, str] = {
    "approval": mark("Approval of the role"),
    "emergency": mark("Emergency, given before approval"),
    "exception": mark("Exception from separated duties"),
    "standing": mark("Held when approval began to be required"),
}

REQUEST_STATES: Mapping[str, str] = {
    "waiting": mark("Waits"),
    "approved": mark("Approved"),
    "refused": mark("Refused"),
    "lapsed": mark("Ran out"),
    "ended": mark("Approved, and ended since"),
}

LAPSES: Mapping[str, str] = {
    "not_approved": mark("Nobody answered in time"),
    "exception_ended": mark("The exception is over"),
}
"""Why a role ended by itself."""

WAYS: Mapping[str, str] = {"mail": mark("Mail"), "webhook": mark("Post to a system")}
"""How a notice is sent."""

NOTICE_STATES: Mapping[str, str] = {
    "arrived": mark("Has arrived"),
    "arrived_late": mark("Has arrived, late"),
    "waiting": mark("On its way"),
    "late": mark("Late: not arrived"),
    "waiting_here": mark("Waits to be seen here"),
    "late_here": mark("Late: nobody has seen it here"),
}

FAULTS: Mapping[str, str] = {
    "unreachable": mark("no answer"),
    "network": mark("the address lies in a network that is not sent into"),
    "certificate": mark("not the agreed certificate"),
    "unencrypted": mark("the other end offers no TLS"),
    "refused": mark("the other end said no"),
    "answer": mark("the answer could not be read"),
}
"""Why a notice was not taken."""

REASONS: Mapping[str, str] = {
    "follow_up": mark("Regular review of the log"),
    "incident": mark("Investigation of an incident"),
    "complaint": mark("A complaint, or a question from the person or next of kin"),
    "supervision": mark("A supervising authority has asked"),
    "audit": mark("Audit"),
    "transfer": mark("To the authority's own log system"),
}
"""Why entries are taken out."""

CLOCKS: Mapping[str, str] = {
    "synchronised": mark("in step with the time service"),
    "unsynchronised": mark("not in step with the time service"),
    "unknown": mark("not known"),
}


def names_in(language: Language) -> dict[str, Any]:
    """Return what templates of the portal may call, in one language."""
    gettext = texts_in(language).gettext

    def looked_up(texts: Mapping[str, str]) -> Any:
        return lambda key: gettext(texts[key]) if key in texts else key

    return {
        "event_word": looked_up(EVENTS),
        "kind_word": looked_up(KINDS),
        "actor_word": looked_up(ACTORS),
        "fact_word": looked_up(FACTS),
        "outcome_word": looked_up(OUTCOMES),
        "erasure_state_word": looked_up(ERASURE_STATES),
        "ending_state_word": looked_up(ENDING_STATES),
        "clock_word": looked_up(CLOCKS),
        "request_kind_word": looked_up(REQUEST_KINDS),
        "request_state_word": looked_up(REQUEST_STATES),
        "lapse_word": looked_up(LAPSES),
        "way_word": looked_up(WAYS),
        "notice_state_word": looked_up(NOTICE_STATES),
        "fault_word": looked_up(FAULTS),
        "reason_word": looked_up(REASONS),
        "verdict_word": looked_up(VERDICTS),
        "drift_word": looked_up(DRIFTS),
        "role_word": lambda name: ROLES[name].title.in_language(language) if name in ROLES else name,
        "in_words": lambda sentence: sentence.in_language(language),
        "local_day": lambda at: f"{at.astimezone(LOCAL):%Y-%m-%d}",
        "local_minute": lambda at: f"{at.astimezone(LOCAL):%Y-%m-%dT%H:%M}",
        "local_day_and_second": lambda at: f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}",
        "event_groups": tuple((name, gettext(word), events) for name, (word, events) in GROUPS.items()),
        "reasons": tuple(REASONS),
        "number": lambda value: f"{value:,}".replace(",", "\u00a0" if language == "sv" else ","),
    }


ALL_NAMES: Mapping[Language, Mapping[str, Any]] = {language: names_in(language) for language in LANGUAGES}
