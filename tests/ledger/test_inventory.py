# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The inventory: everything that changes something, and the event that tells of it, or why none has to.

What there is, is read from the code: every statement, every function in the databases, every command, every page that
is sent to, every timer. Whatever is added and not written down here fails, until somebody has thought about its entry.
That the entries are really written, one each, is walked in test_acts.py here, tests/alarms/test_ledger.py,
tests/web/test_every_act_is_entered.py, tests/commands/test_maintenance.py and tests/receiver/test_rejections.py.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

import vaka
from vaka.alarms.watch import Watch
from vaka.commands.main import main
from vaka.database.migrate import migrations_for
from vaka.database.queries import load_queries
from vaka.ledger.events import Event
from vaka.web.desk.application import ADDRESSES as DESK
from vaka.web.office.application import ADDRESSES as OFFICE
from vaka.web.portal.api import API
from vaka.web.portal.application import ADDRESSES as PORTAL
from vaka.web.registry.application import API as REGISTRY
from vaka.web.routes import Address
from vaka.web.signin.application import ADDRESSES as SIGNIN

SOURCE = Path(vaka.__file__).parent


class Told(NamedTuple):
    """The events one act can be told of by: one of them each time it is done."""

    events: tuple[str, ...]


class Untold(NamedTuple):
    """Why an act has no event of its own."""

    why: str


def told(*events: str) -> Told:
    return Told(events)


INQUIRY = tuple(f"inquiry.{act}" for act in ("filed", "answered", "returned", "accepted", "withdrawn"))
KEYS = Untold("a key of the key database, which keeps a register of its own; what asks for it is what is told of")
CHALLENGE = Untold("what a security key is asked, kept for minutes; what becomes of the answer has events")
SEALED = Untold("moves or arranges entries, and is what the log itself shows")

# --- statements -------------------------------------------------------------------------------------------------------

