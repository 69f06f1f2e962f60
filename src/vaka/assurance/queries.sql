-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database, but for what is asked in an authority's own, as it says there.

-- name: enter_look
-- as: scheduler, setup
select enter_look(%(requirement)s, %(at)s, %(clock)s, %(every)s, %(found)s, %(unseen)s)

-- name: list_evidence
-- as: office, portal, scheduler, setup
select requirement, met, reason, things, since, seen from list_evidence(%(authority_id)s)

-- name: list_contracts
-- as: office, portal, scheduler, setup
select id, slug, name, created_at from authority where kind = 'authority' and state = 'active' order by slug

-- name: find_conflicting_roles
-- as: scheduler, setup
select authority_id, reason, things from find_conflicting_roles(%(at)s)

-- name: find_ended_exceptions
-- as: scheduler, setup
select authority_id, reason, things from find_ended_exceptions(%(at)s)

-- name: find_accounts_not_of_one
-- as: scheduler, setup
select authority_id, reason, things from find_accounts_not_of_one(%(at)s)

-- name: find_reused_identities
-- as: scheduler, setup
select authority_id, reason, things from find_reused_identities(%(at)s)

-- name: find_unapproved_roles
-- as: scheduler, setup
select authority_id, reason, things from find_unapproved_roles(%(at)s)

-- name: find_late_emergencies
-- as: scheduler, setup
select authority_id, reason, things from find_late_emergencies(%(at)s)

-- name: find_sessions_left_open
-- as: scheduler, setup
select authority_id, reason, things from find_sessions_left_open(%(at)s)

-- name: find_accounts_past_their_end
-- as: scheduler, setup
select authority_id, reason, things from find_accounts_past_their_end(%(at)s)

-- name: find_sessions_below_level
-- as: scheduler, setup
select authority_id, reason, things from find_sessions_below_level(%(at)s)

-- name: find_unreviewed_break_glass
-- as: scheduler, setup
select authority_id, reason, things from find_unreviewed_break_glass(%(at)s)

-- name: find_misplaced_administrators
-- as: scheduler, setup
select authority_id, reason, things from find_misplaced_administrators(%(at)s)

-- name: find_unarrived_notices
-- as: scheduler, setup
select authority_id, reason, things from find_unarrived_notices(%(at)s)

-- name: find_shared_sign_ins
-- as: scheduler, setup
select authority_id, reason, things from find_shared_sign_ins(%(every)s, %(at)s)

-- name: find_long_invitations
-- as: scheduler, setup
select authority_id, reason, things from find_long_invitations(%(at)s)

-- name: find_accounts_by_hand
-- as: scheduler, setup
select authority_id, reason, things from find_accounts_by_hand(%(at)s)

-- name: find_doubtful_issuers
-- as: scheduler, setup
select authority_id, reason, things from find_doubtful_issuers(%(at)s)

-- name: find_unproved_runs
-- as: scheduler, setup
select authority_id, reason, things from find_unproved_runs(%(at)s)

-- name: find_drifted
-- as: scheduler, setup
select authority_id, reason, things from find_drifted(%(every)s, %(at)s)

-- name: find_endless_auditors
-- as: scheduler, setup
select authority_id, reason, things from find_endless_auditors(%(at)s)

-- name: list_looks
-- as: portal
select look, requirement, looked_at, clock, seen from list_looks(%(authority_id)s, %(since)s, %(most)s)

-- name: list_findings
-- as: portal
select look, requirement, looked_at, clock, own, met, reason, things, stands
from list_findings(%(authority_id)s, %(since)s, %(most)s)

-- name: find_unreported
-- as: scheduler, setup
select authority_id, reason, things from find_unreported(%(report)s, %(every)s, %(at)s)

-- name: find_documents
-- as: scheduler, setup
select authority_id, reason, things from find_documents(%(purpose)s, %(every)s, %(at)s)

