-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Every right any process has in any database, on this one page. What is not here is refused.
--
-- Group roles carry rights and cannot log in; login roles are members of exactly one:
--   in the platform database        vaka_<component>
--   in an authority's database      <database>_<component>, able to connect to that database alone
--   in the key database             vaka_keyholder, which connects to no other; and nobody else connects to that one
-- Owners (vaka_owner, vaka_ledger) cannot log in and are no process's role. No role has CREATEROLE, CREATEDB or
-- a pg_write_all_data kind of membership.
--
-- A line "-- in: <kind>" says in which kind of database the lines below it hold. The key database has no ledger, and so
-- nothing of what every other has.

-- in: every
revoke all on schema public from public;
-- Large objects are storage without an owner's leave; nobody makes one.
revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) from public;
grant usage on schema ledger to vaka_owner, g_receiver, g_desk, g_portal, g_registry, g_office, g_scheduler, g_signin, g_setup,
    g_sequencer;
-- The owner of accept_messages writes entries in the alarm's own transaction; it cannot read or change them.
grant insert on ledger.inbox to vaka_owner;
grant execute on function ledger.is_told, ledger.append to vaka_owner;
grant execute on function ledger.append to g_desk, g_portal, g_registry, g_office, g_scheduler, g_signin, g_setup, g_receiver,
    g_sequencer;
-- sequencer: takes entries out of the inbox, adds them to the log, and lets the tree grow. Of the rest it sees nothing.
grant execute on function ledger.drain to g_sequencer;
grant select (id) on ledger.inbox to g_sequencer;
grant select, insert on ledger.log_entry to g_sequencer;
grant select, insert, update on ledger.entry_index to g_sequencer;
grant select, insert, update (width, data) on ledger.tile to g_sequencer;
grant select, update (size, root, sequenced_at) on ledger.head to g_sequencer;
grant select, insert, update (note, signed_at), delete on ledger.checkpoint to g_sequencer;
-- sequencer: says what is older than the authority keeps it, and removes what it has said; both look for themselves.
grant execute on function ledger.announce_pruning, ledger.prune to g_sequencer;
-- sequencer: whether an entry waits, stands in the log, or is gone; maintenance commands ask as it for their receipts.
grant execute on function ledger.whereabouts to g_sequencer;
grant usage on schema vaka to g_receiver, g_desk, g_portal, g_registry, g_office, g_scheduler, g_signin, g_setup, g_sequencer;

-- Whoever must not act while the ledger stands still may ask whether it stands.
grant execute on function ledger.standing to g_desk, g_portal, g_registry, g_office, g_signin, g_setup, g_scheduler;

-- in: platform
-- receiver: knows devices and rules, tells that it is up.
grant select on authority, device_entry, class_override to g_receiver;
grant select, insert, update, delete on receiver_presence to g_receiver;
-- receiver: which devices are an exercise's that is held; setup: registers them, for one that is. Nobody reads or writes a row.
grant execute on function list_held_devices to g_receiver;
grant execute on function find_held_exercise, register_exercise_devices to g_setup;
-- setup: registers the devices that send trial alarms; trial: which authorities there are, and what became of their trials.
grant usage on schema vaka to g_trial;
grant select on authority to g_trial;
grant execute on function register_trial_device to g_setup;
-- trial, scheduler, setup: of two forms the one is the release before's.
grant execute on function report_trial(uuid, text, text, integer, integer), report_trial(uuid, text, integer, integer) to g_trial;
grant execute on function list_trial_devices to g_trial, g_scheduler, g_setup;
grant execute on function list_trials, list_trial_hours, list_capacity_hours to g_office, g_portal;
grant execute on function report_capacity to g_scheduler;
grant execute on function find_untried(text[], interval, timestamptz), find_untried(interval, timestamptz) to g_scheduler, g_setup;
-- desk: who is this session, what may he do where, which authorities are there.
grant select on authority, installation, receiver_presence, effective_grant to g_desk;
grant select (id, display_name, kind, language, state) on account to g_desk;
grant select (token_hash, id, account_id, realm, created_at, expires_at, ended_at, method, issuer, level, browser,
    kept_until, fallback, break_glass, authority_id), update (ended_at) on session to g_desk;