STATEMENTS: dict[tuple[str, str], Told | Untold] = {
    ("access", "grant_role"): told("role.granted"),
    ("access", "revoke_role"): told("role.revoked", "session.ended"),
    ("access", "request_role"): told("role.requested"),
    ("access", "decide_role_request"): told("role.approved", "role.refused"),
    ("access", "request_role_change"): told("role.proposed"),
    ("access", "try_role_change"): Untold("does what a request would, and takes it back in the same statement"),
    ("access", "decide_role_change"): told(
        "role.agreed", "role.declined", "role.revoked", "role.granted", "role.requested", "session.ended"
    ),
    ("access", "lapse_role_changes"): told("role.declined"),
    ("access", "designate_role"): told("role.designated", "role.approved"),
    ("access", "release_role"): told("role.released"),
    ("notices", "set_notice_way"): told("notice_way.set"),
    ("notices", "end_notice_way"): told("notice_way.ended"),
    ("notices", "set_notice_minutes"): told("notice_rule.set"),
    ("notices", "acknowledge_notices"): told("notice.acknowledged"),
    ("notices", "take_notices"): Untold("puts off what is being sent; what becomes of it has events"),
    ("notices", "tell_delivered"): told("notice.delivered"),
    ("notices", "tell_hindered"): told("notice.hindered"),
    ("notices", "tell_late_notices"): told("notice.late"),
    ("assurance", "take_report"): told("report.taken"),
    ("notices", "set_digest_day"): told("digest_rule.set"),
    ("notices", "set_own_digest_day"): told("digest_rule.set"),
    ("notices", "set_own_way"): told("notice_way.set"),
    ("notices", "end_own_way"): told("notice_way.ended"),
    ("assurance", "tell_reminder"): told("reminder.told"),
    ("assurance", "tell_digest"): told("digest.told"),
    ("access", "make_calendar_link"): told("calendar_link.made"),
    ("access", "end_calendar_link"): told("calendar_link.ended"),
    ("access", "end_break_glass"): told("break_glass.ended"),
    ("identity", "begin_break_glass"): told("break_glass.begun"),
    ("identity", "open_break_glass"): told("break_glass.opened"),
    ("identity", "review_break_glass"): told("break_glass.reviewed"),
    ("identity", "await_touch"): Untold("a touch that is awaited, for minutes; what becomes of it has events"),
    ("identity", "take_touch"): Untold("a touch that is awaited, for minutes; what becomes of it has events"),
    ("access", "end_accounts"): told("account.deactivated", "session.ended"),
    ("identity", "put_out_account"): told("account.deactivated"),
    ("identity", "end_account"): told("account.changed"),
    ("access", "settle_roles"): told("role.lapsed", "role.unauthorised"),
    ("access", "settle_training"): told("role.suspended", "role.restored"),
    ("assurance", "enter_look"): told("evidence.changed"),
    ("assurance", "say_in_inquiry"): told(*INQUIRY),
    ("assurance", "propose_exclusion"): told("exclusion.proposed"),
    ("assurance", "approve_exclusion"): told("exclusion.approved"),
    ("assurance", "report_log_check"): told("log.verified", "log.doubted"),
    ("assurance", "end_exclusion"): told("exclusion.ended"),
    ("assurance", "draw_remote_sample"): told("remote.drawn"),
    ("assurance", "check_remote_session"): told("remote.checked"),
    ("access", "place_session"): told("session.placed", "session.ended"),
    ("registers", "enter_version"): told("register.entered", "register.moved"),
    ("registers", "acknowledge_version"): told("register.acknowledged"),
    ("registers", "show_register"): told("register.shown"),
    ("registers", "attach_file"): told("attachment.added"),
    ("registers", "refuse_file"): told("attachment.refused"),
    ("cases", "open_case"): told("case.opened", "case.written"),
    ("cases", "write_case"): told("case.written"),
    ("cases", "answer_case"): told("case.written"),
    ("cases", "see_case"): told("case.seen"),
    ("cases", "escalate_cases"): told("case.escalated"),
    ("files", "keep_message_file"): Untold("goes with the entry of the words that it comes with, which has its digest"),
    ("files", "refuse_message_file"): told("file.refused"),
    ("operations.detection", "raise_alert"): told("detection.alerted", "case.opened"),
    ("operations.detection", "enter_detection"): Untold("how far a log was looked through: evidence.changed tells"),
    ("assurance", "import_contract"): told("contract.imported"),
    ("operations.vulnerabilities", "begin_import"): told("advisories.imported"),
    ("operations.vulnerabilities", "add_records"): Untold("goes with the import's own entry: advisories.imported"),
    ("operations.vulnerabilities", "finish_import"): Untold("goes with the import's own entry: advisories.imported"),
    ("operations.vulnerabilities", "enter_vulnerabilities"): told(
        "vulnerability.found", "vulnerability.ended", "case.opened", "case.written"
    ),
    ("operations.vulnerabilities", "state_vulnerability"): told("vulnerability.stated"),
    ("operations.vulnerabilities", "decide_vulnerability"): told(
        "vulnerability.accepted", "vulnerability.refused", "case.written"
    ),
    ("access", "publish_rule"): told("rule.published"),
    ("access", "open_rule"): told("rule.opened"),
    ("access", "acknowledge_rule"): told("rule.acknowledged"),
    ("cases", "set_contact"): told("contact.set"),
    ("cases", "end_contact"): told("contact.ended"),
    ("assurance", "ask_audit"): told("audit.asked"),
    ("assurance", "agree_audit"): told("audit.agreed"),
    ("assurance", "propose_audit"): told("audit.proposed"),
    ("assurance", "withdraw_audit"): told("audit.withdrawn"),
    ("assurance", "end_audit"): told("audit.ended"),
    ("assurance", "close_audit"): told("audit.closed"),
    ("assurance", "note_audit_finding"): told("audit.found"),
    ("assurance", "settle_audit_finding"): told("audit.settled"),
    ("assurance", "freeze_audit_population"): told("audit.frozen"),
    ("assurance", "freeze_audit_log"): told("audit.frozen"),
    ("assurance", "draw_audit_sample"): told("audit.drawn"),
    ("assurance", "keep_audit_note"): told("audit.noted"),
    ("registers", "ask_exercise"): told("exercise.asked"),
    ("registers", "withdraw_exercise"): told("exercise.withdrawn"),
    ("registers", "plan_exercise"): told("exercise.planned"),
    ("registers", "decide_exercise"): told("exercise.decided"),
    ("registers", "begin_exercise"): told("exercise.begun"),
    ("registers", "end_exercise"): told("exercise.ended"),
    ("registers", "attend_exercise"): told("exercise.attended"),
    ("registers", "note_exercise_lesson"): told("exercise.lesson"),
    ("registers", "settle_exercise_lesson"): told("exercise.settled"),
    ("registers", "close_exercise"): told("exercise.closed"),
    ("registers", "set_exercise_days"): told("exercise_rule.set"),
    ("alarms", "take_alarm"): told("alarm.taken", "exercise_alarm.taken"),
    ("alarms", "take_over_alarm"): told("alarm.taken_over"),
    ("alarms", "hear_alarm"): told("alarm.heard"),
    ("alarms", "release_alarm"): told("alarm.released"),
    ("alarms", "suspend_alarm"): told("alarm.suspended"),
    ("alarms", "resume_alarm"): told("alarm.resumed"),
    ("alarms", "hand_over_alarm"): told("alarm.handed_over"),
    ("alarms", "present_alarms"): told("alarm.presented"),
    ("alarms", "close_alarm"): told("alarm.closed", "exercise_alarm.closed"),
    ("alarms", "acknowledge_alarm"): told("alarm.closed"),
    ("alarms", "close_alarms"): told("alarm.closed"),
    ("alarms", "reopen_alarm"): told("alarm.reopened"),
    ("alarms", "merge_alarm"): told("alarm.merged"),
    ("alarms", "adopt_alarm"): told("alarm.closed"),
    ("alarms", "write_notes"): told("alarm.noted", "alarm.closed"),
    ("alarms", "write_steps"): Untold("goes with the alarm's own event"),
    ("alarms", "escalate_alarms"): told("alarm.escalated"),
    ("alarms", "lapse_alarms"): told("alarm.released"),
    ("alarms", "return_alarms"): told("alarm.released"),
    ("alarms", "expire_tests"): told("alarm.closed"),
    ("alarms", "forget_repeats"): Untold("which messages were heard lately, of no use after minutes"),
    ("alarms", "judge_devices"): told("device.late", "device.lost", "device.returned"),
    ("alarms", "forgive_untold"): told("device.late"),
    ("alarms", "raise_technical"): told("alarm.raised", "alarm.joined", "site.silent"),
    ("alarms", "end_technical"): told("alarm.restored", "site.returned"),
    ("alarms", "note_desks"): Untold("that a desk is open, every few seconds; the session has its own events"),
    ("commands", "keep_settings"): told("settings.changed", "key.changed"),
    ("commands", "drop_settings"): told("settings.changed", "key.changed"),
    ("identity", "open_session"): told("session.started"),
    ("identity", "note_sign_in"): Untold("goes with session.started"),
    ("identity", "note_use"): Untold("in which minute a session was last used; its beginning and its end have events"),
    ("identity", "lock_session"): told("session.locked"),
    ("identity", "unlock_session"): told("session.unlocked"),
    ("identity", "end_session"): told("session.ended"),
    ("identity", "end_sessions_of"): told("session.ended"),
    ("identity", "end_named_sessions"): told("session.ended"),
    ("identity", "end_command_sessions"): told("command.signed_out"),
    ("identity", "invite"): told("account.invited"),
    ("identity", "redeem_invitation"): told("account.linked"),
    ("identity", "link_account"): told("account.linked"),
    ("identity", "begin_login"): Untold("a sign-in that has begun, for minutes; how it ends has events"),
    ("identity", "take_login"): Untold("a sign-in that has begun, for minutes; how it ends has events"),
    ("identity", "note_assertion"): Untold("that an assertion was used; the session it opened has events"),
    ("identity", "propose_trust"): told("trust.proposed"),
    ("identity", "approve_trust"): told("trust.approved"),
    ("identity", "withdraw_trust"): told("trust.withdrawn"),
    ("identity", "decide_installation"): told("installation.decided"),
    ("identity", "enrol_key"): told("security_key.enrolled"),
    ("identity", "use_key"): told("security_key.used"),
    ("identity", "rename_key"): told("security_key.renamed"),
    ("identity", "remove_key"): told("security_key.removed"),
    ("identity", "issue_challenge"): CHALLENGE,
    ("identity", "count_refusal"): CHALLENGE,
    ("identity", "take_challenge"): CHALLENGE,
    ("identity", "drop_challenges"): CHALLENGE,
    ("keys", "add_authority_key"): KEYS,
    ("keys", "add_erased_subjects"): KEYS,
    ("keys", "add_erasure"): KEYS,
    ("keys", "add_lookup_key"): KEYS,
    ("keys", "add_subject_keys"): KEYS,
    ("keys", "advance_store"): KEYS,
    ("keys", "begin_store"): KEYS,
    ("keys", "drop_all_subject_keys"): KEYS,
    ("keys", "drop_authority_key"): KEYS,
    ("keys", "drop_lookup_keys"): KEYS,
    ("keys", "drop_subject_keys"): KEYS,
    ("keys", "enter_destruction"): KEYS,
    ("keys", "enter_key"): KEYS,
    ("keys", "issue_editions"): KEYS,
    ("keys", "settle_editions"): KEYS,
    ("keys", "readmit_editions"): KEYS,
    ("keys", "replace_authority_key"): KEYS,
    ("keys", "rewrap_authority_key"): KEYS,
    ("keys", "rewrap_lookup_key"): KEYS,
    ("keys", "rewrap_subject_keys"): KEYS,
    ("ledger", "drain"): SEALED,
    ("ledger", "add_entries"): SEALED,
    ("ledger", "grow_tiles"): SEALED,
    ("ledger", "move_head"): SEALED,
    ("ledger", "forget_checkpoint"): SEALED,
    ("ledger", "store_checkpoint"): SEALED,
    ("ledger", "index_entries"): SEALED,
    ("ledger", "set_retention"): told("retention.set"),
    ("ledger", "prune"): told("ledger.pruned"),
    ("receiver", "accept_messages"): told(
        "alarm.raised",
        "alarm.joined",
        "alarm.withdrawn",
        "alarm.restored",
        "alarm.upheld",
        "message.stored",
        "trial_alarm.raised",
    ),
    ("receiver", "accept_exercises"): told("exercise_alarm.raised"),
    ("receiver", "record_signs_of_life"): Untold("heartbeats; what follows from their absence has events"),
    ("receiver", "start_presence"): Untold("that a receiver is up, every few seconds"),
    ("receiver", "beat"): Untold("that a receiver is up, every few seconds"),
    ("receiver", "end_presence"): Untold("that a receiver is up no more"),
    ("tenants", "enter_exercise_devices"): told("device.registered"),
    ("tenants", "keep_exercise_devices"): told("device.registered"),
    ("tenants", "enter_trial_device"): told("device.registered", "device.changed"),
    ("tenants", "keep_trial_device"): told("device.registered"),
    ("trial", "forget_trials"): Untold(
        "what was nobody's and over after an hour; that it came, the log goes on to say"
    ),
    ("operations.capacity", "report_capacity"): Untold(
        "what was measured, each half minute; term 21 says what is too much"
    ),
    ("operations.trials", "report_trial"): Untold(
        "that trials come through, each minute; term 21 says when they do not"
    ),
    ("tenants", "change_devices"): told("device.changed"),
    ("tenants", "change_entries"): told("device.changed"),
    ("tenants", "register_units"): told("unit.registered"),
    ("tenants", "register_unit_hours"): told("unit.registered", "unit.changed"),
    ("tenants", "change_units"): told("unit.changed"),
    ("tenants", "drop_unit_hours"): told("unit.changed", "unit.removed"),
    ("tenants", "drop_units"): told("unit.removed"),
    ("tenants", "register_people"): told("person.registered"),
    ("tenants", "change_people"): told("person.changed"),
    ("tenants", "forget_about_people"): Untold("goes with person.changed"),
    ("tenants", "tell_refused"): told("value.refused"),
    ("tenants", "register_contacts"): Untold("goes with person.registered"),
    ("tenants", "register_notes"): Untold("goes with person.registered"),
    ("tenants", "keep_devices"): told("device.registered", "device.adopted"),
    ("tenants", "keep_closing_codes"): told("policy.changed"),
    ("tenants", "keep_greeting"): told("policy.changed"),
    ("tenants", "keep_on_call_phone"): told("policy.changed"),
    ("tenants", "set_on_call_phone"): told("policy.changed"),
    ("tenants", "enter_authority"): told("authority.registered"),
    ("tenants", "set_limits"): told("policy.changed"),
    ("tenants", "set_override"): told("class.changed"),
    ("tenants", "drop_override"): told("class.changed"),
    ("identity", "register_client"): told("client.registered"),
    ("identity", "end_client"): told("client.ended"),
    ("identity", "keep_token"): told("client.admitted"),
    ("identity", "keep_assertion"): Untold("goes with client.admitted"),
    ("identity", "forget_tokens"): Untold("what is over anyway"),
    ("identity", "forget_assertions"): Untold("what is over anyway"),
    ("identity", "revoke_token"): Untold("a program ends its own token, which lasts minutes"),
    ("tenants", "keep_device_secrets"): told("device.registered", "device.changed"),
    ("tenants", "propose_activation"): told("activation.proposed"),
    ("tenants", "approve_activation"): told("activation.approved", "security_key.used", "security_key.refused"),
    ("tenants", "withdraw_activation"): told("activation.withdrawn"),
    ("removal", "propose"): told("removal.proposed"),
    ("removal", "note_preview"): told("removal.previewed"),
    ("removal", "approve"): told("removal.approved", "security_key.used", "security_key.refused"),
    ("removal", "withdraw"): told("removal.withdrawn"),
    ("removal", "remove_data"): told("data.removed", "alarm.removed"),
    ("removal", "keep_state"): told("removal.run"),
    ("tenants", "place_hold"): told("hold.placed"),
    ("tenants", "lift_hold"): told("hold.lifted"),
    ("tenants", "order_ending"): told("ending.ordered"),
    ("tenants", "decide_ending"): told("ending.decided"),
    ("tenants", "begin_ending"): told("ending.begun"),
    ("tenants", "remove_of_ending"): told("ending.removed"),
    ("tenants", "complete_ending"): told("ending.completed"),
    ("tenants", "hinder_ending"): told("ending.begun", "ending.removed"),
    ("tenants", "enter_ending_attempt"): told("ending.attempted"),
    ("tenants", "certify_ending"): told("ending.certified"),
    ("tenants", "remove_ended_again"): told("ending.removed", "ending.returned"),
    ("tenants", "release_authority"): told("authority.released"),
    ("tenants", "close_authority"): told("authority.closed"),
    ("tenants", "begin_export"): told("export.begun"),
    ("tenants", "complete_export"): told("export.completed"),
    ("tenants", "order_erasure"): told("erasure.ordered"),
    ("tenants", "decide_erasure"): told("erasure.decided"),
    ("tenants", "begin_erasure"): told("erasure.begun", "person.removed", "device.changed"),
    ("tenants", "complete_erasure"): told("erasure.completed"),
    ("tenants", "hinder_erasure"): told("erasure.begun"),
    ("tenants", "enter_erasure_attempt"): told("erasure.attempted"),
    ("tenants", "certify_erasure"): told("erasure.certified"),
    ("tenants", "remove_erased_again"): told("person.removed", "erasure.returned"),
    ("tenants", "release_devices"): told("device.changed"),
    ("tenants", "enter_devices"): told("device.registered", "device.adopted"),
}

