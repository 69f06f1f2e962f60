-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database.

-- name: list_newest_versions
-- as: office
select distinct on (v.entry) v.entry, v.number, v.register, v.state, v.fields, v.concerned, v.content, v.digest, v.made_by,
       v.made_at
from register_version v
where v.register = %(register)s
order by v.entry, v.number desc

-- name: list_holding_versions
-- as: office
select h.entry, h.number, h.register, h.state, h.fields, h.concerned, h.content, h.digest, h.made_by, h.made_at
from register_holding h
where h.register = %(register)s
order by h.entry

-- name: list_versions
-- as: office
select v.entry, v.number, v.register, v.state, v.fields, v.concerned, v.content, v.digest, v.made_by, v.made_at
from register_version v
where v.entry = %(entry)s
order by v.number desc

-- name: enter_version
-- as: office
select enter_register_version(%(entry)s, %(number)s, %(register)s, %(step)s, %(state)s, %(fields)s, %(concerned)s, %(by)s,
                              %(step_up)s, %(now)s)

-- name: acknowledge_version
-- as: office
select acknowledge_register_entry(%(entry)s, %(number)s, %(digest)s, %(by)s, %(step_up)s, %(now)s)

-- name: list_acknowledgements
-- as: office
select content, account_id, made_at from register_acknowledgement where entry = %(entry)s order by made_at, account_id

-- name: show_register
-- as: office
select show_register(%(register)s, %(authority_id)s, %(how)s, %(by)s, %(step_up)s, %(now)s)

-- name: list_showings
-- as: office
select authority_id, how from register_showing where register = %(register)s

-- name: count_entries
-- as: office
select register, state, count(*) from register_holding group by register, state

-- name: count_shown_entries
-- as: portal
select register, how, state, entries from count_shown_entries(%(authority_id)s)

-- name: list_shown_entries
-- as: portal
select entry, number, register, state, fields, content, digest, made_at
from list_shown_entries(%(authority_id)s, %(register)s)