-- desk: notes when a session was last used, locks what nobody uses and unlocks it.
grant select, insert, update (used_at, locked_at) on session_use to g_desk;
-- desk: lets a session go on that has an alarm in its hands.
grant execute on function keep_session to g_desk;
-- desk: people add, rename and remove their own security keys, and unlock by touching one.
grant select, insert, update (name, sign_count, last_used_at), delete on security_key to g_desk;
grant select, insert, update (used_at), delete on security_key_challenge to g_desk;
-- desk: which issuers operators sign in by; a shift leader says with an administrator that one of them lets nobody in.
grant select on trusted_issuer to g_desk;
grant execute on function trust_state to g_desk;
grant execute on function list_outages, propose_outage, declare_outage, end_outage to g_desk, g_office;
-- desk: tells who has one open.
grant select, insert, update on desk_presence to g_desk;
-- desk: adopting an unknown sender registers it.
grant select (sender, authority_id, device_id, active), insert on device_entry to g_desk;
-- portal: who is this session, what may he do where, which authorities are there, and what accounts are called.
grant select on authority, effective_grant to g_portal;
grant select (id, human, display_name, kind, language, state) on account to g_portal;
-- portal: since when there are the accounts that reach an authority, until when, and when they last signed in.
grant select (created_at, ends_at, last_signed_in_at) on account to g_portal;
grant select (token_hash, id, account_id, realm, created_at, expires_at, ended_at, method, issuer, level, browser,
    kept_until, fallback, break_glass, authority_id), update (ended_at) on session to g_portal;
-- portal: notes when a session was last used, locks what nobody uses and unlocks it.
grant select, insert, update (used_at, locked_at) on session_use to g_portal;
-- portal: people add, rename and remove their own security keys, and confirm what they do by touching one.
grant select, insert, update (name, sign_count, last_used_at), delete on security_key to g_portal;
grant select, insert, update (used_at), delete on security_key_challenge to g_portal;
-- portal: of the supplier's log what is an authority's business, and what proves it: hashes and signatures.
grant execute on function ledger.concerning to g_portal;
grant select on ledger.tile, ledger.head, ledger.checkpoint to g_portal;
grant select (id, written_at) on ledger.inbox to g_portal;
-- portal: the authority designates roles, sees who holds them, and approves who gets one. Nobody else can.
grant select on role_grant, role_request, designated_role, unauthorised_grant to g_portal;
grant execute on function decide_role_request, designate_role, release_role, holders_digest to g_portal;
-- portal: the authority's people register programs that act for them; programs prove themselves and get tokens.
grant select, insert, update (ended_at, ended_by) on api_client to g_portal;
grant select, insert, delete on api_token to g_portal;
grant select, insert, delete on api_assertion to g_portal;
grant execute on function client_digest, ledger.is_client_told to g_portal;
-- portal: takes out what the directory holds of an authority; without any credential, and without names of devices.
grant execute on function read_directory to g_portal;
-- portal: which of an authority's devices prove themselves by a password, by their identifiers.
grant execute on function list_digest_devices to g_portal, g_scheduler, g_setup;
-- portal: the authority says whom the supplier reaches when something has happened; the office reads it.
grant select (authority_id, place, name, mail, phone, hours, valid_until, since) on case_contact to g_portal, g_office;
grant execute on function set_case_contact, end_case_contact to g_portal;
-- office: opens cases, reads all of them and writes in them by functions; portal: of what touches the authority, what it may
-- see. scheduler: what time does to them. Nobody writes a row.
grant select on security_case, case_entry, case_receipt, case_touch, case_standing to g_office;
grant execute on function open_case, write_case to g_office;
grant execute on function see_case to g_office, g_portal;
grant execute on function list_cases_of, list_case_titles, list_case_entries, list_case_receipts, answer_case to g_portal;
grant execute on function escalate_cases to g_scheduler;
-- Both sides: the files that come with what is written in cases and questions. portal: of those, what the authority may see.
grant select on message_file to g_office;
grant execute on function keep_message_file, refuse_message_file to g_office, g_portal;
grant execute on function read_case_file, list_inquiry_files, read_inquiry_file to g_portal;
-- scheduler: looks through the logs by the rules of detection, and raises alerts.
grant execute on function list_detection, enter_detection, raise_alert, ledger.list_watched to g_scheduler;
grant execute on function find_undetected to g_scheduler, g_setup;
-- setup: takes in what others publish of vulnerabilities. scheduler: compares what runs with it, enters what that gave, and
-- looks for evidence. office: reads it and says, by two, that something is not affected. portal: what the authority was told.
grant execute on function begin_advisory_import, add_advisory_records, finish_advisory_import to g_setup;
grant execute on function newest_advisories, find_advisories, enter_vulnerabilities to g_scheduler;
grant execute on function find_stale_advisories, find_unseen_vulnerabilities, find_overdue_vulnerabilities to g_scheduler,
    g_setup;
grant select on advisory_import, vulnerability_look, running_component, vulnerability_finding, vulnerability_told,
    vulnerability_statement to g_office;
