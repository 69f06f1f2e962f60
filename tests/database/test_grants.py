# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every right of every role, said a second time: a grant that is not also in this table fails the build.

The table below was written from what each component is for, not from grants.sql. It names every right there is on any
table, column, sequence, function and schema outside PostgreSQL's own; what it does not name must not exist.
"""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from vaka.database.server import (
    KEY_DATABASE,
    KEYHOLDER_ROLE,
    PLATFORM_DATABASE,
    SUPERUSER,
    Server,
    platform_role,
    tenant_role,
)
from vaka.tenants.authorities import Authority

Rights = dict[str, str]

# "select" is the whole table; "select(a b)" only those columns.
SEES_SCHEMAS = {"schema ledger": "usage", "schema vaka": "usage"}
WRITES_LEDGER = SEES_SCHEMAS | {"ledger.append()": "execute"}
ASKS_LEDGER = WRITES_LEDGER | {"ledger.standing()": "execute"}
CONTACTS = "select(authority_id hours mail name phone place since valid_until)"
DECLARES = {f"{what}()": "execute" for what in ("list_outages", "propose_outage", "declare_outage", "end_outage")}
READS_RULES = {f"{what}()": "execute" for what in ("list_rules_to_read", "open_rule", "acknowledge_rule")}
ENDS_COMMANDS = {f"{what}()": "execute" for what in ("list_command_sessions", "end_command_sessions")}
EXERCISES = {
    "list_exercises()": "execute",
    "list_exercise_lessons()": "execute",
    "exercise_days()": "execute",
    "end_exercise()": "execute",
    "attend_exercise()": "execute",
    "note_exercise_lesson()": "execute",
}
"""What both sides do about an exercise; each for itself, which the functions look at."""
AUDITS = {f"{what}()": "execute" for what in ("list_audits", "list_audit_findings", "agree_audit", "propose_audit")}
"""What both sides do about an audit; each for itself, which the functions look at."""
ACTS = {"usable_grant": "select", "is_time_boxed()": "execute", "audit_digest()": "execute"}
"""What an account may act by: an auditor within an audit alone."""
FINDS = {
    f"find_{what}()": "execute"
    for what in (
        "conflicting_roles", "ended_exceptions", "shared_accounts", "reused_identities", "unapproved_roles",
        "accounts_not_of_one",
        "contacts", "late_cases", "unseen_cases", "undetected", "untried",
        "misplaced_administrators", "unarrived_notices", "shared_sign_ins", "long_invitations", "accounts_by_hand",
        "doubtful_issuers", "unproved_runs", "drifted", "endless_auditors",
        "late_emergencies", "sessions_left_open", "accounts_past_their_end", "sessions_below_level",
        "unreviewed_break_glass", "unread_rules", "unreported",
        "documents", "processes", "certificates", "reviews", "unacknowledged", "undertakings", "subcontractors",
        "untrained", "unassessed", "shortcomings", "sites", "site_reviews", "partners", "unreviewed_changes",
        "large_changes", "unanswered_exercises", "exercise_hours", "unanswered_audits", "changed_samples",
        "unverified_logs",
        "stale_advisories", "unseen_vulnerabilities", "overdue_vulnerabilities",
        "plain_devices", "unreplayed", "wrongly_taken", "silent_sources", "unhoused", "remote_paths", "remote_samples",
        "deployments",
    )
} | dict.fromkeys(
    ("enter_look()", "newest_deployment()", "ledger.list_touches()", "ledger.count_made_up()", "list_digest_devices()",
     "report_clock()", "report_flows()", "report_certificates()"),
    "execute",
)  # fmt: skip
FINDS_OWN = {
    f"{what}()": "execute"
    for what in (
        "ledger.find_unpruned", "ledger.recent_checkpoints", "find_late_erasures", "find_returned_erasures",
        "find_unset_activation", "find_untold_alarms", "find_overdue_secrets", "ledger.list_touches",
    )
}  # fmt: skip
READS_GRANTS = {"effective_grant": "select", "grant_digest()": "execute", "ledger.is_role_told()": "execute"}

SEALS = WRITES_LEDGER | {
    "ledger.drain()": "execute",
    "ledger.announce_pruning()": "execute",
    "ledger.prune()": "execute",
    "ledger.whereabouts()": "execute",
    "ledger.inbox": "select(id)",
    "ledger.log_entry": "select insert",
    "ledger.entry_index": "select insert update",
    "ledger.tile": "select insert update(data width)",
    "ledger.head": "select update(root sequenced_at size)",
    "ledger.checkpoint": "select insert delete update(note signed_at)",
}

PLATFORM: dict[str, Rights] = {
    "receiver": WRITES_LEDGER
    | {
        "authority": "select",
        "device_entry": "select",
        "class_override": "select",
        "receiver_presence": "select insert update delete",
        "list_held_devices()": "execute",
    },
    "desk": ASKS_LEDGER
    | {
        "authority": "select",
        "installation": "select",
        "receiver_presence": "select",
        **READS_GRANTS,
        **ACTS,
        "account": "select(display_name id kind language state)",
        "session": "select(account_id authority_id break_glass browser created_at ended_at expires_at fallback id"
        " issuer kept_until level method realm token_hash) update(ended_at)",
        "session_use": "select insert update(locked_at used_at)",
        "keep_session()": "execute",
        "security_key": "select insert delete update(last_used_at name sign_count)",
        "security_key_challenge": "select insert delete update(used_at)",
        "device_entry": "insert select(active authority_id device_id sender)",
        "desk_presence": "select insert update",
        "trusted_issuer": "select",
        "trust_state()": "execute",
        **DECLARES,
        **READS_RULES,
    },
    "portal": ASKS_LEDGER
    | {
        "list_refused_exchanges()": "execute",
        **EXERCISES,
        **AUDITS,
        "list_asked_exercises()": "execute",
        "list_asked_audits()": "execute",
        "set_exercise_days()": "execute",
        **{
            f"{what}()": "execute"
            for what in (
                "list_auditors",
                "list_audited_sites",
                "is_audited_out",
                "ask_audit",
                "withdraw_audit",
                "end_audit",
                "close_audit",
                "note_audit_finding",
                "freeze_audit_population",
                "freeze_audit_log",
                "draw_audit_sample",
                "list_audit_populations",
                "list_audit_drawn",
            )
        },
        "ask_exercise()": "execute",
        "decide_exercise()": "execute",
        "withdraw_exercise()": "execute",
        "drift": "select(authority_id change name since)",
        "protected_look": "select",
        "ledger.concerning()": "execute",
        "read_directory()": "execute",
        "ledger.tile": "select",
        "ledger.head": "select",
        "ledger.checkpoint": "select",
        "ledger.inbox": "select(id written_at)",
        "security_key": "select insert delete update(last_used_at name sign_count)",
        "security_key_challenge": "select insert delete update(used_at)",
        "authority": "select",
        **READS_GRANTS,
        **ACTS,
        "role_grant": "select",
        "role_request": "select",
        "designated_role": "select",
        "unauthorised_grant": "select",
        "decide_role_request()": "execute",
        "designate_role()": "execute",
        "release_role()": "execute",
        "holders_digest()": "execute",
        "notice_standing": "select",
        "notice_delivery": "select",
        "notice_way": "select",
        "notice_rule": "select",
        "set_notice_way()": "execute",
        "end_notice_way()": "execute",
        "set_notice_minutes()": "execute",
        "acknowledge_notices()": "execute",
        "list_waiting()": "execute",
        "take_report()": "execute",
        "list_reports_taken()": "execute",
        "list_changes()": "execute",
        "list_standings()": "execute",
        "list_pending()": "execute",
        "list_reports_due()": "execute",
        "list_shown_days()": "execute",
        "digest_rule": "select",
        "set_digest_day()": "execute",
        "calendar_link": "select insert update(ended_at ended_by)",
        "list_digest_devices()": "execute",
        "api_client": "select insert update(ended_at ended_by)",
        "api_token": "select insert delete",
        "api_assertion": "select insert delete",
        "client_digest()": "execute",
        "ledger.is_client_told()": "execute",
        "list_evidence()": "execute",
        "read_backup_runs()": "execute",
        "list_clocks()": "execute",
        "list_machine_flows()": "execute",
        "list_trials()": "execute",
        "list_trial_hours()": "execute",
        "list_capacity_hours()": "execute",
        "list_asked()": "execute",
        "list_left_out()": "execute",
        "list_exclusions()": "execute",
        "list_remote_draws()": "execute",
        "list_remote_deviations()": "execute",
        "read_contract()": "execute",
        "list_log_checks()": "execute",
        "report_log_check()": "execute",
        "end_exclusion()": "execute",
        "approve_exclusion()": "execute",
        "list_inquiries()": "execute",
        "list_inquiry_messages()": "execute",
        "say_in_inquiry()": "execute",
        "list_looks()": "execute",
        "list_findings()": "execute",
        "case_contact": CONTACTS,
        **{
            f"{what}()": "execute"
            for what in ("list_cases_of", "list_case_titles", "list_case_entries", "list_case_receipts")
        },
        "list_vulnerabilities_of()": "execute",
        "answer_case()": "execute",
        **dict.fromkeys(("keep_message_file()", "refuse_message_file()", "read_case_file()"), "execute"),
        **dict.fromkeys(("list_inquiry_files()", "read_inquiry_file()"), "execute"),
        "see_case()": "execute",
        "set_case_contact()": "execute",
        "end_case_contact()": "execute",
        "count_shown_entries()": "execute",
        "list_shown_entries()": "execute",
        "list_shown_files()": "execute",
        "read_shown_file()": "execute",
        "publish_rule()": "execute",
        "list_published_rules()": "execute",
        "rules_since()": "execute",
        "account": "select(created_at display_name ends_at human id kind language last_signed_in_at state)",
        "session": "select(account_id authority_id break_glass browser created_at ended_at expires_at fallback id"
        " issuer kept_until level method realm token_hash) update(ended_at)",
        "session_use": "select insert update(locked_at used_at)",
    },
    "registry": ASKS_LEDGER
    | {
        "authority": "select",
        **READS_GRANTS,
        **ACTS,
        "account": "select(display_name id language state)",
        "find_partner()": "execute",
        "take_exchange()": "execute",
        "refuse_exchange()": "execute",
        "api_client": "select(authority_id ended_at ends_at id keys owner scopes)",
        "api_token": "select(certificate client_id expires_at id issued_at token_hash)",
        "client_digest()": "execute",
        "ledger.is_client_told()": "execute",
    },
    "office": ASKS_LEDGER
    | {
        "list_refused_exchanges()": "execute",
        "approve_command_login()": "execute",
        "command_confirmation": "select(account_id arguments arguments_sha256 asked_at by_two change code_hash command"
        " entry expires_at id machine purpose second_entry tool uid)",
        "confirm_command()": "execute",
        **ENDS_COMMANDS,
        "command_login": "select(approved_by asked_at code_hash expires_at id machine uid username)",
        "installation": "select",
        "authority": "select",
        **READS_GRANTS,
        **ACTS,
        "account": "select(created_at display_name ends_at human id kind language last_signed_in_at state)",
        "account_link": "select(account_id created_at issuer retired_at)",
        "ledger.account_history()": "execute",
        "account_request": "select",
        "role_request": "select(account_id answer_by authority_id decided_at decided_by id kind requested_by role state"
        " valid_from valid_until)",
        "role_change": "select",
        "role_grant": "select",
        "designated_role": "select(authority_id role)",
        "request_role_change()": "execute",
        "try_role_change()": "execute",
        "decide_role_change()": "execute",
        "request_account()": "execute",
        "request_identity()": "execute",
        "approve_identity()": "execute",
        "decide_account_request()": "execute",
        "lacks_undertaking()": "execute",
        "awaits_undertaking()": "execute",
        "training_due()": "execute",
        "ended_engagement()": "execute",
        "policy_to_accept()": "execute",
        "place_session()": "execute",
        "list_networks()": "execute",
        "last_quarter()": "execute",
        "list_remote_draws()": "execute",
        "list_remote_drawn()": "execute",
        "draw_remote_sample()": "execute",
        "check_remote_session()": "execute",
        **READS_RULES,
        "rules_since()": "execute",
        "redeem_key_code()": "execute",
        "acts_as_administrator()": "execute",
        "emergency_key_request()": "execute",
        "break_glass": "select",
        "share_a_human()": "execute",
        "review_break_glass()": "execute",
        "ledger.acts_between()": "execute",
        "put_out_account()": "execute",
        **dict.fromkeys(
            ("register_version", "register_holding", "register_acknowledgement", "register_showing", "attachment"),
            "select",
        ),
        "enter_register_version()": "execute",
        "acknowledge_register_entry()": "execute",
        "show_register()": "execute",
        "attach_file()": "execute",
        "refuse_file()": "execute",
        "case_contact": CONTACTS,
        **dict.fromkeys(("security_case", "case_entry", "case_receipt", "case_touch", "case_standing"), "select"),
        **{f"{what}()": "execute" for what in ("open_case", "write_case", "see_case")},
        "message_file": "select",
        **{f"{what}()": "execute" for what in ("keep_message_file", "refuse_message_file")},
        **{f"{what}()": "execute" for what in ("state_vulnerability", "decide_vulnerability")},
        **dict.fromkeys(
            (
                "advisory_import",
                "vulnerability_look",
                "running_component",
                "vulnerability_finding",
                "vulnerability_told",
                "vulnerability_statement",
            ),
            "select",
        ),
        "list_evidence()": "execute",
        "read_backup_runs()": "execute",
        "list_clocks()": "execute",
        "list_machine_flows()": "execute",
        "list_trials()": "execute",
        "list_trial_hours()": "execute",
        "list_capacity_hours()": "execute",
        "list_asked()": "execute",
        "list_left_out()": "execute",
        "list_exclusions()": "execute",
        "read_contract()": "execute",
        "list_log_checks()": "execute",
        "end_exclusion()": "execute",
        "propose_exclusion()": "execute",
        "inquiry_standing": "select",
        "inquiry_message": "select",
        "say_in_inquiry()": "execute",
        "list_register_days()": "execute",
        "list_owed()": "execute",
        "set_own_digest_day()": "execute",
        "read_own_digest_day()": "execute",
        "list_own_ways()": "execute",
        "set_own_way()": "execute",
        "end_own_way()": "execute",
        "calendar_link": "select insert update(ended_at ended_by)",
        "trusted_issuer": "select insert update(approved_at approved_by withdrawn_at withdrawn_by)",
        "trust_state()": "execute",
        "ledger.trust_history()": "execute",
        **DECLARES,
        **EXERCISES,
        **AUDITS,
        "list_asked_exercises()": "execute",
        "list_asked_audits()": "execute",
        "settle_audit_finding()": "execute",
        "plan_exercise()": "execute",
        "begin_exercise()": "execute",
        "settle_exercise_lesson()": "execute",
        "close_exercise()": "execute",
        "security_key": "select insert delete update(last_used_at name sign_count)",
        "security_key_challenge": "select insert delete update(used_at)",
        "session_use": "select insert update(locked_at used_at)",
        "session": "select(account_id authority_id break_glass browser created_at ended_at expires_at fallback id"
        " issuer kept_until level method realm token_hash) update(ended_at)",
    },
    "signin": ASKS_LEDGER
    | {
        "installation": "select",
        "authority": "select",
        **READS_GRANTS,
        **ACTS,
        "account": "select update(last_signed_in_at)",
        "session": "select insert update(ended_at)",
        "session_use": "select",
        "security_key": "select update(last_used_at sign_count)",
        "trusted_issuer": "select",
        "account_link": "select insert update(matching_hmac request_id retired_at)",
        "invitation": "select update(redeemed_at)",
        "pending_login": "select insert delete",
        "break_glass": "select",
        "emergency_touch": "select insert delete",
        "acts_as_administrator()": "execute",
        "begin_break_glass()": "execute",
        "open_break_glass()": "execute",
        "count_unreviewed_break_glass()": "execute",
        "seen_assertion": "select insert delete",
        "trust_state()": "execute",
        "list_outages()": "execute",
    },
    "scheduler": ASKS_LEDGER
    | {
        "list_trial_devices()": "execute",
        "tell_drift()": "execute",
        "release_devices()": "execute",
        "release_authority()": "execute",
        "close_authority()": "execute",
        "authority": "select",
        "receiver_presence": "select",
        "desk_presence": "select",
        "session": "select(account_id ended_at expires_at kept_until realm)",
        "account": "select(human id state)",
        **READS_GRANTS,
        "settle_roles()": "execute",
        "lapse_role_changes()": "execute",
        "settle_training()": "execute",
        "escalate_cases()": "execute",
        **dict.fromkeys(("list_detection()", "enter_detection()", "raise_alert()"), "execute"),
        "ledger.list_watched()": "execute",
        "newest_advisories()": "execute",
        "find_advisories()": "execute",
        "enter_vulnerabilities()": "execute",
        "end_accounts()": "execute",
        "end_break_glass()": "execute",
        **FINDS,
        "rules_since()": "execute",
        "list_asked()": "execute",
        "list_left_out()": "execute",
        "list_asked_exercises()": "execute",
        "list_asked_audits()": "execute",
        "list_evidence()": "execute",
        "read_backup_runs()": "execute",
        "is_backup_apart()": "execute",
        "list_clocks()": "execute",
        "list_machine_flows()": "execute",
        "list_waiting()": "execute",
        "list_pending()": "execute",
        "list_reports_due()": "execute",
        "list_register_days()": "execute",
        "list_owed()": "execute",
        "list_shown_days()": "execute",
        "own_reception()": "execute",
        "tell_reminder()": "execute",
        "tell_digest()": "execute",
        "report_capacity()": "execute",
        "read_digest_state()": "execute",
        "tell_late_notices()": "execute",
    },
    "notifier": {
        "schema vaka": "usage",
        "take_notices()": "execute",
        "read_said()": "execute",
        "tell_delivered()": "execute",
        "tell_hindered()": "execute",
    },
    "trial": {
        "schema vaka": "usage",
        "authority": "select",
        "report_trial()": "execute",
        "list_trial_devices()": "execute",
    },
    "sequencer": SEALS | {"authority": "select"},
    "setup": ASKS_LEDGER
    | {
        "find_held_exercise()": "execute",
        "import_contract()": "execute",
        "read_contract()": "execute",
        "register_exercise_devices()": "execute",
        "register_trial_device()": "execute",
        "list_trial_devices()": "execute",
        "ask_command_login()": "execute",
        "start_command_session()": "execute",
        "command_account()": "execute",
        "command_holder()": "execute",
        **ENDS_COMMANDS,
        "end_command_session()": "execute",
        "ask_command_confirmation()": "execute",
        "spend_command_confirmation()": "execute",
        "is_founding()": "execute",
        "setup_decides_until()": "execute",
        "protected_state": "select",
        "drift": "select",
        "accept_state()": "execute",
        "enter_deployment()": "execute",
        "authority": "select insert update",
        "device_entry": "select insert update",
        "class_override": "select insert update delete",
        "account": "select",
        **{
            f"{what}()": "execute"
            for what in ("begin_advisory_import", "add_advisory_records", "finish_advisory_import")
        },
        "found_account()": "execute",
        "found_key_code()": "execute",
        "request_identity()": "execute",
        "request_account()": "execute",
        "role_grant": "select insert update delete",
        **READS_GRANTS,
        "role_request": "select",
        "designated_role": "select",
        "role_conflict": "select",
        "request_role()": "execute",
        "request_role_change()": "execute",
        **FINDS,
        "rules_since()": "execute",
        "list_asked()": "execute",
        "list_left_out()": "execute",
        "list_asked_exercises()": "execute",
        "list_asked_audits()": "execute",
        "list_evidence()": "execute",
        "read_backup_runs()": "execute",
        "is_backup_apart()": "execute",
        "find_restorer()": "execute",
        "list_clocks()": "execute",
        "list_machine_flows()": "execute",
        "put_out_account()": "execute",
        "end_account()": "execute",
        "installation": "select insert",
        "session": "select(account_id browser created_at ended_at expires_at fallback id issuer kept_until level method"
        " realm) update(ended_at)",
        "session_use": "select",
        "security_key": "delete select(account_id added_at credential_id id last_used_at purpose)",
        "settings_record": "select insert update delete",
        "invitation": "insert",
        "trusted_issuer": "select insert update(approved_at approved_by withdrawn_at withdrawn_by)",
        "trust_state()": "execute",
    },
}

REGISTER = "select insert update delete"
TENANT: dict[str, Rights] = {
    "receiver": WRITES_LEDGER
    | {
        "accept_messages()": "execute",
        "accept_exercises()": "execute",
        "record_signs_of_life()": "execute",
    },
    "trial": {
        "schema vaka": "usage",
        "is_trial_device()": "execute",
        "find_trial()": "execute",
        "forget_trials()": "execute",
    },
    "desk": ASKS_LEDGER
    | {
        "unit": "select",
        "unit_hours": "select",
        "person": "select",
        "contact": "select",
        "note": "select",
        "device": "select insert",
        "device_state": "select insert",
        "policy": "select",
        "closing_code": "select",
        "alarm": "select update(closed_at closed_by closing_action closing_note closing_reason closing_result"
        " escalate_at escalation holder merged_into offered_to part_received_at parts presented_at state"
        " suspended_until taken_at version)",
        "alarm_note": "select insert",
        "alarm_step": "select insert",
        "message": "select(alarm_id class deviations device_id effect id kind received_at ref sender subject_id texts"
        " transport)",
        "announce_alarms()": "execute",
        "tell_refused()": "execute",
    },
    "portal": ASKS_LEDGER
    | {
        "ledger.log_entry": "select",
        "ledger.entry_index": "select",
        "ledger.tile": "select",
        "ledger.head": "select",
        "ledger.checkpoint": "select",
        "ledger.inbox": "select(id written_at)",
        "ledger.whereabouts()": "execute",
        "ledger.set_retention()": "execute",
        "ledger.retention_at()": "execute",
        "list_activation()": "execute",
        "activation_in_force()": "execute",
        "propose_activation()": "execute",
        "approve_activation()": "execute",
        "withdraw_activation()": "execute",
        "device_secret": "select(device_id kinds length set_at)",
        "list_removal_rules()": "execute",
        "removal_in_force()": "execute",
        "propose_removal()": "execute",
        "note_removal_preview()": "execute",
        "approve_removal()": "execute",
        "withdraw_removal()": "execute",
        "preview_removal()": "execute",
        "removal_state": "select",
        "legal_hold": "select",
        "audit_note": "select insert",
        "authority_ending": "select",
        "list_endings()": "execute",
        "order_ending()": "execute",
        "decide_ending()": "execute",
        "authority_export": "select",
        "begin_export()": "execute",
        "read_export()": "execute",
        "complete_export()": "execute",
        "erasure_order": "select",
        "returned": "select",
        "order_erasure()": "execute",
        "decide_erasure()": "execute",
        "place_hold()": "execute",
        "lift_hold()": "execute",
        "person": "select(born_on family_name given_name id personal_number personal_number_key phone_key"
        " protected_identity)",
        "device": "select(id model person_id sender)",
        "alarm": "select(id person_id)",
        "unit": "select(id name)",
    },
    "registry": ASKS_LEDGER
    | {
        "person": "insert select(absence_reason absent_from absent_until area born_on care_notes city cognition"
        " digital_lock door_code family_name floor given_name hearing id key_box key_number language"
        " latitude longitude personal_number personal_number_key phone postal_code protected_identity"
        " risks route speech street) update(absence_reason absent_from absent_until area born_on"
        " care_notes city cognition digital_lock door_code family_name floor given_name hearing"
        " key_box key_number language latitude longitude personal_number personal_number_key phone"
        " phone_key postal_code protected_identity risks route speech street)",
        "contact": "select insert delete",
        "note": "select insert delete",
    },
    "scheduler": ASKS_LEDGER
    | {
        "list_trial_devices()": "execute",
        **FINDS_OWN,
        "ledger.list_watched()": "execute",
        "ledger.log_entry": "select",
        "ledger.tile": "select",
        "ledger.head": "select",
        "ledger.checkpoint": "select",
        "erasure_order": "select",
        "list_endings()": "execute",
        "begin_ending()": "execute",
        "hinder_ending()": "execute",
        "remove_of_ending()": "execute",
        "complete_ending()": "execute",
        "enter_ending_attempt()": "execute",
        "certify_ending()": "execute",
        "remove_ended_again()": "execute",
        "begin_erasure()": "execute",
        "hinder_erasure()": "execute",
        "complete_erasure()": "execute",
        "enter_erasure_attempt()": "execute",
        "certify_erasure()": "execute",
        "remove_erased_again()": "execute",
        "list_removal_rules()": "execute",
        "list_activation()": "execute",
        "removal_in_force()": "execute",
        "list_removable()": "execute",
        "remove_data()": "execute",
        "removal_state": "select update",
        "person": "select(born_on family_name given_name id personal_number)",
        "policy": "select",
        "device": "select(device_type id interval_seconds person_id sender supervised)",
        "alarm": "select insert update(closed_at closed_by closing_reason closing_result escalate_at escalation holder"
        " latest_at messages offered_to state suspended_until version withdrawn_at)",
        "alarm_step": "insert select(actor alarm_id at)",
        "device_state": "select update(changed_at condition last_seen)",
        "supervision_turn": "select update",
        "announce_alarms()": "execute",
        "forget_repeats()": "execute",
        "judged_condition()": "execute",
    },
    "sequencer": SEALS,
    "setup": ASKS_LEDGER
    | {
        **FINDS_OWN,
        "register_exercise_devices()": "execute",
        "register_trial_device()": "execute",
        "list_trial_devices()": "execute",
        "unit": REGISTER,
        "unit_hours": REGISTER,
        "person": REGISTER,
        "contact": REGISTER,
        "note": REGISTER,
        "device": REGISTER,
        "device_state": REGISTER,
        "closing_code": REGISTER,
        "activation_in_force()": "execute",
        "device_secret": "select insert",
        "erasure_order": "select(erased_at id person_id removed_at state)",
        "authority_ending": "select(erased_at id released_at state)",
        "removal_in_force()": "execute",
        "preview_removal_at()": "execute",
        "policy": "select update",
    },
}

KEYS: Rights = {
    "schema vaka": "usage",
    "store": "select insert update",
    "authority_key": "select insert update delete",
    "subject_key": "select insert update delete",
    "lookup_key": "select insert update delete",
    "erasure": "select insert",
    "edition": "select insert update",
    "erased_subject": "select insert",
    "key_register": "select insert update(destroyed_at)",
}

NOBODY: Rights = {}
TABLE_RIGHTS = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
COLUMN_RIGHTS = ("select", "insert", "update", "references")


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture(scope="module")
def databases(server: Server, tenant: Authority) -> Iterator[dict[str, psycopg.Connection[tuple[object, ...]]]]:
    """A superuser's connection to a database of each kind, for asking the catalogue."""
    with (
        closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as platform,
        closing(psycopg.connect(server.conninfo(SUPERUSER, tenant.database_name), autocommit=True)) as tenant_database,
        closing(psycopg.connect(server.conninfo(SUPERUSER, KEY_DATABASE), autocommit=True)) as keys,
    ):
        yield {"platform": platform, "tenant": tenant_database, "keys": keys}