-- name: find_processes
-- as: scheduler, setup
select authority_id, reason, things from find_processes(%(every)s, %(at)s)

-- name: find_certificates
-- as: scheduler, setup
select authority_id, reason, things from find_certificates(%(at)s)

-- name: find_reviews
-- as: scheduler, setup
select authority_id, reason, things from find_reviews(%(purpose)s, %(every)s, %(at)s)

-- name: find_unacknowledged
-- as: scheduler, setup
select authority_id, reason, things from find_unacknowledged(%(purpose)s, %(at)s)

-- name: find_undertakings
-- as: scheduler, setup
select authority_id, reason, things from find_undertakings(%(roles)s, %(at)s)

-- name: find_subcontractors
-- as: scheduler, setup
select authority_id, reason, things from find_subcontractors(%(every)s, %(at)s)

-- name: find_untrained
-- as: scheduler, setup
select authority_id, reason, things from find_untrained(%(roles)s, %(at)s)

-- name: find_unassessed
-- as: scheduler, setup
select authority_id, reason, things from find_unassessed(%(every)s, %(at)s)

-- name: find_shortcomings
-- as: scheduler, setup
select authority_id, reason, things from find_shortcomings(%(at)s)

-- name: find_contacts
-- as: scheduler, setup
select authority_id, reason, things from find_contacts(%(at)s)

-- name: find_late_cases
-- as: scheduler, setup
select authority_id, reason, things from find_late_cases(%(at)s)

-- name: find_undetected
-- as: scheduler, setup
select authority_id, reason, things from find_undetected(%(within)s, %(at)s)

-- name: find_untried
-- as: scheduler, setup
select authority_id, reason, things from find_untried(%(machines)s, %(within)s, %(at)s)

-- name: find_stale_advisories
-- as: scheduler, setup
select authority_id, reason, things from find_stale_advisories(%(at)s)

-- name: find_unseen_vulnerabilities
-- as: scheduler, setup
select authority_id, reason, things from find_unseen_vulnerabilities(%(at)s)

-- name: find_overdue_vulnerabilities
-- as: scheduler, setup
select authority_id, reason, things from find_overdue_vulnerabilities(%(at)s)

-- name: find_unseen_cases
-- as: scheduler, setup
select authority_id, reason, things from find_unseen_cases(%(at)s)

-- name: find_sites
-- as: scheduler, setup
select authority_id, reason, things from find_sites(%(at)s)

-- name: find_site_reviews
-- as: scheduler, setup
select authority_id, reason, things from find_site_reviews(%(every)s, %(at)s)

-- name: find_partners
-- as: scheduler, setup
select authority_id, reason, things from find_partners(%(every)s, %(at)s)

-- name: find_wrongly_taken
-- as: scheduler, setup
select authority_id, reason, things from find_wrongly_taken(%(every)s, %(at)s)

-- name: find_unreviewed_changes
-- as: scheduler, setup
select authority_id, reason, things from find_unreviewed_changes(%(at)s)

-- name: find_large_changes
-- as: scheduler, setup
select authority_id, reason, things from find_large_changes(%(at)s)

-- name: find_unread_rules
-- as: scheduler, setup
select authority_id, reason, things from find_unread_rules(%(roles)s, %(grace)s, %(at)s)

-- name: list_asked
-- as: office, portal, scheduler, setup
select authority_id, term, min(since) as since
from (select authority_id, term, since from list_asked(%(at)s)
      union all select authority_id, term, since from list_asked_audits(%(at)s)) asked
group by authority_id, term

-- name: find_unanswered_audits
-- as: scheduler, setup
select authority_id, reason, things from find_unanswered_audits(%(at)s)

-- name: find_changed_samples
-- as: scheduler, setup
select authority_id, reason, things from find_changed_samples(%(at)s)