grant execute on function state_vulnerability, decide_vulnerability to g_office;
grant execute on function list_vulnerabilities_of to g_portal;
-- registry: which program asks, whether it is worth something now, and what its owner may where. It gives out no token.
grant select on authority, effective_grant to g_registry;
grant select (id, display_name, language, state) on account to g_registry;
grant select (id, authority_id, owner, scopes, keys, ends_at, ended_at) on api_client to g_registry;
grant select (token_hash, id, client_id, issued_at, expires_at, certificate) on api_token to g_registry;
grant execute on function client_digest, ledger.is_client_told to g_registry;
-- registry: whether a partner's message is to be believed, that it is taken in once, and that one was refused.
grant execute on function find_partner, take_exchange, refuse_exchange to g_registry;
grant execute on function list_refused_exchanges to g_portal, g_office;
grant execute on function find_wrongly_taken to g_scheduler, g_setup;
-- office: who is this session, what may he do, which accounts there are and what became of each. Of links it reads the
-- issuer, never the subject.
grant select on installation, authority, effective_grant to g_office;
grant select (id, human, display_name, kind, language, state, created_at, last_signed_in_at, ends_at) on account
    to g_office;
grant select (token_hash, id, account_id, realm, created_at, expires_at, ended_at, method, issuer, level, browser, kept_until,
    fallback, break_glass, authority_id), update (ended_at) on session to g_office;
-- office: notes when a session was last used, locks what nobody uses and unlocks it.
grant select, insert, update (used_at, locked_at) on session_use to g_office;
grant select (account_id, issuer, created_at, retired_at) on account_link to g_office;
grant execute on function ledger.account_history to g_office;
-- office: one administrator asks for an account and whom it is for, another approves it; either puts somebody out.
grant select on account_request to g_office;
grant execute on function request_account, decide_account_request, redeem_key_code, put_out_account, request_identity,
    approve_identity to g_office;
-- office: who has a key for emergencies, and who may add his.
grant execute on function acts_as_administrator, emergency_key_request to g_office;
-- office: what two custodians opened, and who stands behind what was done in it.
grant select on break_glass to g_office;
grant execute on function share_a_human, review_break_glass, ledger.acts_between to g_office;
-- office: one administrator asks that an account gets or loses roles, another approves all of it. What is held, what it rests
-- on, and what the authority is to be asked for it reads.
grant select on role_change, role_grant to g_office;
grant select (authority_id, role) on designated_role to g_office;
grant execute on function request_role_change, try_role_change, decide_role_change to g_office;
-- office: two administrators decide which issuers are believed, as the commands do; what was said of one is never changed.
grant select, insert, update (approved_by, approved_at, withdrawn_by, withdrawn_at) on trusted_issuer to g_office;
grant execute on function trust_state, ledger.trust_history to g_office;
-- office: whether an authority says what a code for the invited has to be, and what it is asked for.
grant select (id, kind, account_id, role, authority_id, valid_from, valid_until, requested_by, answer_by, state, decided_by,
    decided_at) on role_request to g_office;
-- office: administrators add, rename and remove their own security keys, and confirm what they do by touching one.
grant select, insert, update (name, sign_count, last_used_at), delete on security_key to g_office;
grant select, insert, update (used_at), delete on security_key_challenge to g_office;
-- scheduler, setup: look for evidence of the terms, and keep what was found. setup prints how they stand,
-- and the portal and the office show it.
grant execute on function enter_look, find_conflicting_roles, find_ended_exceptions, find_shared_accounts,
    find_reused_identities, find_unapproved_roles, find_late_emergencies, find_sessions_left_open,
    find_accounts_past_their_end, find_sessions_below_level, find_unreviewed_break_glass, find_accounts_not_of_one
    to g_scheduler, g_setup;
-- scheduler, setup: what the platform knows by itself of further terms, of which the log has the entries.
grant execute on function find_misplaced_administrators, find_unarrived_notices, find_shared_sign_ins, find_long_invitations,
    find_accounts_by_hand, find_doubtful_issuers, find_unproved_runs, find_drifted, find_endless_auditors
    to g_scheduler, g_setup;
grant execute on function ledger.count_entries, ledger.last_run, ledger.trust_told to vaka_owner;
grant execute on function ledger.last_run_said, ledger.count_untold, ledger.count_untold_grants to vaka_owner;
grant execute on function find_unreplayed, find_unhoused, ledger.list_touches, ledger.count_made_up to g_scheduler, g_setup;
-- Of two forms the one is the release before's.
grant execute on function find_silent_sources(text[], timestamptz), find_silent_sources(timestamptz) to g_scheduler, g_setup;
-- scheduler, setup, portal, office: what is known of backups. The log has the entries.
grant execute on function ledger.newest_runs, ledger.restored_by, ledger.last_deployment to vaka_owner;
grant execute on function read_backup_runs to g_scheduler, g_setup, g_portal, g_office;
grant execute on function is_backup_apart to g_scheduler, g_setup;
grant execute on function find_restorer to g_setup;
grant execute on function find_documents, find_processes, find_certificates, find_reviews, find_unacknowledged,
    find_undertakings, find_subcontractors, find_untrained, find_unassessed, find_shortcomings,
    find_contacts, find_late_cases, find_unseen_cases, find_sites, find_site_reviews, find_partners, find_unreviewed_changes,
    find_large_changes to g_scheduler, g_setup;