def rights_of(connection: psycopg.Connection[tuple[object, ...]], role: str) -> Rights:
    """Return everything ``role`` may do in this database, in the form of the table above."""
    found: Rights = {}
    tables = connection.execute(
        """select c.oid, replace(format('%I.%I', n.nspname, c.relname), 'vaka.', ''),
                  array_agg(a.attname order by a.attname)
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           where c.relkind in ('r', 'v', 'm', 'p', 'f') and n.nspname !~ '^(pg_|information_schema)'
           group by c.oid, n.nspname, c.relname"""
    ).fetchall()
    for oid, name, columns in tables:
        assert isinstance(columns, list)
        rights = [right for right in TABLE_RIGHTS if _has(connection, "table", role, oid, right)]
        for right in sorted(set(COLUMN_RIGHTS) - set(rights)):
            allowed = [column for column in columns if _has_column(connection, role, oid, column, right)]
            if allowed:
                rights.append(f"{right}({' '.join(allowed)})")
        if rights:
            found[str(name)] = " ".join(rights)
    others = connection.execute(
        """select 'sequence', c.oid, format('sequence %s.%s', n.nspname, c.relname), array['usage', 'select', 'update']
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'S' and n.nspname !~ '^pg_'
           union all
           select 'function', p.oid, replace(format('%s.%s()', n.nspname, p.proname), 'vaka.', ''), array['execute']
             from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname !~ '^(pg_|information_schema)'
           union all
           select 'schema', oid, 'schema ' || nspname, array['usage', 'create']
             from pg_namespace where nspname !~ '^(pg_|information_schema)'"""
    ).fetchall()
    for kind, oid, name, possible in others:
        assert isinstance(possible, list)
        rights = [right for right in possible if _has(connection, str(kind), role, oid, right)]
        if rights:
            found[str(name)] = " ".join(rights)
    return found