_CHANGES = re.compile(
    r"\b(insert into|update (?!set\b|of\b|skip\b|nowait\b)|delete from|truncate"
    r"|enter_look|place_session|draw_remote_sample|check_remote_session|enter_register_version|acknowledge_register_entry|show_register|say_in_inquiry"
    r"|(publish|open|acknowledge)_rule\(|(attach|refuse)_file\("
    r"|(propose|approve|end)_exclusion|report_log_check|import_contract|end_command_sessions\("
    r"|(publish|open|acknowledge)_rule\(|(attach|refuse)_file\(|(keep|refuse)_message_file\("
    r"|(propose|approve|end)_exclusion|report_log_check|end_command_sessions\("
    r"|set_case_contact|end_case_contact"
    r"|(open|write|answer|see)_case\(|escalate_cases\(|raise_alert\(|enter_detection\("
    r"|(begin|finish)_advisory_import\(|add_advisory_records\(|(enter|state|decide)_vulnerabilit(ies|y)\("
    r"|accept_messages|accept_exercises|register_exercise_devices|register_trial_device|forget_trials|report_trial|report_capacity|record_signs_of_life|forget_repeats|ledger\.drain|ledger\.set_retention|ledger\.prune\b"
    r"|propose_activation|approve_activation|withdraw_activation|tell_refused"
    r"|(ask|agree|propose|withdraw|end|close|note|settle|freeze|draw)_audit(_finding|_population|_sample|_log)?\("
    r"|(ask|withdraw|plan|decide|begin|end|attend|close|note|settle|set)_exercise(_lesson|_days)?\("
    r"|place_hold|lift_hold|propose_removal|note_removal_preview|approve_removal|withdraw_removal|remove_data"
    r"|set_notice_(way|minutes)|end_notice_way|acknowledge_notices|take_notices|tell_(delivered|hindered|late_notices)"
    r"|take_report\(|tell_reminder|tell_digest|set_(own_)?digest_day|(set|end)_own_way\b"
    r"|request_role|try_role_change|decide_role_change|lapse_role_changes|decide_role_request|settle_roles|settle_training|designate_role|put_out_account|end_accounts?|release_role\b|[a-z]+_break_glass\("
    r"|[a-z]+_erasure\(|enter_erasure_attempt|remove_erased_again|release_devices|begin_export|complete_export"
    r"|[a-z]+_ending\(|enter_ending_attempt|remove_of_ending|remove_ended_again|release_authority|close_authority)"
)


def changing_statements() -> Iterator[tuple[str, str]]:
    for path in SOURCE.rglob("queries.sql"):
        package = ".".join(path.parent.relative_to(SOURCE).parts)
        for name, text in load_queries(f"vaka.{package}").items():
            if _CHANGES.search("\n".join(line.split("--")[0] for line in text.splitlines())):
                yield package, name


# --- functions in the databases ---------------------------------------------------------------------------------------