grant execute on function list_evidence to g_setup, g_portal, g_office, g_scheduler;
grant execute on function find_plain_devices, find_remote_paths, find_remote_samples to g_scheduler, g_setup;
-- office: lets the check of remote work be drawn, and goes through it. portal: sees how that went, and names nobody.
grant execute on function list_remote_draws to g_office, g_portal;
grant execute on function last_quarter, list_remote_drawn, draw_remote_sample, check_remote_session to g_office;
grant execute on function list_remote_deviations to g_portal;
grant execute on function ledger.first_checkpoint, ledger.list_remote_sessions, ledger.count_remote_checks to vaka_owner;
-- scheduler, setup: what a machine tells of its clock, flows and certificates. office, portal: show how those of all machines stand.
grant execute on function report_clock to g_scheduler, g_setup;
grant execute on function report_flows, report_certificates to g_scheduler, g_setup;
grant execute on function list_machine_flows to g_scheduler, g_setup, g_office, g_portal;
grant execute on function list_clocks to g_scheduler, g_setup, g_office, g_portal;
-- Whoever draws or looks after a board knows what each authority has asked for.
grant execute on function list_asked to g_portal, g_office, g_scheduler, g_setup;
-- portal: an authority asks the supplier, and reads its own. office: reads everybody's, and answers.
grant execute on function list_inquiries, list_inquiry_messages, say_in_inquiry to g_portal;
grant select on inquiry_standing, inquiry_message to g_office;
grant execute on function say_in_inquiry to g_office;
-- Which terms an authority agreed do not concern it: office proposes, portal agrees, either ends it.
grant execute on function list_left_out to g_portal, g_office, g_scheduler, g_setup;
grant execute on function list_exclusions, end_exclusion to g_portal, g_office;
grant execute on function propose_exclusion to g_office;
grant execute on function list_log_checks to g_portal, g_office;
grant execute on function report_log_check to g_portal;
grant execute on function approve_exclusion to g_portal;
-- setup: takes in what the contract itself says of the terms; whoever draws a board shows it.
grant execute on function import_contract to g_setup;
grant execute on function read_contract to g_portal, g_office, g_setup;
grant execute on function ledger.is_exclusion_told, ledger.is_contract_told to vaka_owner;
-- portal, office: what waits and when it is due, and on which day one is told of it; calendars by secret links. scheduler:
-- reminds, and tells of the week. It reads of the registers only the days.
grant execute on function list_waiting, list_pending, list_reports_due to g_portal, g_scheduler;
-- portal: reports of a year, and that they were taken out; scheduler, setup: whether an authority has had them.
grant execute on function take_report, list_reports_taken, list_changes, list_standings to g_portal;
grant execute on function find_unreported to g_scheduler, g_setup;
grant execute on function list_owed to g_office, g_scheduler;
grant execute on function list_register_days to g_office, g_scheduler;
grant execute on function list_shown_days to g_portal, g_scheduler;
grant execute on function tell_reminder, tell_digest, read_digest_state to g_scheduler;
grant execute on function own_reception to g_scheduler;
grant select on digest_rule to g_portal;
grant execute on function set_digest_day to g_portal;
grant execute on function set_own_digest_day, read_own_digest_day, list_own_ways, set_own_way, end_own_way to g_office;
grant select, insert, update (ended_at, ended_by) on calendar_link to g_portal, g_office;
-- notifier: what a reminder or a digest says, of those whose identifiers it was handed.
grant execute on function read_said to g_notifier;
-- portal: takes the evidence of one authority's terms out, as a pack.
grant execute on function list_looks, list_findings to g_portal;
-- office: reads the registers, adds to them, and decides which authority is shown what of them.
grant select on register_version, register_holding, register_acknowledgement, register_showing to g_office;
grant execute on function enter_register_version, acknowledge_register_entry, show_register to g_office;
-- office: adds files to entries, says which it refused, and hands them out.
grant select on attachment to g_office;
grant execute on function attach_file, refuse_file to g_office;
-- what an account may act by: an auditor within an audit alone (term 37).
grant select on usable_grant to g_desk, g_portal, g_registry, g_office, g_signin;
grant execute on function is_time_boxed, audit_digest to g_desk, g_portal, g_registry, g_office, g_signin;
-- office and portal: what becomes of an audit that an authority asked for; each writes for its own side alone.
grant execute on function list_audits, list_audit_findings, agree_audit, propose_audit to g_office, g_portal;
grant execute on function settle_audit_finding to g_office;
grant execute on function list_auditors, list_audited_sites, is_audited_out, ask_audit, withdraw_audit, end_audit, close_audit,
    note_audit_finding, freeze_audit_population, freeze_audit_log, draw_audit_sample, list_audit_populations, list_audit_drawn to g_portal;
