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
-- In the platform's database.
insert into receiver_presence (instance, started_at, beat_at) values (%(instance)s, %(now)s, %(now)s)
on conflict (instance) do update set started_at = excluded.started_at, beat_at = excluded.beat_at

-- name: beat
-- In the platform's database.
update receiver_presence set beat_at = %(now)s where instance = %(instance)s