FUNCTIONS: dict[str, Told | Untold] = {
    "ask_command_login": Untold("a command that waits, for minutes; what becomes of it has events"),
    "approve_command_login": told("command.approved"),
    "start_command_session": told("command.signed_in"),
    "end_command_session": told("command.signed_out"),
    "end_command_sessions": told("command.signed_out"),
    "end_commands_of_closed": Untold("goes with account.deactivated"),
    "ask_command_confirmation": Untold("a run that waits, for minutes; what becomes of it has events"),
    "confirm_command": told("command.confirmed"),
    "spend_command_confirmation": Untold("that a confirmed run goes on: its own entry is `command.run`, at its end"),
    "enter_deployment": told("release.deployed"),
    "accept_state": told("settings.accepted"),
    "tell_drift": told("settings.drifted", "settings.settled"),
    "write_notices": Untold("goes with the entry that the notice tells of"),
    "write_break_glass_notices": Untold("goes with the entry that the notice tells of"),
    "begin_break_glass": told("break_glass.begun"),
    "open_break_glass": told("break_glass.opened"),
    "end_break_glass": told("break_glass.ended"),
    "review_break_glass": told("break_glass.reviewed"),
    "keep_emergency_keys": told("security_key.allowed"),
    "write_fallback_notices": Untold("goes with the entry that the notice tells of"),
    "write_outage_notices": Untold("goes with the entry that the notice tells of"),
    "add_case_entry": told("case.opened", "case.written", "case.escalated"),
    "open_case": told("case.opened", "case.written"),
    "raise_alert": told("detection.alerted", "case.opened"),
    "enter_detection": Untold("how far a log was looked through: evidence.changed tells"),
    "import_contract": told("contract.imported"),
    "begin_advisory_import": told("advisories.imported"),
    "add_advisory_records": Untold("goes with the import's own entry: advisories.imported"),
    "finish_advisory_import": Untold("goes with the import's own entry: advisories.imported"),
    "enter_vulnerabilities": told("vulnerability.found", "vulnerability.ended", "case.opened", "case.written"),
    "state_vulnerability": told("vulnerability.stated"),
    "decide_vulnerability": told("vulnerability.accepted", "vulnerability.refused", "case.written"),
    "see_case": told("case.seen"),
    "keep_message_file": Untold("goes with the entry of the words that it comes with, which has its digest"),
    "write_case_notices": Untold("goes with the entry that the notice tells of"),
    "forget_contacts": told("contact.ended"),
    "set_case_contact": told("contact.set"),
    "end_case_contact": told("contact.ended"),
    "set_notice_way": told("notice_way.set"),
    "end_notice_way": told("notice_way.ended"),
    "set_notice_minutes": told("notice_rule.set"),
    "acknowledge_notices": told("notice.acknowledged"),
    "take_notices": Untold("puts off what is being sent; what becomes of it has events"),
    "tell_delivered": told("notice.delivered"),
    "tell_hindered": told("notice.hindered"),
    "tell_late_notices": told("notice.late"),
    "write_task_notices": Untold("goes with the entry that the notice tells of"),
    "tell_reminder": told("reminder.told"),
    "tell_digest": told("digest.told"),
    "set_digest_day": told("digest_rule.set"),
    "take_report": told("report.taken"),
    "set_own_digest_day": told("digest_rule.set"),
    "set_own_way": told("notice_way.set"),
    "end_own_way": told("notice_way.ended"),
    "request_role": told("role.requested"),
    "decide_role_request": told("role.approved", "role.refused"),
    "request_role_change": told("role.proposed"),
    "carry_out_role_change": told("role.revoked", "role.granted", "role.requested"),
    "decide_role_change": told("role.agreed", "role.declined"),
    "lapse_role_changes": told("role.declined"),
    "write_mover_notices": Untold("goes with the entry that the notice tells of"),
    "designate_role": told("role.designated", "role.approved"),
    "release_role": told("role.released"),
    "settle_roles": told("role.lapsed", "role.unauthorised"),
    "settle_training": told("role.suspended", "role.restored"),
    "keep_session": told("session.kept"),
    "enter_look": told("evidence.changed"),
    "say_in_inquiry": told(*INQUIRY),
    "propose_exclusion": told("exclusion.proposed"),
    "approve_exclusion": told("exclusion.approved"),
    "report_log_check": told("log.verified", "log.doubted"),
    "write_log_check_notices": Untold("goes with the entry that the notice tells of"),
    "write_evidence_notices": Untold("goes with the entry that the notice tells of"),
    "write_contract_notices": Untold("goes with the entry that the notice tells of"),
    "report_clock": Untold("how a machine's clock is just now; what follows from it is the state of a term"),
    "report_flows": Untold("what listens on a machine just now; what follows from it is the state of a term"),
    "report_certificates": Untold("until when a machine's certificates are valid; what follows is the state of a term"),
    "end_exclusion": told("exclusion.ended"),
    "draw_remote_sample": told("remote.drawn"),
    "check_remote_session": told("remote.checked"),
    "place_session": told("session.placed", "session.ended"),
    "enter_register_version": told("register.entered", "register.moved"),
    "acknowledge_register_entry": told("register.acknowledged"),
    "show_register": told("register.shown"),
    "take_exchange": Untold("that a message was used up; what it brings about is told"),
    "refuse_exchange": Untold("goes with exchange.refused, which whoever refuses writes in the authority's own log"),
    "attach_file": told("attachment.added"),
    "publish_rule": told("rule.published"),
    "open_rule": told("rule.opened"),
    "acknowledge_rule": told("rule.acknowledged"),
    "ask_audit": told("audit.asked"),
    "agree_audit": told("audit.agreed"),
    "propose_audit": told("audit.proposed"),
    "withdraw_audit": told("audit.withdrawn"),
    "end_audit": told("audit.ended"),
    "close_audit": told("audit.closed"),
    "note_audit_finding": told("audit.found"),
    "settle_audit_finding": told("audit.settled"),
    "freeze_audit_population": told("audit.frozen"),
    "freeze_audit_log": told("audit.frozen"),
    "draw_audit_sample": told("audit.drawn"),
    "ask_exercise": told("exercise.asked"),
    "withdraw_exercise": told("exercise.withdrawn"),
    "plan_exercise": told("exercise.planned"),
    "decide_exercise": told("exercise.decided"),
    "begin_exercise": told("exercise.begun"),
    "end_exercise": told("exercise.ended"),
    "attend_exercise": told("exercise.attended"),
    "note_exercise_lesson": told("exercise.lesson"),
    "settle_exercise_lesson": told("exercise.settled"),
    "close_exercise": told("exercise.closed"),
    "set_exercise_days": told("exercise_rule.set"),
    "change_account": told("account.deactivated", "account.reactivated", "account.removed", "session.ended"),
    "end_account": told("account.changed"),
    "found_account": told("account.created"),
    "found_key_code": told("account.requested"),
    "finish_founding": told("installation.founded"),
    "propose_outage": told("outage.proposed"),
    "declare_outage": told("outage.declared"),
    "end_outage": told("outage.ended"),
    "request_account": told("account.requested"),
    "decide_account_request": told(
        "account.approved",
        "account.refused",
        "account.created",
        "account.renamed",
        "role.granted",
        "security_key.removed",
    ),
    "request_identity": told("account.requested"),
    "approve_identity": told(
        "account.approved", "account.created", "account.changed", "role.granted", "account.invited", "session.ended"
    ),
    "make_requested_account": told("account.created", "account.changed", "role.granted"),
    "redeem_key_code": told("security_key.allowed"),
    "end_request": Untold("goes with the event of the grant that ends"),
    "accept_messages": told(
        "alarm.raised",
        "alarm.joined",
        "alarm.withdrawn",
        "alarm.restored",
        "alarm.upheld",
        "message.stored",
        "trial_alarm.raised",
    ),
    "accept_exercises": told("exercise_alarm.raised", "exercise_alarm.real"),
    "register_exercise_devices": told("device.registered"),
    "register_trial_device": told("device.registered", "device.changed"),
    "forget_trials": Untold("what was nobody's and over after an hour; that it came, the log goes on to say"),
    "report_capacity": Untold("what was measured, each half minute; term 21 says what is too much"),
    "keep_trial": Untold("a part of report_trial"),
    "report_trial": Untold("that trials come through, each minute; term 21 says when they do not"),
    "end_alarms": Untold("a part of accept_messages"),
    "record_signs_of_life": Untold("heartbeats; what follows from their absence has events"),
    "forget_repeats": Untold("which messages were heard lately, of no use after minutes"),
    "enter_change_by_hand": told("row.changed_by_hand"),
    "propose_activation": told("activation.proposed"),
    "approve_activation": told("activation.approved"),
    "withdraw_activation": told("activation.withdrawn"),
    "propose_removal": told("removal.proposed"),
    "note_removal_preview": told("removal.previewed"),
    "approve_removal": told("removal.approved"),
    "withdraw_removal": told("removal.withdrawn"),
    "remove_data": told("data.removed", "alarm.removed"),
    "place_hold": told("hold.placed"),
    "lift_hold": told("hold.lifted"),
    "tell_refused": told("value.refused"),
    "note_returned": told("erasure.returned", "ending.returned"),
    "order_ending": told("ending.ordered"),
    "decide_ending": told("ending.decided"),
    "begin_ending": told("ending.begun"),
    "delete_of_everybody": Untold("a part of remove_of_ending and remove_ended_again"),
    "remove_of_ending": told("ending.removed"),
    "complete_ending": told("ending.completed"),
    "hinder_ending": told("ending.begun", "ending.removed"),
    "enter_ending_attempt": told("ending.attempted"),
    "certify_ending": told("ending.certified"),
    "release_authority": told("authority.released"),
    "close_authority": told("authority.closed"),
    "begin_export": told("export.begun"),
    "complete_export": told("export.completed"),
    "order_erasure": told("erasure.ordered"),
    "decide_erasure": told("erasure.decided"),
    "delete_person": Untold("a part of begin_erasure and remove_erased_again"),
    "begin_erasure": told("erasure.begun", "person.removed", "device.changed"),
    "complete_erasure": told("erasure.completed"),
    "hinder_erasure": told("erasure.begun"),
    "enter_erasure_attempt": told("erasure.attempted"),
    "certify_erasure": told("erasure.certified"),
    "release_devices": told("device.changed"),
    "ledger.append": Untold("is how an entry is written"),
    "ledger.drain": SEALED,
    "ledger.forget_places": SEALED,
    "ledger.set_retention": told("retention.set"),
    "ledger.announce_pruning": told("ledger.pruned"),
    "ledger.prune": told("ledger.pruned"),
}


def changing_functions() -> set[str]:
    found = set()
    for kind in ("platform", "tenant"):
        for migration in migrations_for(kind):
            text = "\n".join(line.split("--")[0] for line in migration.text.splitlines())
            for name, body in re.findall(r"create function ([a-z_.]+)\(.*?as \$\$(.*?)\$\$", text, re.DOTALL):
                if re.search(r"\b(insert into|update (?!set\b)|delete from)", body):
                    found.add(name.removeprefix("vaka."))
    return found


# --- commands ---------------------------------------------------------------------------------------------------------