-- name: list_audits
-- as: office, portal
select id, authority_id, kind, terms, site, about, looks_from, looks_until, auditors, starts_at, ends_at, proposed_by, words,
       asked_at, answer_by, agreed_at, withdrawn_at, ended_at, missed, moved, closed_at, digest, owes_answer
from list_audits(%(authority_id)s, %(id)s)

-- name: list_audit_findings
-- as: office, portal
select id, audit, finding, noted_at, entry, motive, title, due, state from list_audit_findings(%(authority_id)s, %(audits)s)

-- name: list_auditors
-- as: portal
select account_id, display_name from list_auditors(%(authority_id)s)

-- name: list_audited_sites
-- as: portal
select entry, title from list_audited_sites(%(authority_id)s)

-- name: is_audited_out
-- as: portal
select is_audited_out(%(account_id)s, %(now)s)

-- name: list_audit_populations
-- as: portal
select id, audit, source, items, wanted, sha256, frozen_at, checkpoint, seed, sample_sha256, drawn_at, stands
from list_audit_populations(%(authority_id)s, %(audits)s)

-- name: list_audit_drawn
-- as: portal
select population, place, item, sha256, now_sha256 from list_audit_drawn(%(authority_id)s, %(populations)s)

-- name: ask_audit
-- as: portal
select ask_audit(%(id)s, %(authority_id)s, %(kind)s, %(terms)s, %(site)s, %(about)s, %(looks_from)s, %(looks_until)s,
                 %(auditors)s, %(starts_at)s, %(ends_at)s, %(answer_by)s, %(by)s, %(now)s)

-- name: agree_audit
-- as: office, portal
select agree_audit(%(id)s, %(sha256)s, %(by)s, %(now)s)

-- name: propose_audit
-- as: office, portal
select propose_audit(%(id)s, %(starts_at)s, %(ends_at)s, %(words)s, %(by)s, %(now)s)

-- name: withdraw_audit
-- as: portal
select withdraw_audit(%(id)s, %(by)s, %(now)s)

-- name: end_audit
-- as: portal
select end_audit(%(id)s, %(by)s, %(now)s)

-- name: close_audit
-- as: portal
select close_audit(%(id)s, %(held)s, %(by)s, %(now)s)

-- name: note_audit_finding
-- as: portal
select note_audit_finding(%(finding_id)s, %(id)s, %(finding)s, %(by)s, %(now)s)

-- name: settle_audit_finding
-- as: office
select settle_audit_finding(%(finding_id)s, %(entry)s, %(motive)s, %(by)s, %(now)s)

-- name: freeze_audit_population
-- as: portal
select freeze_audit_population(%(population)s, %(id)s, %(source)s, %(wanted)s, %(by)s, %(now)s)

-- name: freeze_audit_log
-- as: portal
select freeze_audit_log(%(population)s, %(id)s, %(event)s, %(items)s, %(hashes)s, %(size)s, %(wanted)s, %(by)s, %(now)s)

-- name: draw_audit_sample
-- as: portal
select draw_audit_sample(%(population)s, %(by)s, %(now)s)

-- name: list_inquiries
-- as: portal
select id, authority_id, kind, term, words, filed_at, filed_by, number, act, said_at, wanted_by
from list_inquiries(%(authority_id)s, %(most)s)

-- name: list_every_inquiry
-- as: office
select id, authority_id, kind, term, words, filed_at, filed_by, number, act, said_at, wanted_by
from inquiry_standing
order by place, case when place = 1 then wanted_by end, said_at desc, id limit %(most)s

-- name: list_inquiry_messages
-- as: portal
select inquiry, number, act, words, reference, sha256, wanted_by, digest, made_by, made_at
from list_inquiry_messages(%(authority_id)s, %(inquiries)s)

-- name: list_every_inquiry_message
-- as: office
select inquiry, number, act, words, reference, sha256, wanted_by, digest, made_by, made_at
from inquiry_message where inquiry = any (%(inquiries)s) order by inquiry, number

