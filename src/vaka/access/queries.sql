-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database.

-- name: read_grants
-- as: desk, portal, signin
select g.role, g.authority_id, g.valid_until
from role_grant g
join account a on a.id = g.account_id
where g.account_id = %(account_id)s
  and a.state = 'active'
  and (g.valid_until is null or g.valid_until > %(now)s)
order by g.role, g.authority_id

-- name: list_colleagues
-- as: desk
select a.id as account_id, a.display_name
from account a
where a.state = 'active' and a.kind = 'user'
  and exists (select 1 from role_grant g
              where g.account_id = a.id and g.authority_id = %(authority_id)s and g.role = any(%(roles)s)
                and (g.valid_until is null or g.valid_until > %(now)s))
order by a.display_name, a.id

-- name: grant_role
-- as: setup
insert into role_grant as g (account_id, role, authority_id, granted_at, valid_until)
values (%(account_id)s, %(role)s, %(authority_id)s, %(now)s, %(valid_until)s)
on conflict (account_id, role, coalesce(authority_id, '00000000-0000-0000-0000-000000000000')) do update
    set granted_at = excluded.granted_at, valid_until = excluded.valid_until
    where g.valid_until is distinct from excluded.valid_until

-- name: revoke_role
-- as: setup
delete from role_grant
where account_id = %(account_id)s and role = %(role)s and authority_id is not distinct from %(authority_id)s
