-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in an authority's database. Nothing here deletes: that is a function's, which looks for itself.

-- name: list_rules
-- as: portal in tenant, scheduler in tenant
select id, rules, digest, reason, proposed_at, proposed_by, approved_at, approved_by, withdrawn_at, withdrawn_by, since
from list_removal_rules()

-- name: read_in_force
-- as: portal in tenant, scheduler in tenant, setup in tenant
select kind, months, exempt, rules_id, digest from removal_in_force(%(at)s)

-- name: propose
-- as: portal in tenant
select propose_removal(%(id)s, %(rules)s, %(reason)s, %(now)s, %(actor)s)

-- name: note_preview
-- as: portal in tenant
select note_removal_preview(%(id)s, %(digest)s, %(now)s, %(actor)s)

-- name: approve
-- as: portal in tenant
select approve_removal(%(id)s, %(digest)s, %(now)s, %(actor)s)

-- name: withdraw
-- as: portal in tenant
select withdraw_removal(%(id)s, %(now)s, %(actor)s)

-- name: preview
-- as: portal in tenant
select kind, people, held, things, alarms, messages, oldest, newest from preview_removal(%(id)s, %(at)s)

-- name: preview_at
-- as: setup in tenant
select kind, people, held, things, alarms, messages, oldest, newest from preview_removal_at(%(at)s)

-- name: read_state
-- as: portal in tenant, scheduler in tenant
select finished_at, complete, result from removal_state

-- name: read_time
-- as: scheduler in tenant
select clock_timestamp()

-- name: read_births
-- as: portal in tenant, scheduler in tenant, setup in tenant
select id, born_on, personal_number from person where id = any (%(ids)s)

-- name: list_removable
-- as: scheduler in tenant
select thing, at, people, held from list_removable(%(kind)s, %(after)s, %(after_id)s, %(most)s)

-- name: remove_data
-- as: scheduler in tenant
select things, alarms, messages, notes from remove_data(%(kind)s, %(things)s)

-- name: keep_state
-- as: scheduler in tenant
update removal_state set finished_at = %(now)s, complete = %(complete)s, result = %(result)s