-- name: say_in_inquiry
-- as: office, portal
select say_in_inquiry(%(id)s, %(seen)s, %(act)s, %(authority_id)s, %(kind)s, %(term)s, %(words)s, %(reference)s, %(sha256)s, %(file)s,
    %(wanted_by)s, %(by)s, %(now)s)

-- name: report_log_check
-- as: portal
select report_log_check(%(id)s, %(authority_id)s, %(result)s, %(size)s, %(root)s, %(agrees)s, %(means)s, %(witnesses)s, %(words)s,
    %(checked_at)s, %(by)s, %(now)s)

-- name: list_log_checks
-- as: office, portal
select id, authority_id, result, size, root, agrees, means, witnesses, words, checked_at, digest, made_by, made_at
from list_log_checks(%(authority_id)s, %(most)s)

-- name: import_contract
-- as: setup
select import_contract(%(id)s, %(source)s, %(file)s, %(texts)s, %(actor)s, %(at)s)

-- name: read_contract
-- as: office, portal, setup
select source, digest, texts, imported_at from read_contract()

-- name: find_unverified_logs
-- as: scheduler, setup
select authority_id, reason, things from find_unverified_logs(%(every)s, %(at)s)

-- name: list_left_out
-- as: office, portal, scheduler, setup
select authority_id, term, since from list_left_out(%(at)s)

-- name: list_exclusions
-- as: office, portal
select id, authority_id, term, reason, proposed_by, proposed_at, approved_by, approved_at, until, ended_by, ended_at, digest,
    holds_until
from list_exclusions(%(authority_id)s, %(at)s)

-- name: propose_exclusion
-- as: office
select propose_exclusion(%(id)s, %(authority_id)s, %(term)s, %(reason)s, %(by)s, %(now)s)

-- name: approve_exclusion
-- as: portal
select approve_exclusion(%(id)s, %(authority_id)s, %(digest)s, %(until)s, %(by)s, %(now)s)

-- name: end_exclusion
-- as: office, portal
select end_exclusion(%(id)s, %(authority_id)s, %(by)s, %(now)s)
-- name: list_ruled
-- as: office, portal, scheduler, setup
select w.id, r.since
from authority w cross join lateral rules_since(w.id) as r (since)
where w.kind = 'authority' and r.since <= %(at)s

-- name: list_asked_exercises
-- as: office, portal, scheduler, setup
select authority_id, since from list_asked_exercises(%(at)s)

-- name: find_unanswered_exercises
-- as: scheduler, setup
select authority_id, reason, things from find_unanswered_exercises(%(at)s)

-- name: find_exercise_hours
-- as: scheduler, setup
select authority_id, reason, things from find_exercise_hours(%(at)s)

-- name: find_unreplayed
-- as: scheduler, setup
select authority_id, reason, things from find_unreplayed(%(every)s, %(at)s)

-- name: find_silent_sources
-- as: scheduler, setup
select authority_id, reason, things from find_silent_sources(%(machines)s, %(at)s)

-- name: find_deployments
-- as: scheduler, setup
select authority_id, reason, things from find_deployments(%(digest)s, %(at)s)

-- name: find_unhoused
-- as: scheduler, setup
select authority_id, reason, things from find_unhoused(%(machines)s, %(at)s)

-- name: list_touches
-- as: scheduler, setup, scheduler in tenant, setup in tenant
select actor, step_up from ledger.list_touches(%(events)s, %(since)s, %(at)s)

-- name: count_made_up
-- as: scheduler, setup
select ledger.count_made_up(%(actors)s, %(step_ups)s, %(since)s)

-- name: list_digest_devices
-- as: scheduler, setup
select device_id from list_digest_devices(%(authority_id)s)

-- ── What is asked in an authority's own database ─────────────────────────────────────────────────────────────────

-- name: find_unpruned
-- as: scheduler in tenant, setup in tenant
select reason, things from ledger.find_unpruned(%(at)s)