def _has(connection: psycopg.Connection[tuple[object, ...]], kind: str, role: str, oid: object, right: str) -> bool:
    question = sql.SQL("select {}(%s, %s::oid, %s)").format(sql.Identifier(f"has_{kind}_privilege"))
    row = connection.execute(question, (role, oid, right)).fetchone()
    return row == (True,)


def _has_column(
    connection: psycopg.Connection[tuple[object, ...]], role: str, oid: object, column: str, right: str
) -> bool:
    row = connection.execute("select has_column_privilege(%s, %s::oid, %s, %s)", (role, oid, column, right)).fetchone()
    return row == (True,)


@pytest.mark.parametrize("component", sorted(PLATFORM))
def test_platform_rights_are_exactly_these(
    databases: dict[str, psycopg.Connection[tuple[object, ...]]], component: str
) -> None:
    assert rights_of(databases["platform"], platform_role(component)) == PLATFORM[component]


@pytest.mark.parametrize("component", sorted(TENANT))
def test_rights_in_an_authoritys_database_are_exactly_these(
    databases: dict[str, psycopg.Connection[tuple[object, ...]]], tenant: Authority, component: str
) -> None:
    assert rights_of(databases["tenant"], tenant_role(tenant.database_name, component)) == TENANT[component]


def test_rights_in_the_key_database_are_exactly_these(
    databases: dict[str, psycopg.Connection[tuple[object, ...]]], tenant: Authority
) -> None:
    assert rights_of(databases["keys"], KEYHOLDER_ROLE) == KEYS
    for component in PLATFORM:
        assert rights_of(databases["keys"], platform_role(component)) == NOBODY
    for component in TENANT:
        assert rights_of(databases["keys"], tenant_role(tenant.database_name, component)) == NOBODY
    for kind in ("platform", "tenant"):
        assert rights_of(databases[kind], KEYHOLDER_ROLE) == NOBODY


