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

-- name: list_files
-- as: office
select id, entry, content, name, media_type, size, sha256, made_by, made_at
from attachment where entry = %(entry)s order by made_at, id

-- name: read_file
-- as: office
select name, media_type, body from attachment where entry = %(entry)s and id = %(id)s

-- name: attach_file
-- as: office
select attach_file(%(id)s, %(entry)s, %(number)s, %(name)s, %(media_type)s, %(body)s, %(signed_at)s, %(most)s, %(by)s,
                   %(now)s)

-- name: refuse_file
-- as: office
select refuse_file(%(entry)s, %(sha256)s, %(reason)s, %(by)s, %(now)s)

-- name: list_shown_files
-- as: portal
select id, entry, content, name, media_type, size, sha256, made_at
from list_shown_files(%(authority_id)s, %(register)s)

-- name: read_shown_file
-- as: portal
select register, name, media_type, sha256, body from read_shown_file(%(authority_id)s, %(id)s)

-- name: count_shown_entries
-- as: portal
select register, how, state, entries from count_shown_entries(%(authority_id)s)

-- name: list_shown_entries
-- as: portal
select entry, number, register, state, fields, content, digest, made_at
from list_shown_entries(%(authority_id)s, %(register)s)

-- name: list_exercises
-- as: office, portal
select id, authority_id, year, wanted, wished, asked_by, asked_at, answer_by, withdrawn_at, starts_at, ends_at,
       office_takes_part, portal_takes_part, injects, planned_at, agreed_by, agreed_at, refused_at, refusal, begun_at,
       ended_at, office_present, portal_present, closed_at, digest, seconds, owes_plan
from list_exercises(%(authority_id)s, %(now)s, %(id)s)

-- name: list_exercise_lessons
-- as: office, portal
select id, exercise_id, lesson, side, noted_at, finding, motive, title, due, state
from list_exercise_lessons(%(authority_id)s, %(exercises)s)

-- name: read_exercise_days
-- as: office, portal
select exercise_days(%(authority_id)s)

-- name: set_exercise_days
-- as: portal
select set_exercise_days(%(authority_id)s, %(days)s, %(by)s, %(now)s)

-- name: ask_exercise
-- as: portal
select ask_exercise(%(id)s, %(authority_id)s, %(year)s, %(wanted)s, %(wished)s, %(by)s, %(now)s)

-- name: plan_exercise
-- as: office
select plan_exercise(%(id)s, %(starts_at)s, %(ends_at)s, %(office)s, %(portal)s, %(injects)s, %(by)s, %(now)s)

-- name: decide_exercise
-- as: portal
select decide_exercise(%(id)s, %(sha256)s, %(refusal)s, %(by)s, %(now)s)

-- name: withdraw_exercise
-- as: portal
select withdraw_exercise(%(id)s, %(by)s, %(now)s)

-- name: begin_exercise
-- as: office
select begin_exercise(%(id)s, %(sha256)s, %(by)s, %(now)s)

-- name: end_exercise
-- as: office, portal
select end_exercise(%(id)s, %(by)s, %(now)s)

-- name: attend_exercise
-- as: office, portal
select attend_exercise(%(id)s, %(present)s, %(by)s, %(now)s)

-- name: note_exercise_lesson
-- as: office, portal
select note_exercise_lesson(%(lesson_id)s, %(id)s, %(lesson)s, %(by)s, %(now)s)

-- name: settle_exercise_lesson
-- as: office
select settle_exercise_lesson(%(lesson_id)s, %(finding)s, %(motive)s, %(by)s, %(now)s)

-- name: close_exercise
-- as: office
select close_exercise(%(id)s, %(by)s, %(now)s)
