-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in an authority's database.

-- name: list_number_keys
-- as: setup
select personal_number_key, id from person where personal_number_key is not null

-- name: list_senders
-- as: setup
select sender from device

-- name: lock_settings
-- as: setup in platform
-- One who looks at a time. The first time there is no row to lock: two who look then say the same twice.
select name from settings_record order by name for update

-- name: read_settings
-- as: setup in platform
select name, digest from settings_record

-- name: keep_settings
-- as: setup in platform
insert into settings_record (name, digest, recorded_at)
select name, digest, %(now)s from unnest(%(names)s::text[], %(digests)s::text[]) as r (name, digest)
on conflict (name) do update set digest = excluded.digest, recorded_at = excluded.recorded_at

-- name: drop_settings
-- as: setup in platform
delete from settings_record where name = any(%(names)s)

-- name: list_administrators
-- as: setup in platform
select a.id from account a join role_grant g on g.account_id = a.id
where a.state = 'active' and a.kind = 'administrator' and g.role = 'administrator'
  and coalesce(g.valid_until > %(now)s, true)

-- name: list_authorities_of
-- as: setup in platform
select authority_id from role_grant where account_id = %(account_id)s and authority_id is not null
union
select authority_id from role_request where account_id = %(account_id)s and state = 'waiting'