-- name: list_recent_checkpoints
-- as: scheduler in tenant, setup in tenant
select note from ledger.recent_checkpoints(%(since)s, %(most)s)

-- name: find_late_erasures
-- as: scheduler in tenant, setup in tenant
select reason, things from find_late_erasures(%(within)s, %(at)s)

-- name: find_returned_erasures
-- as: scheduler in tenant, setup in tenant
select reason, things from find_returned_erasures(%(at)s)

-- name: find_unset_activation
-- as: scheduler in tenant, setup in tenant
select reason, things from find_unset_activation(%(at)s)

-- name: find_untold_alarms
-- as: scheduler in tenant, setup in tenant
select reason, things from find_untold_alarms(%(at)s)

-- name: find_overdue_secrets
-- as: scheduler in tenant, setup in tenant
select reason, things from find_overdue_secrets(%(devices)s, %(grace)s, %(at)s)

-- name: find_plain_devices
-- as: scheduler, setup
select authority_id, reason, things from find_plain_devices(%(at)s)

-- name: find_remote_paths
-- as: scheduler, setup
select authority_id, reason, things from find_remote_paths(%(at)s)

-- name: find_remote_samples
-- as: scheduler, setup
select authority_id, reason, things from find_remote_samples(%(every)s, %(at)s)

-- name: last_quarter
-- as: office
select quarter from last_quarter(%(at)s)

-- name: list_remote_draws
-- as: office, portal
select id, quarter, number, reason, checkpoint, seed, population, drawn_at, drawn, checked, deviating, last_checked_at
from list_remote_draws()

-- name: list_remote_drawn
-- as: office
select draw, session_id, rank, account_id, placed_at, deviates, note, made_by, made_at from list_remote_drawn()

-- name: list_remote_deviations
-- as: portal
select draw, rank, note, made_at from list_remote_deviations()

-- name: draw_remote_sample
-- as: office
select draw_remote_sample(%(id)s, %(number)s, %(reason)s, %(by)s, %(at)s)

-- name: check_remote_session
-- as: office
select check_remote_session(%(draw)s, %(session_id)s, %(deviates)s, %(note)s, %(by)s, %(at)s)

-- ── What waits, when it is due, and what was told of it ──────────────────────────────────────────────────────────

-- name: list_waiting
-- as: portal, scheduler
select kind, id, since, due from list_waiting(%(authority_id)s, %(at)s)

-- name: list_pending
-- as: portal, scheduler
select kind, id, since, due from list_pending(%(authority_id)s, %(at)s)

-- name: list_reports_due
-- as: portal, scheduler
select kind, id, since, due from list_reports_due(%(authority_id)s, %(at)s)

-- name: take_report
-- as: portal
select take_report(%(authority_id)s, %(report)s, %(year)s, %(format)s, %(sha256)s, %(by)s, %(now)s)

-- name: list_reports_taken
-- as: portal
select report, year, format, sha256, taken_at from list_reports_taken(%(authority_id)s)

-- name: list_changes
-- as: portal
select entry, number, state, digest, made_at, said from list_changes(%(authority_id)s, %(since)s, %(until)s)

-- name: list_standings
-- as: portal
select moment, requirement, met, reason, things, since, seen
from list_standings(%(authority_id)s, %(requirements)s, %(moments)s)

-- name: list_owed
-- as: office, scheduler
select kind, id, since, due from list_owed(%(roles)s, %(grace)s, %(at)s)

-- name: list_register_days
-- as: office, scheduler
select entry, register, state, concerned, made_at, days from list_register_days()

-- name: list_shown_days
-- as: portal, scheduler
select entry, register, state, concerned, made_at, days from list_shown_days(%(authority_id)s)

-- name: own_reception
-- as: scheduler
select own_reception()