@pytest.mark.parametrize("kind", ["platform", "tenant", "keys"])
def test_public_has_no_right_at_all(databases: dict[str, psycopg.Connection[tuple[object, ...]]], kind: str) -> None:
    assert rights_of(databases[kind], "public") == NOBODY


@pytest.mark.parametrize("kind", ["platform", "tenant"])
def test_term_14_2_owner_of_the_tables_can_only_add_to_the_ledger(
    databases: dict[str, psycopg.Connection[tuple[object, ...]]], kind: str
) -> None:
    rights = rights_of(databases[kind], "vaka_owner")
    assert {name: right for name, right in rights.items() if "ledger" in name} == {
        "ledger.append()": "execute",
        "ledger.inbox": "insert",
        "ledger.is_told()": "execute",
        **(
            dict.fromkeys(
                ("ledger.removal_approved_at()", "ledger.activation_approved_at()", "ledger.count_untold()"), "execute"
            )
            if kind == "tenant"
            else {}
        ),
        **(
            dict.fromkeys(
                (
                    "ledger.audited()",
                    "ledger.first_over()",
                    "ledger.standing_of()",
                    "ledger.is_role_told()",
                    "ledger.is_login_told()",
                    "ledger.how_confirmed()",
                    "ledger.outage_told()",
                    "ledger.is_exclusion_told()",
                    "ledger.is_contract_told()",
                    "ledger.first_checkpoint()",
                    "ledger.list_remote_sessions()",
                    "ledger.count_remote_checks()",
                    "ledger.trust_told()",
                    "ledger.count_entries()",
                    "ledger.last_run()",
                    "ledger.last_run_said()",
                    "ledger.newest_runs()",
                    "ledger.restored_by()",
                    "ledger.last_deployment()",
                    "ledger.count_untold()",
                    "ledger.count_untold_grants()",
                    "ledger.is_register_told()",
                    "ledger.is_register_accepted()",
                ),
                "execute",
            )
            if kind == "platform"
            else {}
        ),
        "schema ledger": "usage",
    } | (
        dict.fromkeys(
            (
                "ledger.is_erasure_decided()",
                "ledger.erasures_decided()",
                "ledger.ending_due_at()",
                "ledger.is_step_done()",
                "ledger.is_entry_of()",
            ),
            "execute",
        )
        if kind == "tenant"
        else {}
    )