COMMANDS: dict[str, Told | Untold] = {
    "login": told("command.signed_in"),
    "logout": told("command.signed_out"),
    "settings show": told("command.run"),
    "settings accept": told("settings.accepted", "command.run"),
    "demo": told("installation.decided"),
    "run": told("settings.changed", "key.changed", "installation.decided", "release.refused"),
    "migrate": told("command.run"),
    "ledger export": told("log.exported"),
    "authority list": told("command.run"),
    "authority register": told("authority.registered", "command.run"),
    "authority units": told("unit.registered", "unit.changed", "unit.removed", "command.run"),
    "authority on-call": told("policy.changed", "command.run"),
    "device exercise": told("command.run"),
    "device import": told("command.run"),
    "device secret": told("device.changed", "command.run"),
    "key list": told("command.run"),
    "key bill": told("command.run"),
    "erasure attempt": told("erasure.attempted", "ending.attempted", "command.run"),
    **dict.fromkeys(
        ("backup now", "backup list", "backup check", "backup drill", "backup restore"), told("command.run")
    ),
    "backup swap": told("person.removed", "erasure.returned", "command.run"),
    "key readmit": told("edition.readmitted", "command.run"),
    "certificates found": told("issuer.founded", "command.run"),
    "certificates issue": told("certificate.issued", "command.run"),
    "certificates renew": told("certificate.issued", "command.run"),
    "certificates list": told("command.run"),
    "key rotate": told("key.rotated", "command.run"),
    "key rotate-root": told("key.rotated", "command.confirmed", "command.run"),
    "factor list": told("command.run"),
    "factor first": told("account.requested", "command.run"),
    "factor remove": told("security_key.removed", "command.run"),
    "retention preview": told("command.run"),
    "terms check": told("evidence.changed", "command.run"),
    "terms import": told("contract.imported", "command.run"),
    "release gates": Untold("judges files; no installation is touched"),
    "release sign": Untold("makes a file of files; no installation is touched"),
    "release verify": Untold("compares files with a file; no installation is touched"),
    "release attest": told("command.run"),
    "release scan": told("command.run"),
    "release deploy": told("release.deployed", "command.run"),
    "advisories import": told("advisories.imported", "command.run"),
    "advisories fetch": told("advisories.imported", "command.run"),
    "sbom": Untold("says what is installed on the machine; no installation is asked, and there is nobody in it"),
    "advisory write": Untold("makes a file of files; no installation is touched"),
    "terms pack": told("evidence.packed", "command.run"),
    "policy show": told("command.run"),
    "policy set": told("command.run"),
    "policy classify": told("command.run"),
    "account create": told("account.created", "role.granted", "command.run"),
    "account request": told("account.requested", "command.run"),
    "account invite": told("account.invited", "command.run"),
    "trust list": told("command.run"),
    "trust propose": told("trust.proposed", "command.run"),
    "trust approve": told("trust.approved", "command.run"),
    "trust key": told("command.run"),
    "trust entity": told("command.run"),
    "trust withdraw": told("trust.withdrawn", "command.run"),
    "account deactivate": told("account.deactivated", "account.changed", "command.run"),
    "account reactivate": told("account.requested", "command.run"),
    "account sessions": told("command.run"),
    "account end-sessions": told("session.ended", "command.signed_out", "command.run"),
    "account remove": told("account.requested", "command.run"),
    "account rename": told("account.requested", "command.run"),
    "account identity": told("account.requested", "command.run"),
    "account replay": told("command.run"),
    "host accounts": told("host.accounts_differ", "command.run"),
    "host sign-ins": told("host.signed_in", "command.run"),
    "host clock": told("command.run"),
    "host ports": told("command.run"),
    "host admit": told("release.refused"),
    "doctor": Untold("looks where nothing may work, the log included, and at nothing of anybody"),
    "role show": told("command.run"),
    "role propose": told("role.proposed", "command.run"),
    "role grant": told("role.granted", "command.run"),
    "role revoke": told("role.revoked", "command.run"),
    "role request": told("role.requested", "command.run"),
    "ledger receipt": told("log.read"),
    "witness init": Untold("runs at the authority, and changes nothing here"),
    "witness add-log": Untold("runs at the authority, and changes nothing here"),
    "witness run": Untold("runs at the authority, and changes nothing here"),
    "witness show": Untold("runs at the authority, and changes nothing here"),
    "verify": Untold("reads files, and changes nothing"),
    "simulate": Untold("is a device: what it sends has events"),
    "decode": Untold("reads a file, and changes nothing"),
}


def commands(group: click.Group, prefix: str = "") -> Iterator[str]:
    context = click.Context(group, info_name="vaka")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


# --- pages ------------------------------------------------------------------------------------------------------------