-- name: tell_reminder
-- as: scheduler
select tell_reminder(%(authority_id)s, %(about)s, %(due)s, %(stage)s, %(said)s, %(at)s)

-- name: read_digest_state
-- as: scheduler
select weekday, is_told, last_day, last_told_at, last_said from read_digest_state(%(authority_id)s)

-- name: tell_digest
-- as: scheduler
select tell_digest(%(authority_id)s, %(day)s, %(said)s, %(at)s)

-- ── What the catalogue says of who may do what, which everybody may read ─────────────────────────────────────────

-- name: list_rights
-- as: scheduler, setup, scheduler in tenant, setup in tenant
-- Every right that anybody but its owner has here, and what belongs to anybody but the two owners: that says 'own'.
with things (kind, name, owner, acl) as (
    select case c.relkind when 'S' then 'sequence' else 'table' end, n.nspname || '.' || c.relname, c.relowner,
           coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and n.nspname !~ '^(pg_|information_schema$)'
    union all
    select 'function', n.nspname || '.' || p.proname, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^(pg_|information_schema$)'
    union all
    select 'schema', n.nspname, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
    from pg_namespace n where n.nspname !~ '^(pg_|information_schema$)'
), rights (grantee, kind, name, col, privilege) as (
    select a.grantee, t.kind, t.name, '', a.privilege_type || case when a.is_grantable then ' grantable' else '' end
    from things t cross join lateral aclexplode(t.acl) a
    where a.grantee <> t.owner
    union all
    select a.grantee, 'table', n.nspname || '.' || c.relname, t.attname,
           a.privilege_type || case when a.is_grantable then ' grantable' else '' end
    from pg_attribute t join pg_class c on c.oid = t.attrelid join pg_namespace n on n.oid = c.relnamespace
    cross join lateral aclexplode(t.attacl) a
    where n.nspname !~ '^(pg_|information_schema$)' and not t.attisdropped and a.grantee <> c.relowner
    union all
    select t.owner, t.kind, t.name, '', 'own'
    from things t
    where pg_get_userbyid(t.owner) is distinct from case when t.name ~ '^ledger(\.|$)' then 'vaka_ledger'
                                                         when t.name = 'public' then 'pg_database_owner'
                                                         else 'vaka_owner' end
)
select case grantee when 0 then 'public' else pg_get_userbyid(grantee)::text end, kind, name, col::text, lower(privilege)
from rights limit %(most)s

-- name: count_powerful
-- as: scheduler, setup
-- Roles that can do what no process needs, but for PostgreSQL's own, whoever made the cluster, and the superuser of setup.
select count(*)
from pg_roles r
where (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls)
  and r.oid <> 10 and r.rolname !~ '^pg_' and r.rolname <> %(superuser)s

-- name: list_memberships
-- as: scheduler, setup
select pg_get_userbyid(m.member)::text, pg_get_userbyid(m.roleid)::text, m.admin_option
from pg_auth_members m
where pg_get_userbyid(m.member) !~ '^pg_'
limit %(most)s

-- name: list_databases
-- as: scheduler, setup
select id, database_name from authority

-- name: list_reach
-- as: scheduler, setup
-- Who may connect to which of these, as PostgreSQL decides it; a superuser may everywhere, and is counted as such.
select d.datname::text, r.rolname::text
from pg_database d cross join pg_roles r
where d.datname = any (%(databases)s) and r.rolcanlogin and not r.rolsuper
  and has_database_privilege(r.oid, d.oid, 'connect')
limit %(most)s
-- name: keep_audit_note
-- as: portal in tenant
insert into audit_note (id, audit, subject_id, body, made_by, made_at)
values (%(id)s, %(audit)s, %(subject_id)s, %(body)s, %(made_by)s, %(now)s)

-- name: list_audit_notes
-- as: portal in tenant
select id, audit, body, made_by, made_at from audit_note where audit = %(audit)s order by made_at desc, id desc limit %(most)s
