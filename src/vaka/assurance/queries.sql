-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database, but for what an authority's own log says (standing, of vaka.ledger).

-- name: enter_look
-- as: scheduler, setup
select enter_look(%(requirement)s, %(at)s, %(clock)s, %(every)s, %(found)s, %(unseen)s)

-- name: list_evidence
-- as: office, portal, setup
select requirement, met, reason, things, since, seen from list_evidence(%(authority_id)s)

-- name: list_contracts
-- as: office, portal, scheduler, setup
select id, slug, name, created_at, rules_since(id) from authority where kind = 'authority' and state = 'active' order by slug

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

-- name: list_looks
-- as: portal
select look, requirement, looked_at, clock, seen from list_looks(%(authority_id)s, %(since)s, %(most)s)

-- name: list_findings
-- as: portal
select look, requirement, looked_at, clock, own, met, reason, things, stands
from list_findings(%(authority_id)s, %(since)s, %(most)s)

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

-- name: find_sites
-- as: scheduler, setup
select authority_id, reason, things from find_sites(%(at)s)

-- name: find_site_reviews
-- as: scheduler, setup
select authority_id, reason, things from find_site_reviews(%(every)s, %(at)s)

-- name: find_partners
-- as: scheduler, setup
select authority_id, reason, things from find_partners(%(every)s, %(at)s)

-- name: find_unreviewed_changes
-- as: scheduler, setup
select authority_id, reason, things from find_unreviewed_changes(%(at)s)

-- name: find_large_changes
-- as: scheduler, setup
select authority_id, reason, things from find_large_changes(%(at)s)

-- name: find_unread_rules
-- as: scheduler, setup
select authority_id, reason, things from find_unread_rules(%(roles)s, %(grace)s, %(at)s)
