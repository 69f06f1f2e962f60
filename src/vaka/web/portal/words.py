# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the log's codes mean in plain words: events, who writes, what things are, the facts of an entry.

Templates look the marked texts up. A code that nobody has put into words yet is shown as it is, never hidden.
"""

from collections.abc import Mapping
from typing import Any

from vaka.access.roles import ROLES
from vaka.web.portal.fact_words import DRIFTS, FACTS, VERDICTS
from vaka.web.texts import LANGUAGES, Language, mark, texts_in
from vaka.web.times import LOCAL

EVENTS: Mapping[str, str] = {
    "alarm.raised": mark("Alarm received"),
    "alarm.joined": mark("Alarmed again"),
    "alarm.withdrawn": mark("Alarm taken back by the device"),
    "alarm.upheld": mark("One device took it back, another's alarm stands"),
    "alarm.restored": mark("Fault ended"),
    "alarm.presented": mark("Alarm shown on a desk"),
    "alarm.taken": mark("Alarm taken"),
    "alarm.taken_over": mark("Alarm taken over from a colleague"),
    "alarm.heard": mark("New alarm answered"),
    "alarm.suspended": mark("Alarm laid aside"),
    "alarm.resumed": mark("Alarm taken up again"),
    "alarm.handed_over": mark("Alarm offered to a colleague"),
    "alarm.released": mark("Alarm put back in the queue"),
    "alarm.noted": mark("Note written on an alarm"),
    "alarm.closed": mark("Alarm closed"),
    "alarm.reopened": mark("Alarm reopened"),
    "alarm.merged": mark("Alarm made part of another"),
    "alarm.escalated": mark("Nobody had taken the alarm: escalated"),
    "alarm.read": mark("Alarm and person opened and read"),
    "history.listed": mark("List of ended alarms read"),
    "history.searched": mark("Ended alarms searched"),
    "message.stored": mark("Message from a device kept"),
    "device.late": mark("Device late with its sign of life"),
    "device.lost": mark("Device silent"),
    "device.returned": mark("Device heard again"),
    "device.adopted": mark("Unknown sender made a device"),
    "device.registered": mark("Device registered"),
    "device.changed": mark("Device changed"),
    "site.silent": mark("Many devices, or all reception, silent"),
    "site.returned": mark("Reception works again"),
    "person.registered": mark("Person in care registered"),
    "person.searched": mark("Person in care looked up"),
    "person.removed": mark("Person removed from the register"),
    "erasure.returned": mark("Erased person is here again and cannot go yet"),
    "ending.returned": mark("Erased authority is here again and cannot go yet"),
    "person.changed": mark("Person changed"),
    "value.refused": mark("Sealed value refused"),
    "edition.readmitted": mark("Older values readmitted after a restored backup"),
    "edition.lost": mark("Keyholder's memory was put back"),
    "erasure.ordered": mark("Erasure of a person ordered"),
    "erasure.decided": mark("Erasure approved, declined or taken back"),
    "erasure.begun": mark("Rows of an erased person deleted, or waiting"),
    "erasure.completed": mark("Keys of an erased person destroyed"),
    "erasure.attempted": mark("Reading an erased person in a restored backup tried"),
    "erasure.certified": mark("Certificate of an erasure signed"),
    "export.begun": mark("Everything is being taken out"),
    "export.completed": mark("Everything was taken out"),
    "ending.ordered": mark("Erasure of everything ordered"),
    "ending.decided": mark("Erasure of everything approved, declined, taken back or stopped"),
    "ending.begun": mark("Every device let go, or waiting"),
    "ending.removed": mark("Rows about everybody deleted, or waiting"),
    "ending.completed": mark("All the authority's keys destroyed"),
    "ending.attempted": mark("Reading an erased authority in a restored backup tried"),
    "ending.certified": mark("Certificate of the erasure of everything signed"),
    "authority.released": mark("The devices of an authority whose contract ends let go"),
    "authority.closed": mark("Authority closed, its contract has ended"),
    "unit.registered": mark("Unit registered"),
    "authority.registered": mark("Authority registered"),
    "installation.decided": mark("Kind of installation decided"),
    "settings.changed": mark("Settings changed"),
    "command.approved": mark("An administrator stands behind commands"),
    "command.unproved": mark("A command that no administrator stood behind"),
    "command.signed_in": mark("Commands run in an administrator's name"),
    "command.signed_out": mark("Commands no longer run in an administrator's name"),
    "settings.drifted": mark("Protected configuration is not as it was accepted"),
    "settings.settled": mark("Protected configuration is as accepted again"),
    "settings.accepted": mark("Protected configuration accepted as it is"),
    "database.visited": mark("Somebody connected to a database by hand"),
    "key.created": mark("The log's key made"),
    "key.rotated": mark("Key replaced, the old one destroyed"),
    "key.changed": mark("Certificate or trusted issuer changed"),
    "command.run": mark("Maintenance command run"),
    "schema.migrated": mark("Database updated"),
    "row.changed_by_hand": mark("Register changed by hand in the database"),
    "policy.changed": mark("Limits or words changed"),
    "class.changed": mark("Meaning of a code changed"),
    "account.created": mark("Account created"),
    "account.requested": mark("Account asked for"),
    "account.approved": mark("Account approved"),
    "account.refused": mark("Account refused, or not answered"),
    "account.invited": mark("Somebody invited to an account"),
    "account.linked": mark("Account linked to an identity"),
    "trust.proposed": mark("Issuer of identities proposed"),
    "trust.approved": mark("Issuer of identities approved"),
    "trust.withdrawn": mark("Issuer of identities withdrawn"),
    "account.changed": mark("End of an account set"),
    "account.deactivated": mark("Account deactivated"),
    "account.reactivated": mark("Account reactivated"),
    "account.removed": mark("Account removed for ever"),
    "role.granted": mark("Role given"),
    "role.revoked": mark("Role taken back"),
    "role.requested": mark("Role or exception asked for"),
    "role.approved": mark("Role approved by the authority"),
    "role.refused": mark("Role refused by the authority"),
    "role.lapsed": mark("Request, emergency or exception ran out"),
    "role.designated": mark("Role designated: needs approval"),
    "role.released": mark("Role no longer designated"),
    "role.unauthorised": mark("Unauthorised change of a role found"),
    "evidence.changed": mark("Evidence of a term changed"),
    "session.started": mark("Signed in"),
    "session.ended": mark("Signed out"),
    "session.locked": mark("Session locked"),
    "session.unlocked": mark("Session unlocked"),
    "session.kept": mark("Session goes on for an alarm"),
    "sign_in.refused": mark("Sign-in refused"),
    "security_key.enrolled": mark("Security key added"),
    "security_key.allowed": mark("First security key allowed"),
    "security_key.used": mark("Act confirmed with a security key"),
    "security_key.renamed": mark("Security key renamed"),
    "security_key.removed": mark("Security key removed"),
    "security_key.refused": mark("Security key refused"),
    "host.signed_in": mark("Sign-in to the machine as root, or as a shared account"),
    "host.accounts_differ": mark("The machine lets in others than expected"),
    "notice.delivered": mark("Notice taken by the other end"),
    "notice.hindered": mark("Notice not taken, is tried again"),
    "notice.late": mark("Notice late"),
    "notice.acknowledged": mark("Notice seen in the portal"),
    "notice_way.set": mark("Address for notices added"),
    "notice_way.ended": mark("Address for notices ended"),
    "notice_rule.set": mark("Agreed time of notices set"),
    "ledger.heartbeat": mark("The log's own sign of life"),
    "ledger.pruned": mark("Old entries of the log removed"),
    "retention.set": mark("How long the log is kept decided"),
    "removal.proposed": mark("Rules of removal proposed"),
    "removal.previewed": mark("Preview of a removal read"),
    "removal.approved": mark("Rules of removal approved"),
    "removal.withdrawn": mark("Proposed rules of removal withdrawn"),
    "client.registered": mark("Program registered"),
    "client.ended": mark("Program ended"),
    "client.admitted": mark("Program got a token"),
    "activation.proposed": mark("Rules about codes and passwords proposed"),
    "activation.approved": mark("Rules about codes and passwords in force"),
    "activation.withdrawn": mark("Proposed rules about codes and passwords withdrawn"),
    "removal.run": mark("Removal by night ended"),
    "data.removed": mark("Old alarms, messages or notes removed"),
    "alarm.removed": mark("Alarm removed for its age"),
    "hold.placed": mark("Legal hold placed on a person"),
    "hold.lifted": mark("Legal hold lifted"),
    "log.read": mark("The log read"),
    "log.searched": mark("The log searched"),
    "log.exported": mark("The log taken out as a file"),
    "access.denied": mark("Access denied"),
    "connection.refused": mark("Connection refused"),
}

GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "reading": (
        mark("Who looked"),
        ("alarm.read", "history.listed", "history.searched", "person.searched", "log.read", "log.searched",
         "log.exported"),
    ),
    "security": (
        mark("Refusals and sign-ins"),
        ("access.denied", "sign_in.refused", "security_key.refused", "connection.refused", "session.started",
         "session.ended", "session.locked", "session.unlocked", "session.kept"),
    ),
    "rights": (
        mark("Accounts, roles and settings"),
        ("account.requested", "account.approved", "account.refused", "account.created", "account.invited",
         "account.linked", "account.changed", "account.deactivated", "account.reactivated", "account.removed",
         "role.granted", "role.revoked", "role.requested", "role.approved", "role.refused", "role.lapsed",
         "role.designated", "role.released", "role.unauthorised", "security_key.allowed", "security_key.enrolled",
         "security_key.renamed", "security_key.removed", "security_key.used", "trust.proposed", "trust.approved",
         "trust.withdrawn", "client.registered", "client.ended", "client.admitted", "activation.proposed",
         "activation.approved", "activation.withdrawn", "retention.set",
         "policy.changed", "class.changed", "settings.changed", "settings.drifted", "settings.settled",
         "settings.accepted", "installation.decided", "authority.registered",
         "host.signed_in", "host.accounts_differ", "evidence.changed", "command.approved", "command.unproved",
         "database.visited"),
    ),
    "notices": (
        mark("Notices"),
        ("notice.delivered", "notice.hindered", "notice.late", "notice.acknowledged", "notice_way.set",
         "notice_way.ended", "notice_rule.set",
         "evidence.changed"),
    ),
    "registers": (
        mark("Registers"),
        ("person.registered", "person.changed", "device.registered", "device.changed", "device.adopted",
         "unit.registered", "hold.placed", "hold.lifted"),
    ),
    "erasure": (
        mark("Erasure"),
        ("erasure.ordered", "erasure.decided", "erasure.begun", "person.removed", "erasure.completed",
         "erasure.attempted", "erasure.certified", "erasure.returned"),
    ),
    "end": (
        mark("End of contract"),
        ("export.begun", "export.completed", "ending.ordered", "ending.decided", "ending.begun", "ending.removed",
         "ending.completed", "ending.attempted", "ending.certified", "ending.returned", "authority.released",
         "authority.closed"),
    ),
    "removal": (
        mark("Removal for age"),
        ("removal.proposed", "removal.previewed", "removal.approved", "removal.withdrawn", "removal.run",
         "data.removed", "alarm.removed"),
    ),
    "alarms": (
        mark("Alarms"),
        tuple(name for name in EVENTS if name.startswith("alarm.") and name not in ("alarm.read", "alarm.removed")),
    ),
    "devices": (
        mark("Devices and reception"),
        ("message.stored", "device.late", "device.lost", "device.returned", "site.silent", "site.returned"),
    ),
    "upkeep": (
        mark("Upkeep and the log itself"),
        ("command.run", "schema.migrated", "row.changed_by_hand", "value.refused", "edition.lost",
         "edition.readmitted", "key.created", "key.changed", "key.rotated", "ledger.pruned", "ledger.heartbeat"),
    ),
}  # fmt: skip
"""What is chosen together: the group's word, and its events in the order they are offered."""