@pytest.mark.parametrize("kind", ["platform", "tenant"])
def test_owner_of_the_ledger_reaches_nothing_else(
    databases: dict[str, psycopg.Connection[tuple[object, ...]]], kind: str
) -> None:
    assert all("ledger" in name for name in rights_of(databases[kind], "vaka_ledger"))


@pytest.mark.parametrize("kind", ["platform", "tenant", "keys"])
def test_no_right_can_be_passed_on(databases: dict[str, psycopg.Connection[tuple[object, ...]]], kind: str) -> None:
    passed_on = (
        databases[kind]
        .execute(
            """select c.oid::regclass, acl.grantee::regrole from pg_class c, aclexplode(c.relacl) acl
            where acl.is_grantable and acl.grantee <> c.relowner
           union all
           select a.attrelid::regclass, acl.grantee::regrole from pg_attribute a, aclexplode(a.attacl) acl
            where acl.is_grantable
           union all
           select p.oid::regproc::text::name::regclass, acl.grantee::regrole from pg_proc p, aclexplode(p.proacl) acl
            where acl.is_grantable and acl.grantee <> p.proowner"""
        )
        .fetchall()
    )
    assert passed_on == []


@pytest.mark.parametrize("kind", ["platform", "tenant"])
def test_functions_that_run_as_their_owner_cannot_be_misled(
    databases: dict[str, psycopg.Connection[tuple[object, ...]]], kind: str
) -> None:
    """A fixed search path that ends in pg_temp, so that nothing the caller makes is found first."""
    functions = (
        databases[kind]
        .execute(
            """select p.proname, coalesce(setting, ''), r.rolname,
                  has_function_privilege('public', p.oid, 'execute')
             from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
             left join unnest(p.proconfig) setting on setting like 'search_path=%'
            where p.prosecdef and n.nspname !~ '^(pg_|information_schema)'"""
        )
        .fetchall()
    )
    assert functions
    for name, setting, owner, public in functions:
        assert str(setting).removeprefix("search_path=").split(", ")[-1] == "pg_temp", name
        assert owner in ("vaka_owner", "vaka_ledger"), name
        assert public is False, name