grant execute on function list_asked_audits to g_setup, g_office, g_portal, g_scheduler;
grant execute on function find_unverified_logs to g_scheduler, g_setup;
grant execute on function find_unanswered_audits, find_changed_samples to g_scheduler, g_setup;
grant execute on function ledger.audited, ledger.standing_of, ledger.first_over to vaka_owner;
-- office and portal: what becomes of a crisis exercise that an authority asked for; each writes for its own side alone.
grant execute on function list_exercises, list_exercise_lessons, exercise_days, end_exercise, attend_exercise,
    note_exercise_lesson to g_office, g_portal;
grant execute on function plan_exercise, begin_exercise, settle_exercise_lesson, close_exercise to g_office;
grant execute on function set_exercise_days, ask_exercise, decide_exercise, withdraw_exercise to g_portal;
grant execute on function list_asked_exercises to g_setup, g_office, g_portal, g_scheduler;
grant execute on function find_unanswered_exercises, find_exercise_hours to g_scheduler, g_setup;
-- office: says before a key is touched that an undertaking is missing; the log tells which rows the office wrote.
grant execute on function lacks_undertaking, awaits_undertaking to g_office;
-- office: whether an administrator's role rests, for want of a course, and what he has to accept to work from elsewhere.
grant execute on function training_due, ended_engagement, policy_to_accept to g_office;
-- office: from where somebody administers; a session from nowhere that is registered it ends.
grant execute on function place_session, list_networks to g_office;
grant execute on function ledger.is_register_told, ledger.is_register_accepted to vaka_owner;
-- portal: what the authority is shown of them, and nothing else.
grant execute on function count_shown_entries, list_shown_entries, list_shown_files, read_shown_file to g_portal;
-- portal: an authority publishes its own rules, and sees how many have acknowledged them. Whom they concern reads them.
grant execute on function publish_rule, list_published_rules to g_portal;
grant execute on function list_rules_to_read, open_rule, acknowledge_rule to g_desk, g_office;
grant execute on function rules_since to g_portal, g_office, g_scheduler, g_setup;
grant execute on function find_unread_rules to g_scheduler, g_setup;
-- scheduler: what time does to roles.
grant execute on function settle_roles, lapse_role_changes, settle_training to g_scheduler;
-- scheduler: an emergency whose hour is over has ended.
grant execute on function end_break_glass to g_scheduler;
-- scheduler: whose last day has come is out.
grant execute on function end_accounts to g_scheduler;
-- whoever decides what an account may asks what is worth something, and the owner of the functions asks the log.
grant execute on function grant_digest to g_desk, g_portal, g_registry, g_office, g_signin, g_scheduler, g_setup;
grant execute on function ledger.is_role_told to vaka_owner, g_desk, g_portal, g_registry, g_office, g_signin, g_scheduler,
    g_setup;
-- scheduler: whose person was erased, that person has no devices any more.
grant execute on function release_devices to g_scheduler;
-- scheduler: whose contract has ended, that authority has no devices any more, and is closed.
grant execute on function release_authority, close_authority to g_scheduler;
-- signin: accounts and sessions.
grant select on installation, authority, effective_grant to g_signin;
grant select, update (last_signed_in_at) on account to g_signin;
grant select, insert, update (ended_at) on session to g_signin;
grant select on session_use to g_signin;
-- signin: whose a security key is and that it was touched, while an issuer does not answer. It adds none.
grant select, update (sign_count, last_used_at) on security_key to g_signin;
-- signin: two custodians open one session together, by functions that look at both; it writes no row of that itself.
grant select on break_glass to g_signin;
grant select, insert, delete on emergency_touch to g_signin;
grant execute on function acts_as_administrator, begin_break_glass, open_break_glass, count_unreviewed_break_glass
    to g_signin;
