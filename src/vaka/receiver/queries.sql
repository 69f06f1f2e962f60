-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: accept_messages
-- In an authority's database.
select place, outcome from accept_messages(%s::jsonb, %s)

-- name: accept_exercises
-- In an authority's database.
select place, outcome from accept_exercises(%s::jsonb, %s)

-- name: record_signs_of_life
-- In an authority's database.
select record_signs_of_life(%s::jsonb)

-- name: start_presence
-- In the platform's database. Machines come and go: what was not heard for a month is forgotten, and what was heard by a clock far
-- ahead. One of them that lives makes its row anew.
with old as (
    delete from receiver_presence where instance <> %(instance)s and (
        beat_at < %(now)s::timestamptz - interval '30 days'
        or beat_at > greatest(%(now)s::timestamptz, clock_timestamp()) + interval '1 day')
)
insert into receiver_presence (instance, machine, started_at, beat_at)
values (%(instance)s, %(machine)s, %(now)s, %(now)s)
on conflict (instance) do update set
    machine = excluded.machine, started_at = excluded.started_at, beat_at = excluded.beat_at, ended_at = null

-- name: beat
-- In the platform's database. Whoever lives has not ended, also where the one that it replaced said so after it had started.
update receiver_presence set beat_at = %(now)s, ended_at = null where instance = %(instance)s
returning instance

-- name: end_presence
-- In the platform's database. When it was last heard stays: supervision counts by that.
update receiver_presence set ended_at = %(now)s where instance = %(instance)s