KINDS: Mapping[str, str] = {
    "account": mark("Account"),
    "alarm": mark("Alarm"),
    "authority": mark("Authority"),
    "authority_ending": mark("Erasure of everything"),
    "authority_export": mark("Everything taken out"),
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
    "person": mark("Person in care"),
    "policy": mark("Limits"),
    "process": mark("Process"),
    "receiver": mark("Receiver"),
    "removal": mark("Rules of removal"),
    "removal_rules": mark("Rules of removal"),
    "client": mark("Program"),
    "api_client": mark("Program"),
    "activation": mark("Rules about codes and passwords"),
    "activation_rules": mark("Rules about codes and passwords"),
    "device_secret": mark("Password of a device"),
    "role_grant": mark("Role of an account"),
    "security_key": mark("Security key"),
    "role_request": mark("Request for a role"),
    "session": mark("Session"),
    "settings": mark("Settings"),
    "setup": mark("Set-up"),
    "settings_record": mark("Record of settings"),
    "several": mark("Several"),
    "unauthorised_grant": mark("Unauthorised change of a role"),
    "requirement": mark("Evidence"),
    "command_login": mark("Sign-in of commands"),
    "unit": mark("Unit"),
    "unit_hours": mark("Hours of a unit"),
    "account_link": mark("Link to an identity"),
    "invitation": mark("Invitation"),
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