-- scheduler: which databases there are, whether receivers are up, who is signed in, has a desk open, and may handle what.
grant select on authority, receiver_presence, desk_presence to g_scheduler;
grant select (account_id, realm, expires_at, kept_until, ended_at) on session to g_scheduler;
grant select (id, human, state) on account to g_scheduler;
grant select on effective_grant to g_scheduler;
-- signin: whose a subject is, and that it became somebody's by an invitation; a sign-in that has begun.
grant select, insert, update (retired_at, matching_hmac, request_id) on account_link to g_signin;
grant select, update (redeemed_at) on invitation to g_signin;
grant select, insert, delete on pending_login to g_signin;
-- signin: an assertion that was used is not used again.
grant select, insert, delete on seen_assertion to g_signin;
-- signin: which issuers are believed, and whether the log says that two people decided so.
grant select on trusted_issuer to g_signin;
grant execute on function trust_state to g_signin, g_setup;
-- signin: which outages two people declared. The owner of that function asks the log.
grant execute on function list_outages to g_signin;
grant execute on function ledger.outage_told to vaka_owner;
-- notifier: takes what is due to be sent, and says what became of it. It reads no table, and no ledger.
grant usage on schema vaka to g_notifier;
grant execute on function take_notices, tell_delivered, tell_hindered to g_notifier;
-- scheduler: tells of notices that are late, also while no notifier works.
grant execute on function tell_late_notices to g_scheduler;
-- portal: what an authority was told of, and where it wants to be told. Nobody else can say.
grant select on notice_standing, notice_delivery, notice_way, notice_rule to g_portal;
grant execute on function set_notice_way, end_notice_way, set_notice_minutes, acknowledge_notices to g_portal;
-- sequencer: which databases there are.
grant select on authority to g_sequencer;
-- setup: what the maintenance commands register; it alone writes authorities, and grants while it founds (by_two).
grant select, insert, update on authority, device_entry, class_override, role_grant to g_setup;
-- setup: founds accounts where nobody can ask for them yet, and asks for others.
grant select on account to g_setup;
grant execute on function found_account, found_key_code, request_account, request_identity to g_setup;
grant select, insert on installation to g_setup;
grant delete on class_override, role_grant to g_setup;
-- setup: takes security keys away that somebody has lost; it adds none, and does not read what they are called.
grant select (id, account_id, credential_id, added_at, last_used_at, purpose), delete on security_key to g_setup;
-- setup: which sessions an account has, and ends them; it opens none, and reads nothing by which one is held.
grant select (id, account_id, realm, method, issuer, level, browser, created_at, expires_at, kept_until,
    ended_at, fallback), update (ended_at) on session to g_setup;
grant select on session_use to g_setup;
-- setup: invites while the installation is being founded. It reads no invitation and no link.
grant insert on invitation to g_setup;
-- setup: which issuers were proposed, approved, withdrawn; what was said of one is never changed.
grant select, insert, update (approved_by, approved_at, withdrawn_by, withdrawn_at) on trusted_issuer to g_setup;
-- setup: asks an authority for a role that it has designated, or for an exception from separated duties.
grant execute on function request_role to g_setup;
-- setup: asks that an account gets or loses roles, for a named administrator; it approves nothing.
grant execute on function request_role_change to g_setup;
-- setup: who leaves. Neither here nor in the office anybody lets an account come back, or removes it, alone.
grant execute on function put_out_account, end_account to g_setup;
grant select on designated_role, role_request, role_conflict, effective_grant to g_setup;
-- setup: puts a release in production; with the scheduler it asks whether that is what runs.
grant execute on function enter_deployment to g_setup;
grant execute on function newest_deployment, find_deployments to g_setup, g_scheduler;
-- setup: which settings the installation was last started with.
grant select, insert, update, delete on settings_record to g_setup;
-- setup: asks who stands behind a command, and takes its session; office: an administrator says that it is he.
grant execute on function ask_command_login, start_command_session, command_account, end_command_session,
    is_founding, setup_decides_until to g_setup;
grant execute on function ask_command_login, start_command_session, command_account, command_holder,
    end_command_session, is_founding to g_setup;
-- Which of them an account has open, and ending those.
grant execute on function list_command_sessions, end_command_sessions to g_office, g_setup;
grant select (id, code_hash, machine, uid, username, asked_at, expires_at, approved_by) on command_login to g_office;
grant execute on function approve_command_login to g_office;
grant execute on function ledger.is_login_told to vaka_owner;
-- The same for each privileged run: setup asks and goes on, office says that whose command it is confirmed it.
grant execute on function ask_command_confirmation, spend_command_confirmation to g_setup;
grant select (id, account_id, code_hash, command, arguments, arguments_sha256, change, purpose, tool, machine, uid, asked_at,
    expires_at, entry, by_two, second_entry) on command_confirmation to g_office;