LOG = "/log/{authority}"
PAGES: dict[tuple[str, str], Told | Untold] = {
    ("GET", "/signed-out"): Untold("that somebody is signed out; the session's end has its event"),
    ("GET", "/sign-out/{name}"): told("session.ended", "sign_in.refused"),
    ("GET", "/signed-out/{name}"): told("sign_in.refused"),
    ("GET", "/begin/{name}"): Untold("leads to an issuer; how it ends has events"),
    ("GET", "/fallback"): told("sign_in.refused"),
    ("GET", "/emergency"): Untold("what emergency access is, and a form"),
    ("POST", "/emergency"): told(
        "break_glass.begun", "break_glass.opened", "session.started", "security_key.used", "sign_in.refused"
    ),
    ("POST", "/fallback"): told("session.started", "security_key.used", "sign_in.fallback", "sign_in.refused"),
    ("GET", "/callback/{name}"): told("session.started", "account.linked", "sign_in.refused"),
    ("POST", "/saml/supplier/acs"): told("session.started", "account.linked", "sign_in.refused"),
    ("POST", "/saml/authority/{slug}/acs"): told("session.started", "account.linked", "sign_in.refused"),
    ("GET", "/saml/supplier/metadata"): Untold("who we are to issuers; nothing of anybody"),
    ("GET", "/saml/authority/{slug}/metadata"): Untold("who we are to issuers; nothing of anybody"),
    ("POST", "/saml/supplier/slo"): told("session.ended", "sign_in.refused"),
    ("POST", "/saml/authority/{slug}/slo"): told("session.ended", "sign_in.refused"),
    ("POST", "/logout/{name}"): told("session.ended", "sign_in.refused"),
    ("POST", "/invitation"): Untold("a code, kept in the browser until somebody signs in with it"),
    ("POST", "/sign-out"): told("session.ended"),
    ("POST", "/preferences"): Untold("language and theme, kept in the browser"),
    ("GET", "/"): Untold("where one signs in; nothing of anybody"),
    ("GET", "/alive"): Untold("says nothing"),
    ("GET", "/.well-known/security.txt"): Untold("whom to tell of a weakness, the same for everybody"),
    ("GET", "/static/{fingerprint}/{name}"): Untold("style, scripts, signs"),
}
PORTAL_PAGES: dict[tuple[str, str], Told | Untold] = {
    ("GET", "/"): Untold("leads to a log, or to what waits"),
    ("GET", "/log"): Untold("leads to a log"),
    ("GET", LOG): told("log.read", "log.searched"),
    ("GET", f"{LOG}/entry/{{index}}"): told("log.read"),
    ("GET", f"{LOG}/entry/{{index}}/proof"): told("log.read"),
    ("GET", f"{LOG}/supplier"): told("log.read", "log.searched"),
    ("GET", f"{LOG}/supplier/entry/{{index}}"): told("log.read"),
    ("GET", f"{LOG}/supplier/entry/{{index}}/proof"): told("log.read"),
    ("GET", f"{LOG}/help"): Untold("explains, and shows nothing of anybody"),
    ("POST", f"{LOG}/people"): Untold("leads to whom it may be"),
    ("GET", f"{LOG}/people/{{number}}"): told("person.searched"),
    ("GET", f"{LOG}/export"): Untold("a form; what it sends has an event"),
    ("POST", f"{LOG}/export"): told("log.exported"),
    ("GET", f"{LOG}/checkpoint"): told("log.read"),
    ("GET", f"{LOG}/published/{{file:path}}"): told("log.exported"),
    ("POST", f"{LOG}/receipt"): Untold("leads to the page of a receipt"),
    ("GET", f"{LOG}/receipt/{{number}}"): told("log.read"),
    ("GET", f"{LOG}/receipt/{{number}}/proof"): told("log.read"),
    ("GET", "/retention"): Untold("leads to a form"),
    ("GET", f"{LOG}/retention"): told("log.read"),
    ("POST", f"{LOG}/retention"): told("retention.set", "security_key.used", "security_key.refused"),
    ("GET", "/keys"): Untold("leads to one's own keys"),
    ("GET", f"{LOG}/keys"): Untold("one's own keys, shown to their owner"),
    ("POST", f"{LOG}/keys"): told("security_key.enrolled", "security_key.refused"),
    ("POST", f"{LOG}/keys/add"): told("security_key.used", "security_key.refused"),
    ("POST", f"{LOG}/keys/rename"): told("security_key.renamed"),
    ("POST", f"{LOG}/keys/remove"): told("security_key.removed", "security_key.used", "security_key.refused"),
    ("GET", "/locked"): Untold("the cover of a locked page; nothing of anybody"),
    ("POST", "/unlock"): told("session.unlocked", "security_key.used", "security_key.refused"),
    ("POST", "/here"): Untold("that somebody is at the page, noted once a minute"),
    ("GET", "/here"): Untold("whether the page may still be seen"),
    ("GET", "/sessions"): Untold("leads to where one is signed in oneself"),
    ("GET", f"{LOG}/sessions"): Untold("where one is signed in oneself, shown to who is"),
    ("POST", f"{LOG}/sessions"): told("session.ended"),
    ("GET", "/end"): Untold("leads to a form"),
    ("GET", f"{LOG}/end"): Untold("a form, and what was taken out"),
    ("POST", f"{LOG}/end"): told("ending.ordered"),
    ("POST", f"{LOG}/end/decide"): told("ending.decided"),
    ("GET", f"{LOG}/end/{{order}}/certificate"): told("log.read"),
    ("POST", f"{LOG}/end/export"): told("export.begun", "export.completed"),
    ("GET", "/erasure"): Untold("leads to a form"),
    ("GET", f"{LOG}/erasure"): told("person.searched"),
    ("POST", f"{LOG}/erasure"): told("erasure.ordered"),
    ("POST", f"{LOG}/erasure/find"): Untold("leads to whom was found"),
    ("GET", f"{LOG}/erasure/found/{{number}}"): told("person.searched"),
    ("POST", f"{LOG}/erasure/decide"): told("erasure.decided"),
    ("GET", f"{LOG}/erasure/{{order}}/certificate"): told("log.read"),
    ("GET", "/programs"): Untold("leads to a form"),
    ("GET", f"{LOG}/programs"): Untold("programs, and whose they are; nothing of anybody in care"),
    ("POST", f"{LOG}/programs"): told("client.registered", "security_key.used", "security_key.refused"),
    ("POST", f"{LOG}/programs/end"): told("client.ended"),
    ("GET", "/activation"): Untold("leads to a form"),
    ("GET", f"{LOG}/activation"): Untold("rules, and devices by what stands for their numbers; nothing of anybody"),
    ("POST", f"{LOG}/activation"): told("activation.proposed"),
    ("GET", f"{LOG}/activation/{{proposal}}"): Untold("rules, and devices by what stands for their numbers"),
    ("POST", f"{LOG}/activation/{{proposal}}/approve"): told(
        "activation.approved", "security_key.used", "security_key.refused"
    ),
    ("POST", f"{LOG}/activation/{{proposal}}/withdraw"): told("activation.withdrawn"),
    ("GET", "/removal"): Untold("leads to a form"),
    ("GET", f"{LOG}/removal"): Untold("rules, and counts of a night; nothing of anybody"),
    ("POST", f"{LOG}/removal"): told("removal.proposed"),
    ("GET", f"{LOG}/removal/{{proposal}}"): told("removal.previewed"),
    ("POST", f"{LOG}/removal/{{proposal}}/approve"): told(
        "removal.approved", "security_key.used", "security_key.refused"
    ),
    ("POST", f"{LOG}/removal/{{proposal}}/withdraw"): told("removal.withdrawn"),
    ("GET", f"{LOG}/holds"): told("person.searched"),
    ("POST", f"{LOG}/holds"): told("hold.placed", "person.searched"),
    ("POST", f"{LOG}/holds/lift"): told("hold.lifted"),
    ("GET", "/access"): Untold("leads to a page"),
    ("GET", "/terms"): Untold("leads to a page"),
    ("GET", "/inquiries"): Untold("leads to a page"),
    ("GET", f"{LOG}/inquiries"): told("page.opened"),
    ("POST", f"{LOG}/inquiries"): told("inquiry.filed", "file.refused"),
    ("POST", f"{LOG}/inquiries/settle"): told(
        "inquiry.accepted", "inquiry.returned", "inquiry.withdrawn", "file.refused"
    ),
    ("GET", f"{LOG}/inquiries/{{inquiry}}/files/{{number}}"): told("file.fetched"),
    ("GET", f"{LOG}/remote"): told("page.opened"),
    ("GET", f"{LOG}/checks"): told("log.read"),
    ("POST", f"{LOG}/checks"): told("log.verified", "security_key.used", "security_key.refused"),
    ("POST", f"{LOG}/checks/wrong"): told("log.doubted"),
    ("GET", f"{LOG}/exclusions"): told("page.opened"),
    ("POST", f"{LOG}/exclusions/agree"): told("exclusion.approved", "security_key.used", "security_key.refused"),
    ("POST", f"{LOG}/exclusions/end"): told("exclusion.ended"),
    ("GET", "/audits"): Untold("leads to a page"),
    ("GET", f"{LOG}/audits"): told("page.opened"),
    ("POST", f"{LOG}/audits"): told("audit.asked"),
    ("POST", f"{LOG}/audits/agree"): told("audit.agreed"),
    ("POST", f"{LOG}/audits/propose"): told("audit.proposed"),
    ("POST", f"{LOG}/audits/withdraw"): told("audit.withdrawn"),
    ("POST", f"{LOG}/audits/end"): told("audit.ended"),
    ("POST", f"{LOG}/audits/close"): told("audit.closed"),
    ("POST", f"{LOG}/audits/finding"): told("audit.found"),
    ("GET", "/auditing"): Untold("leads to a page"),
    ("GET", f"{LOG}/auditing"): told("page.opened"),
    ("POST", f"{LOG}/auditing/freeze"): told("audit.frozen"),
    ("POST", f"{LOG}/auditing/draw"): told("audit.drawn"),
    ("POST", f"{LOG}/auditing/note"): told("audit.noted"),
    ("POST", f"{LOG}/auditing/finding"): told("audit.found"),
    ("GET", "/exercises"): Untold("leads to a page"),
    ("GET", f"{LOG}/exercises"): told("page.opened"),
    ("POST", f"{LOG}/exercises"): told("exercise.asked"),
    ("POST", f"{LOG}/exercises/withdraw"): told("exercise.withdrawn"),
    ("POST", f"{LOG}/exercises/decide"): told("exercise.decided"),
    ("POST", f"{LOG}/exercises/end"): told("exercise.ended"),
    ("POST", f"{LOG}/exercises/attend"): told("exercise.attended"),
    ("POST", f"{LOG}/exercises/lesson"): told("exercise.lesson"),
    ("POST", f"{LOG}/exercises/days"): told("exercise_rule.set"),
    ("GET", "/registers"): Untold("leads to a page"),
    ("GET", f"{LOG}/rules"): Untold("what the authority itself has published, and numbers; nobody in care"),
    ("POST", f"{LOG}/rules"): told("rule.published"),
    ("GET", "/rules"): Untold("leads to a page"),
    ("GET", f"{LOG}/registers"): told("page.opened"),
    ("GET", f"{LOG}/registers/files/{{file}}"): told("page.opened"),
    ("GET", f"{LOG}/terms"): told("page.opened"),
    ("GET", f"{LOG}/access"): told("page.opened"),
    ("POST", f"{LOG}/access/decide"): told("role.approved", "role.refused"),
    ("POST", f"{LOG}/access/designate"): told("role.designated", "role.released", "role.approved"),
    ("POST", f"{LOG}/access/routine"): told("routine.taken"),
    ("GET", f"{LOG}/access/report/{{year}}"): told("log.read"),
    ("POST", f"{LOG}/access/report/{{year}}/csv"): told("log.exported", "report.taken"),
    ("POST", f"{LOG}/access/report/{{year}}/pdf"): told("log.exported", "report.taken"),
    ("POST", f"{LOG}/terms/pack"): told("evidence.packed"),
    ("GET", "/reports"): Untold("leads to a page"),
    ("GET", f"{LOG}/reports"): told("page.opened"),
    ("GET", f"{LOG}/reports/{{report}}/{{year}}"): told("log.read", "page.opened"),
    ("POST", f"{LOG}/reports/{{report}}/{{year}}/csv"): told("report.taken"),
    ("POST", f"{LOG}/reports/{{report}}/{{year}}/pdf"): told("report.taken"),
    ("GET", "/clocks"): Untold("leads to the page of one's own authority"),
    ("GET", f"{LOG}/clocks"): told("page.opened"),
    ("GET", "/flows"): Untold("leads to the page of one's own authority"),
    ("GET", f"{LOG}/flows"): told("page.opened"),
    ("GET", "/status"): Untold("leads to the page of one's own authority"),
    ("GET", f"{LOG}/status"): told("page.opened"),
    ("GET", "/trends"): Untold("leads to the page of one's own authority"),
    ("GET", f"{LOG}/trends"): told("page.opened"),
    ("GET", "/holders"): Untold("leads to the page of one's own authority"),
    ("GET", f"{LOG}/holders"): told("log.read"),
    ("GET", f"{LOG}/holders/{{account}}"): told("log.read"),
    ("GET", f"{LOG}/notices"): told("page.opened"),
    ("POST", f"{LOG}/notices/seen"): told("notice.acknowledged"),
    ("GET", f"{LOG}/cases"): told("page.opened"),
    ("GET", f"{LOG}/cases/{{case}}"): told("page.opened"),
    ("POST", f"{LOG}/cases/{{case}}/answer"): told("case.written", "file.refused"),
    ("GET", f"{LOG}/cases/{{case}}/files/{{number}}"): told("file.fetched"),
    ("POST", f"{LOG}/cases/{{case}}/seen"): told("case.seen"),
    ("GET", f"{LOG}/cases/{{case}}/file"): told("case.exported"),
    ("GET", f"{LOG}/cases/{{case}}/file/csaf"): told("case.exported"),
    ("GET", f"{LOG}/cases/{{case}}/file/stix"): told("case.exported"),
    ("GET", f"{LOG}/cases/{{case}}/file/pdf"): told("case.exported"),
    ("GET", f"{LOG}/contacts"): Untold("whom the authority itself has named; nobody in care"),
    ("POST", f"{LOG}/contacts"): told("contact.set", "security_key.used", "security_key.refused"),
    ("POST", f"{LOG}/contacts/end"): told("contact.ended", "security_key.used", "security_key.refused"),
    ("POST", f"{LOG}/notices/way"): told("notice_way.set"),
    ("POST", f"{LOG}/notices/end"): told("notice_way.ended"),
    ("POST", f"{LOG}/notices/minutes"): told("notice_rule.set"),
    ("GET", "/tasks"): Untold("leads to the page of one's own authority"),
    ("GET", f"{LOG}/tasks"): Untold("what waits for somebody, in which there is nobody"),
    ("POST", f"{LOG}/tasks/digest"): told("digest_rule.set"),
    ("POST", f"{LOG}/tasks/calendar"): told("calendar_link.made"),
    ("POST", f"{LOG}/tasks/calendar/end"): told("calendar_link.ended"),
    ("GET", "/calendar/{secret}"): Untold("days of terms and tasks, in which there is nobody; the link has events"),
    ("POST", "/preferences"): Untold("language and theme, kept in the browser"),
    ("POST", "/sign-out"): told("session.ended"),
    ("GET", "/alive"): Untold("says nothing"),
    ("GET", "/.well-known/security.txt"): Untold("whom to tell of a weakness, the same for everybody"),
    ("GET", "/static/{fingerprint}/{name}"): Untold("style, scripts, signs"),
}
API_ADDRESSES: dict[tuple[str, str], Told | Untold] = {
    ("GET", "/api/openapi.json"): Untold("what can be asked; nothing of anybody"),
    ("POST", "/api/token"): told("client.admitted", "access.denied"),
    ("POST", "/api/revoke"): Untold("a program ends its own token, which lasts minutes; a refusal is access.denied"),
    ("GET", "/api/v1/{authority}/log/entries"): told("log.read", "log.searched"),
    ("GET", "/api/v1/{authority}/log/entries/{index}"): told("log.read"),
    ("GET", "/api/v1/{authority}/log/checkpoint"): told("log.read"),
    ("GET", "/api/v1/{authority}/access"): Untold("roles and requests, by identifiers; nobody in care"),
    ("GET", "/api/v1/{authority}/activation"): Untold("rules, and counts of devices"),
}
REGISTRY_ADDRESSES: dict[tuple[str, str], Told | Untold] = {
    ("GET", "/api/registry/openapi.json"): Untold("what can be asked; nothing of anybody"),
    ("POST", "/api/v1/{authority}/people"): told("person.registered"),
    ("GET", "/api/v1/{authority}/people/{person}"): told("person.read"),
    ("PUT", "/api/v1/{authority}/people/{person}"): told("person.changed"),
    ("POST", "/api/registry/exchange/{authority}/{partner}/contacts"): told("person.changed", "exchange.refused"),
    ("GET", "/alive"): Untold("says nothing"),
}
OFFICE_PAGES: dict[tuple[str, str], Told | Untold] = {
    ("GET", "/"): Untold("who works for the supplier and its authorities, with which roles; nobody in care"),
    ("GET", "/account/{account}"): Untold("what became of an account, from the log; nobody in care"),
    ("POST", "/account/{account}/ask"): told("account.requested", "security_key.used", "security_key.refused"),
    ("GET", "/account/{account}/roles"): Untold("an account's roles and what may be asked for; nobody in care"),
    ("POST", "/account/{account}/roles"): told("role.proposed", "security_key.used", "security_key.refused"),
    ("POST", "/account/{account}/put-out"): told(
        "account.deactivated", "session.ended", "security_key.used", "security_key.refused"
    ),
    ("POST", "/account/{account}/sessions"): told(
        "session.ended", "command.signed_out", "security_key.used", "security_key.refused"
    ),
    ("GET", "/requests"): Untold("what is asked for about accounts; nobody in care"),
    ("GET", "/requests/new"): Untold("a form, and nothing of anybody"),
    ("POST", "/requests/new"): told("account.requested", "security_key.used", "security_key.refused"),
    ("POST", "/requests/roles"): told(
        "role.agreed",
        "role.declined",
        "role.granted",
        "role.revoked",
        "role.requested",
        "session.ended",
        "access.denied",
        "security_key.used",
        "security_key.refused",
    ),
    ("POST", "/requests/decide"): told(
        "account.approved",
        "account.refused",
        "account.created",
        "role.granted",
        "account.reactivated",
        "account.removed",
        "account.renamed",
        "access.denied",
        "security_key.removed",
        "security_key.used",
        "security_key.refused",
    ),
    ("GET", "/emergency"): Untold("who are custodians, and when it was used; nobody in care"),
    ("GET", "/emergency/{emergency}"): Untold("what was done in it, by the log; nobody in care"),
    ("POST", "/emergency/{emergency}/review"): told(
        "break_glass.reviewed", "security_key.used", "security_key.refused"
    ),
    ("POST", "/emergency/add"): told("security_key.used", "security_key.refused"),
    ("POST", "/emergency/enrol"): told("security_key.allowed", "security_key.enrolled", "security_key.refused"),
    ("GET", "/issuers"): Untold("which issuers are believed, and who decided it; nobody in care"),
    ("GET", "/issuers/new"): Untold("a form, and what is said of an issuer today"),
    ("POST", "/issuers/new"): told("trust.proposed", "security_key.used", "security_key.refused"),
    ("POST", "/issuers/extend"): told("trust.proposed", "security_key.used", "security_key.refused"),
    ("POST", "/issuers/decide"): told("trust.approved", "trust.withdrawn", "security_key.used", "security_key.refused"),
    ("GET", "/outages"): Untold("which outages of issuers were declared, and by whom; nobody in care"),
    ("POST", "/outages"): told("outage.proposed"),
    ("POST", "/outages/declare"): told("outage.declared", "security_key.used", "security_key.refused"),
    ("POST", "/outages/end"): told("outage.ended"),
    ("GET", "/terms"): Untold("how the terms stand, in which there is nobody"),
    ("GET", "/terms/{slug}"): Untold("how the terms stand, in which there is nobody"),
    ("GET", "/inquiries"): Untold("what authorities have asked the supplier; nobody in care"),
    ("POST", "/inquiries"): told("inquiry.answered", "file.refused"),
    ("GET", "/inquiries/{inquiry}/files/{number}"): Untold("what came with what stands on the page; nobody in care"),
    ("GET", "/clocks"): Untold("how right the machines' clocks are; there is nobody in it"),
    ("GET", "/flows"): Untold("what flows between whom, and how it is protected; there is nobody in it"),
    ("GET", "/trends"): Untold("whether trial alarms come through, and what was measured; there is nobody in it"),
    ("GET", "/remote"): Untold("whose sessions were drawn for a check; nobody in care"),
    ("POST", "/remote/draw"): told("remote.drawn"),
    ("POST", "/remote/check"): told("remote.checked", "security_key.used", "security_key.refused"),
    ("GET", "/log-checks"): Untold("what authorities reported of their logs; nobody in care"),
    ("GET", "/exclusions"): Untold("which terms do not concern which authority; nobody in care"),
    ("POST", "/exclusions"): told("exclusion.proposed"),
    ("POST", "/exclusions/end"): told("exclusion.ended"),
    ("GET", "/audits"): Untold("which audits were asked for, and what became of them; nobody in care"),
    ("POST", "/audits/agree"): told("audit.agreed"),
    ("POST", "/audits/propose"): told("audit.proposed"),
    ("POST", "/audits/settle"): told("audit.settled"),
    ("GET", "/exercises"): Untold("which exercises were asked for, and what became of them; nobody in care"),
    ("POST", "/exercises/plan"): told("exercise.planned"),
    ("POST", "/exercises/begin"): told("exercise.begun", "security_key.used", "security_key.refused"),
    ("POST", "/exercises/end"): told("exercise.ended"),
    ("POST", "/exercises/attend"): told("exercise.attended"),
    ("POST", "/exercises/lesson"): told("exercise.lesson"),
    ("POST", "/exercises/settle"): told("exercise.settled"),
    ("POST", "/exercises/close"): told("exercise.closed"),
    ("GET", "/due"): Untold("days that come, and where the supplier is told; nobody in care"),
    ("POST", "/due/way"): told("notice_way.set", "security_key.used", "security_key.refused"),
    ("POST", "/due/end"): told("notice_way.ended", "security_key.used", "security_key.refused"),
    ("POST", "/due/digest"): told("digest_rule.set", "security_key.used", "security_key.refused"),
    ("POST", "/due/calendar"): told("calendar_link.made", "security_key.used", "security_key.refused"),
    ("POST", "/due/calendar/end"): told("calendar_link.ended"),
    ("GET", "/calendar/{secret}"): Untold("days of the registers, in which there is nobody; the link has events"),
    ("GET", "/registers"): Untold("which registers there are; nobody in care"),
    ("GET", "/cases"): Untold("which cases there are, and whom authorities named; nobody in care"),
    ("GET", "/vulnerabilities"): Untold("what runs and has a vulnerability; nobody in care"),
    ("POST", "/vulnerabilities/state"): told("vulnerability.stated"),
    ("POST", "/vulnerabilities/accept"): told(
        "vulnerability.accepted", "case.written", "security_key.used", "security_key.refused"
    ),
    ("POST", "/vulnerabilities/refuse"): told("vulnerability.refused"),
    ("GET", "/cases/new"): Untold("a form, and nothing of anybody"),
    ("POST", "/cases/new"): told("case.opened", "case.written"),
    ("GET", "/cases/{case}"): Untold("what was written in a case; nobody in care"),
    ("POST", "/cases/{case}/write"): told("case.written", "file.refused"),
    ("GET", "/cases/{case}/files/{number}"): Untold("what came with what stands on the page; nobody in care"),
    ("POST", "/cases/{case}/seen"): told("case.seen"),
    ("GET", "/registers/{register}"): Untold("what stands in a register; nobody in care"),
    ("GET", "/registers/{register}/table"): Untold("what stands in a register; nobody in care"),
    ("POST", "/registers/{register}/showing"): told("register.shown", "security_key.used", "security_key.refused"),
    ("GET", "/registers/{register}/new"): Untold("a form, and nothing of anybody in care"),
    ("POST", "/registers/{register}/new"): told("register.entered", "security_key.used", "security_key.refused"),
    ("GET", "/registers/{register}/import"): Untold("a form, and nothing of anybody"),
    ("POST", "/registers/{register}/import"): told("register.entered", "security_key.used", "security_key.refused"),
    ("GET", "/registers/{register}/entry/{entry}"): Untold("what stands in a register; nobody in care"),
    ("GET", "/registers/{register}/entry/{entry}/edit"): Untold("a form, and nothing of anybody in care"),
    ("POST", "/registers/{register}/entry/{entry}/edit"): told(
        "register.entered", "security_key.used", "security_key.refused"
    ),
    ("POST", "/registers/{register}/entry/{entry}/move"): told(
        "register.moved", "security_key.used", "security_key.refused"
    ),
    ("POST", "/registers/{register}/entry/{entry}/acknowledge"): told(
        "register.acknowledged", "security_key.used", "security_key.refused"
    ),
    ("POST", "/registers/{register}/entry/{entry}/files"): told("attachment.added", "attachment.refused"),
    ("GET", "/registers/{register}/entry/{entry}/files/{file}"): Untold("what stands in a register; nobody in care"),
    ("GET", "/rules"): Untold("which rules of authorities concern oneself; nobody in care"),
    ("GET", "/rules/{rule}/{version}"): told("rule.opened"),
    ("POST", "/rules/{rule}/{version}"): told("rule.acknowledged"),
    ("GET", "/touch"): Untold("a form, and nothing of anybody"),
    ("POST", "/touch"): told("security_key.used", "security_key.refused"),
    ("GET", "/first-key"): Untold("a form, and nothing of anybody"),
    ("POST", "/first-key"): told("security_key.allowed", "security_key.refused"),
    ("POST", "/first-key/enrol"): told("security_key.enrolled", "security_key.refused"),
    ("GET", "/command"): Untold("a form, in which one types the code of a command"),
    ("POST", "/command"): told("command.approved", "command.confirmed", "security_key.used", "security_key.refused"),
    ("GET", "/keys"): Untold("one's own security keys, and forms"),
    ("POST", "/keys"): told("security_key.enrolled", "security_key.refused"),
    ("POST", "/keys/add"): told("security_key.used", "security_key.refused"),
    ("POST", "/keys/rename"): told("security_key.renamed"),
    ("POST", "/keys/remove"): told("security_key.removed", "security_key.used", "security_key.refused"),
    ("GET", "/locked"): Untold("the cover of a locked page; nothing of anybody"),
    ("POST", "/unlock"): told("session.unlocked", "security_key.used", "security_key.refused"),
    ("POST", "/here"): Untold("that somebody is at the page, noted once a minute"),
    ("GET", "/here"): Untold("whether the page may still be seen"),
    ("GET", "/sessions"): Untold("where one is signed in oneself, shown to who is"),
    ("POST", "/sessions"): told("session.ended", "command.signed_out"),
    ("POST", "/preferences"): Untold("language and theme, kept in the browser"),
    ("POST", "/sign-out"): told("session.ended"),
    ("GET", "/alive"): Untold("says nothing"),
    ("GET", "/.well-known/security.txt"): Untold("whom to tell of a weakness, the same for everybody"),
    ("GET", "/static/{fingerprint}/{name}"): Untold("style, scripts, signs"),
}
DESK_READS = told("alarm.read", "history.listed", "history.searched", "person.searched")
"""The desk's addresses are walked one by one in tests/web/test_every_act_is_entered.py."""

