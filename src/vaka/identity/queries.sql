-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database.

-- name: open_session
-- as: signin
insert into session (token_hash, id, account_id, realm, method, created_at, expires_at)
select %(token_hash)s, %(id)s, a.id, %(realm)s, %(method)s, %(now)s, %(expires_at)s
from account a
where a.id = %(account_id)s and a.state = 'active' and a.kind = %(kind)s

-- name: note_sign_in
-- as: signin
update account set last_signed_in_at = %(now)s where id = %(account_id)s

-- name: find_session
-- as: desk, portal, signin
select s.id, s.account_id, s.realm, s.created_at, s.expires_at, a.display_name, a.kind, a.language
from session s
join account a on a.id = s.account_id
where s.token_hash = %(token_hash)s
  and s.ended_at is null and s.expires_at > %(now)s
  and a.state = 'active'

-- name: end_session
-- as: desk, portal, signin
update session set ended_at = %(now)s where id = %(id)s and ended_at is null

-- name: end_sessions_of
-- as: desk, signin
update session set ended_at = %(now)s
where account_id = %(account_id)s and ended_at is null
returning id

-- name: list_accounts
-- as: setup, signin
select id, human, display_name, kind, language, state, persona, created_at, last_signed_in_at
from account
order by display_name, id

-- name: name_accounts
-- as: desk, portal, signin
select id, display_name from account where id = any(%(ids)s)

-- name: create_account
-- as: setup
insert into account (id, human, display_name, kind, language, persona, created_at)
values (%(id)s, %(human)s, %(display_name)s, %(kind)s, %(language)s, %(persona)s, %(now)s)
on conflict do nothing

-- name: read_humans
-- as: portal, scheduler, setup
select id, human from account where id = any(%(ids)s)

-- name: find_persona
-- as: setup, signin
select id, human, display_name, kind, language, state, persona, created_at, last_signed_in_at
from account where persona = %(persona)s

-- name: list_personas
-- as: signin
select a.id as account_id, a.persona, a.display_name, a.kind, a.language,
       coalesce(array_agg(distinct g.role order by g.role) filter (where g.role is not null), '{}') as roles,
       coalesce(array_agg(distinct t.name order by t.name) filter (where t.name is not null), '{}') as authorities
from account a
left join effective_grant g on g.account_id = a.id and (g.valid_until is null or g.valid_until > %(now)s)
left join authority t on t.id = g.authority_id
where a.persona is not null and a.state = 'active'
group by a.id
order by a.persona

-- name: read_installation_mode
-- as: desk, signin, setup
select mode from installation

-- name: decide_installation
-- as: setup
insert into installation (mode, since) values (%(mode)s, %(now)s) on conflict do nothing

-- name: change_account
-- as: setup
select change_account(%(account_id)s, %(state)s, %(actor)s, %(now)s)

-- name: end_account
-- as: setup
select end_account(%(account_id)s, %(ends_at)s, %(actor)s, %(now)s)