grant execute on function confirm_command to g_office;
grant execute on function ledger.how_confirmed to vaka_owner;
-- protected configuration: setup accepts how it is, scheduler tells what is otherwise, portal shows it.
grant select on protected_state, drift to g_setup;
grant execute on function accept_state to g_setup;
grant execute on function tell_drift to g_scheduler;
grant select (name, change, since, authority_id) on drift to g_portal;
grant select on protected_look to g_portal;

-- in: tenant
-- receiver: three functions, no table.
grant execute on function accept_messages, accept_exercises, record_signs_of_life to g_receiver;
-- setup: makes devices known that were made for an exercise.
grant execute on function register_exercise_devices to g_setup;
-- setup: makes the device known that sends trial alarms; trial: whether one stands, and removes those that are over.
grant usage on schema vaka to g_trial;
grant execute on function register_trial_device to g_setup;
grant execute on function list_trial_devices to g_scheduler, g_setup;
grant execute on function is_trial_device, find_trial, forget_trials to g_trial;
-- desk: reads the one screen; changes an alarm's progress, never its facts.
grant select on unit, unit_hours, person, contact, note, device, device_state, policy, closing_code, alarm,
    alarm_note, alarm_step to g_desk;
grant select (id, alarm_id, device_id, sender, ref, class, kind, effect, received_at, transport, deviations,
    subject_id, texts) on message to g_desk;
grant update (state, presented_at, taken_at, holder, offered_to, suspended_until, escalation, escalate_at,
    merged_into, parts, part_received_at, closed_at, closed_by, closing_reason, closing_action, closing_result,
    closing_note, version)
    on alarm to g_desk;
grant insert on alarm_note, alarm_step to g_desk;
grant insert on device, device_state to g_desk;
grant execute on function announce_alarms to g_desk, g_scheduler;
-- desk: says which sealed values are refused, each once; the function looks whether they stand there.
grant execute on function tell_refused to g_desk;
-- portal: reads the authority's log and how far it has come; whom and what its entries concern, by name, and no more.
grant select on ledger.log_entry, ledger.entry_index, ledger.tile, ledger.head, ledger.checkpoint to g_portal;
grant select (id, written_at) on ledger.inbox to g_portal;
-- portal: whether the entry whose number somebody was given waits, stands in the log, or is gone.
grant execute on function ledger.whereabouts to g_portal;
-- portal: the authority decides how long its log is kept. Nobody else can.
grant execute on function ledger.set_retention, ledger.retention_at to g_portal;
-- the owner of the functions below asks the log since when rules of removal are approved.
grant execute on function ledger.removal_approved_at to vaka_owner;
-- portal: two of the authority's people decide how long its data is kept, and read what the last night did.
grant execute on function list_removal_rules, removal_in_force, propose_removal, note_removal_preview, approve_removal,
    withdraw_removal, preview_removal to g_portal;
grant select on removal_state to g_portal;
-- scheduler: removes what they let go; the function that does it looks for itself. Whose birth days are exempt it reads.
grant execute on function list_removal_rules, removal_in_force, list_removable, remove_data to g_scheduler;
grant select (id, born_on, personal_number) on person to g_scheduler;
grant select, update on removal_state to g_scheduler;
-- portal: the authority says of whom nothing is removed or erased. Nobody else can.
grant select on legal_hold to g_portal;
grant execute on function place_hold, lift_hold to g_portal;
-- portal: what auditors note for themselves, sealed under the authority's key.
grant select, insert on audit_note to g_portal;
grant select (id, given_name, family_name, personal_number, born_on, protected_identity, personal_number_key,
    phone_key, xmin) on person to g_portal;
-- registry: an authority's care system registers people over the interface for programs, reads them one by one and writes
-- them anew; where letters to them go it never changes, and it removes nobody.
grant insert, select (id, given_name, family_name, personal_number, born_on, phone, language, hearing, speech, cognition, street,
    postal_code, city, floor, door_code, route, latitude, longitude, area, risks, care_notes, key_number, key_box, digital_lock,
    protected_identity, absent_from, absent_until, absence_reason, personal_number_key),
    update (given_name, family_name, personal_number, born_on, phone, language, hearing, speech, cognition, street,
    postal_code, city, floor, door_code, route, latitude, longitude, area, risks, care_notes, key_number, key_box, digital_lock,
    protected_identity, absent_from, absent_until, absence_reason, personal_number_key, phone_key)
    on person to g_registry;
