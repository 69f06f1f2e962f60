-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database.

-- name: list_contacts
-- as: office, portal
select authority_id, place, name, mail, phone, hours, valid_until, since
from case_contact
where %(authority_id)s::uuid is null or authority_id = %(authority_id)s
order by authority_id, place

-- name: set_contact
-- as: portal
select set_case_contact(%(authority_id)s, %(place)s, %(name)s, %(mail)s, %(phone)s, %(hours)s, %(valid_until)s,
                        %(account_id)s, %(now)s)

-- name: end_contact
-- as: portal
select end_case_contact(%(authority_id)s, %(place)s, %(name)s, %(mail)s, %(phone)s, %(hours)s, %(valid_until)s,
                        %(account_id)s, %(now)s)

-- name: open_case
-- as: office
select open_case(%(id)s, %(kind)s, %(severity)s, %(regulated)s, %(known_at)s, %(tlp)s, %(text)s, %(title)s, %(touches)s,
                 %(minutes)s, %(account_id)s, %(now)s)

-- name: write_case
-- as: office
select write_case(%(case_id)s, %(kind)s, %(tlp)s, %(authority_id)s, %(text)s, %(facts)s, %(account_id)s, %(now)s)

-- name: answer_case
-- as: portal
select answer_case(%(case_id)s, %(authority_id)s, %(tlp)s, %(text)s, %(file)s, %(account_id)s, %(now)s)

-- name: see_case
-- as: office, portal
select see_case(%(case_id)s, %(number)s, %(authority_id)s, %(account_id)s, %(now)s)

-- name: escalate_cases
-- as: scheduler
select passed, failed from escalate_cases(%(now)s)

-- name: list_cases
-- as: office
select id, number, kind, severity, regulated, known_at, opened_at, acknowledge_minutes, receipt_minutes, tell_minutes,
       fix_hours, state, acknowledged_at, fixed_at, level, reports
from case_standing
where %(case_id)s::uuid is null or id = %(case_id)s
order by number desc

-- name: list_cases_of
-- as: portal
select id, number, kind, severity, regulated, known_at, opened_at, acknowledge_minutes, receipt_minutes, tell_minutes,
       fix_hours, state, acknowledged_at, fixed_at, level, reports
from list_cases_of(%(authority_id)s, %(case_id)s)

-- name: list_titles
-- as: office
select case_id, facts ->> 'title' as title from case_entry where number = 1

-- name: list_titles_of
-- as: portal
select case_id, title from list_case_titles(%(authority_id)s)

-- name: list_entries
-- as: office
select number, kind, side, tlp, authority_id, text, facts, made_by, made_at, digest
from case_entry where case_id = %(case_id)s order by number

-- name: list_entries_of
-- as: portal
select number, kind, side, tlp, authority_id, text, facts, made_by, made_at, digest
from list_case_entries(%(case_id)s, %(authority_id)s)

-- name: list_receipts
-- as: office
select number, authority_id, account_id, seen_at
from case_receipt where case_id = %(case_id)s order by number, seen_at

-- name: list_receipts_of
-- as: portal
select number, authority_id, account_id, seen_at
from list_case_receipts(%(case_id)s, %(authority_id)s)

-- name: list_touches
-- as: office
select case_id, authority_id, told_at from case_touch
where %(case_id)s::uuid is null or case_id = %(case_id)s