# --- timers, and what processes do unasked ----------------------------------------------------------------------------

ROUNDS: dict[str, Told | Untold] = {
    "look_for_authorities": Untold("reads the directory"),
    "escalate": told("alarm.escalated", "alarm.released", "alarm.closed"),
    "look_after_held": told("alarm.released"),
    "forget": Untold("which messages were heard lately, of no use after minutes"),
    "supervise": told(
        "device.late", "device.lost", "device.returned", "site.silent", "site.returned", "alarm.raised",
        "alarm.restored",
    ),
    "settle_roles": told("role.lapsed", "role.unauthorised", "account.deactivated", "role.suspended", "role.restored"),
    "make_round": told(
        "erasure.begun", "person.removed", "device.changed", "erasure.completed", "erasure.attempted",
        "erasure.certified", "key.rotated", "removal.run", "data.removed", "alarm.removed", "ending.begun",
        "ending.removed", "ending.completed", "ending.attempted", "ending.certified", "authority.released",
        "authority.closed", "edition.lost", "erasure.returned", "ending.returned",
    ),
}  # fmt: skip
UNASKED = told(
    "command.unproved",
    "database.visited",
    "release.differs",
    "ledger.heartbeat",
    "key.created",
    "schema.migrated",
    "connection.refused",
    "access.denied",
    "sign_in.refused",
)
"""The sequencer's, the migration's, the receiver's, and what every page's door writes."""
NOT_YET: dict[str, str] = {}
"""Names that are reserved: an act that comes must use them."""