grant select, insert, delete on contact, note to g_registry;
grant select (id, person_id) on device to g_portal;
grant select (id, person_id) on alarm to g_portal;
grant select (id, name) on unit to g_portal;
-- the owner of the functions below asks the log since when rules about codes and passwords are approved.
grant execute on function ledger.activation_approved_at to vaka_owner;
-- portal: the authority's people decide what codes and passwords have to be, and see which devices' are not.
grant execute on function list_activation, activation_in_force, propose_activation, approve_activation,
    withdraw_activation to g_portal;
-- scheduler: whether a proposal waits, for the digest.
grant execute on function list_activation to g_scheduler;
grant select (device_id, set_at, length, kinds) on device_secret to g_portal;
grant select (id, sender, model) on device to g_portal;
-- setup: asks what they decided before it takes a device's secret, and remembers what may be remembered of it.
grant execute on function activation_in_force to g_setup;
grant select, insert on device_secret to g_setup;
-- scheduler: escalation and supervision.
grant select on policy, alarm, device_state to g_scheduler;
grant select (id, person_id, sender, device_type, interval_seconds, supervised) on device to g_scheduler;
grant select, update on supervision_turn to g_scheduler;
grant update (state, holder, offered_to, suspended_until, withdrawn_at, escalation, escalate_at, latest_at, messages,
    closed_at, closed_by, closing_reason, closing_result, version) on alarm to g_scheduler;
grant insert on alarm, alarm_step to g_scheduler;
grant select (alarm_id, at, actor) on alarm_step to g_scheduler;
grant update (condition, changed_at, last_seen) on device_state to g_scheduler;
grant execute on function forget_repeats, judged_condition to g_scheduler;
-- the owner of the functions below asks the log whether an erasure was decided, and which step of it was taken.
grant execute on function ledger.is_erasure_decided, ledger.is_step_done, ledger.is_entry_of, ledger.erasures_decided
    to vaka_owner;
-- portal: the authority orders and decides erasures, and reads what became of them; each step is a function.
grant select on erasure_order, returned to g_portal;
grant execute on function order_erasure, decide_erasure to g_portal;
-- setup: tries again to read who was erased, in a backup set that was restored later.
grant select (id, person_id, state, removed_at, erased_at) on erasure_order to g_setup;
grant select (id, state, released_at, erased_at) on authority_ending to g_setup;
-- portal: takes out everything, page by page, for an export that stands in the log; it has no right to these tables.
grant execute on function begin_export, read_export, complete_export to g_portal;
grant select on authority_export to g_portal;
-- scheduler: carries out what was decided, and certifies it with the proof from the log.
grant select on erasure_order to g_scheduler;
grant execute on function begin_erasure, hinder_erasure, complete_erasure, enter_erasure_attempt, certify_erasure,
    remove_erased_again to g_scheduler;
grant select (id, given_name, family_name) on person to g_scheduler;
grant select on ledger.log_entry, ledger.tile, ledger.head, ledger.checkpoint to g_scheduler;
-- scheduler, setup: look for evidence of the terms in the authority's own database.
grant execute on function ledger.find_unpruned, ledger.recent_checkpoints, find_late_erasures, find_returned_erasures,
    find_unset_activation to g_scheduler, g_setup;
grant execute on function ledger.count_untold to vaka_owner;
grant execute on function ledger.list_touches, find_untold_alarms, find_overdue_secrets to g_scheduler, g_setup;
-- scheduler: what the rules of detection look at.
grant execute on function ledger.list_watched to g_scheduler;
-- the owner of the functions below asks the log whether the end of the contract was decided, and from when it counts.
grant execute on function ledger.ending_due_at to vaka_owner;
-- portal: the authority orders that everything is erased, decides it, and reads what became of it.
grant select on authority_ending to g_portal;
grant execute on function list_endings, order_ending, decide_ending to g_portal;
-- scheduler: carries it out, and again where a backup brought everybody back.
grant execute on function list_endings, begin_ending, hinder_ending, remove_of_ending, complete_ending,
    enter_ending_attempt, certify_ending, remove_ended_again to g_scheduler;
-- setup: people in care, devices and the authority's own lists. Alarms and messages are not its business.
grant select, insert, update, delete on unit, unit_hours, person, contact, note, device, device_state, closing_code
    to g_setup;
grant select, update on policy to g_setup;
-- setup: what will be removed tonight, counted.
grant execute on function removal_in_force, preview_removal_at to g_setup;

-- in: keys
revoke all on schema public from public;
revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) from public;
grant usage on schema vaka to g_keyholder;
grant select, insert, update on store to g_keyholder;
grant select, insert, update, delete on authority_key, subject_key to g_keyholder;
grant select, insert, update, delete on lookup_key to g_keyholder;
grant select, insert on erasure, erased_subject to g_keyholder;
grant select, insert, update on edition to g_keyholder;
grant select, insert, update (destroyed_at) on key_register to g_keyholder;