@pytest.mark.parametrize("kind", ["platform", "tenant"])
def test_every_function_that_names_a_table_has_a_fixed_search_path(
    databases: dict[str, psycopg.Connection[tuple[object, ...]]], kind: str
) -> None:
    """The one without is pure arithmetic, which PostgreSQL copies into the query that uses it."""
    loose = (
        databases[kind]
        .execute(
            """select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname !~ '^(pg_|information_schema)'
              and not exists (select from unnest(p.proconfig) setting where setting like 'search_path=%pg_temp')"""
        )
        .fetchall()
    )
    assert loose in ([], [("judged_condition",)])


@pytest.mark.parametrize("kind", ["platform", "tenant", "keys"])
def test_what_is_there_belongs_to_the_two_owners(
    databases: dict[str, psycopg.Connection[tuple[object, ...]]], kind: str
) -> None:
    owners = (
        databases[kind]
        .execute(
            """select n.nspname::text, r.rolname::text from pg_class c
             join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner
            where n.nspname !~ '^(pg_|information_schema)'
           union
           select n.nspname, r.rolname from pg_proc p
             join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
            where n.nspname !~ '^(pg_|information_schema)'"""
        )
        .fetchall()
    )
    expected = {("vaka", "vaka_owner"), ("ledger", "vaka_ledger")}
    assert set(owners) == {one for one in expected if kind != "keys" or one[0] == "vaka"}