def everything() -> list[Told | Untold]:
    pages = (*PAGES.values(), *PORTAL_PAGES.values(), *OFFICE_PAGES.values(), *API_ADDRESSES.values(),
             *REGISTRY_ADDRESSES.values())  # fmt: skip
    return [*STATEMENTS.values(), *FUNCTIONS.values(), *COMMANDS.values(), *pages, *ROUNDS.values()]


def test_every_changing_statement_is_in_the_inventory() -> None:
    assert set(changing_statements()) == STATEMENTS.keys()


def test_every_changing_function_of_the_databases_is_in_the_inventory() -> None:
    assert changing_functions() == FUNCTIONS.keys()


def test_every_command_is_in_the_inventory() -> None:
    assert set(commands(main)) == COMMANDS.keys()


@pytest.mark.parametrize(
    ("addresses", "pages"),
    [(SIGNIN, PAGES), (PORTAL, PORTAL_PAGES), (OFFICE, OFFICE_PAGES), (API, API_ADDRESSES),
     (REGISTRY, REGISTRY_ADDRESSES)],
    ids=["signin", "portal", "office", "api", "registry"],
)  # fmt: skip
def test_every_page_is_in_the_inventory(
    addresses: tuple[Address, ...], pages: dict[tuple[str, str], Told | Untold]
) -> None:
    assert {(method, one.path) for one in addresses for method in one.methods} == pages.keys()


def test_every_round_of_the_scheduler_is_in_the_inventory() -> None:
    assert {name for name in vars(Watch) if not name.startswith("_")} == ROUNDS.keys()


def test_every_event_is_written_by_something_and_every_act_is_told_of_by_an_event_there_is() -> None:
    told_of = {event for one in everything() if isinstance(one, Told) for event in one.events}
    told_of |= set(UNASKED.events) | set(DESK_READS.events)
    known = {event.value for event in Event}
    assert told_of <= known
    assert known - told_of == NOT_YET.keys()


def test_whoever_is_told_nothing_of_is_told_why() -> None:
    reasons = [one.why for one in everything() if isinstance(one, Untold)]
    assert all(len(why) > 10 for why in reasons)
    assert len(DESK) > 20, "the desk's own walk reads its table"
