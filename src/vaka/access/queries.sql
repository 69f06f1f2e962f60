-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database.

-- name: read_grants
-- as: desk, portal, registry, office, signin
select g.role, g.authority_id, g.valid_until, g.terms
from usable_grant g
join account a on a.id = g.account_id
where g.account_id = %(account_id)s
  and a.state = 'active'
  and (g.begins_at is null or g.begins_at <= %(now)s)
  and (g.valid_until is null or g.valid_until > %(now)s)
order by g.role, g.authority_id

-- name: state_step_up
-- as: portal, office
select set_config('ledger.step_up', %(step_up)s, true)

-- name: list_colleagues
-- as: desk
select a.id as account_id, a.display_name
from account a
where a.state = 'active' and a.kind = 'user'
  and exists (select 1 from effective_grant g
              where g.account_id = a.id and g.authority_id = %(authority_id)s and g.role = any(%(roles)s)
                and (g.valid_until is null or g.valid_until > %(now)s))
order by a.display_name, a.id

-- name: is_designated
-- as: setup, portal
select 1 from designated_role where role = %(role)s and authority_id = %(authority_id)s

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

-- name: list_roles
-- as: setup
select distinct role from role_grant where account_id = %(account_id)s

-- name: request_role
-- as: setup
select request_role(%(request)s, %(kind)s, %(account_id)s, %(role)s, %(authority_id)s, %(now)s, %(valid_until)s,
                    %(reason)s, %(control)s, %(answer_by)s, %(actor)s)

-- name: list_requests
-- as: portal, setup
select r.id, r.kind, r.account_id, r.role, r.valid_from, r.valid_until, r.digest, r.reason, r.beside, r.control,
       r.requested_by, r.answer_by, r.state, r.decided_by, r.decided_at, r.decision
from role_request r
where r.authority_id = %(authority_id)s
order by coalesce(r.decided_at, r.valid_from) desc, r.id desc

-- name: decide_role_request
-- as: portal
select decide_role_request(%(request)s, %(digest)s, %(verdict)s, %(account_id)s, %(reason)s, %(authority_id)s, %(now)s)

-- name: settle_roles
-- as: scheduler
select settle_roles(%(now)s)

-- name: list_held
-- as: portal
select g.role, g.account_id, g.granted_at, coalesce(e.valid_until, g.valid_until) as valid_until, a.state,
       e.account_id is not null as effective, r.kind, a.last_signed_in_at
from role_grant g
join account a on a.id = g.account_id
left join effective_grant e on e.account_id = g.account_id and e.role = g.role and e.authority_id = g.authority_id
left join role_request r on r.id = g.request_id
where g.authority_id = %(authority_id)s and (g.valid_until is null or g.valid_until > %(now)s)
order by g.role, a.display_name, a.id

-- name: list_holders
-- as: portal
-- Administrators' rights reach every authority; of the others, who has a privileged role with this one. Or one account,
-- whatever it has.
select a.id as account_id, a.display_name, a.kind, a.state, a.created_at, a.ends_at, a.last_signed_in_at,
       g.role, g.granted_at, coalesce(e.valid_until, g.valid_until) as valid_until,
       e.account_id is not null as effective, r.kind as rests_on, r.decided_by, r.decided_at
from account a
left join role_grant g on g.account_id = a.id and g.authority_id = %(authority_id)s
                      and (%(roles)s::text[] is null or g.role = any(%(roles)s))
                      and (g.valid_until is null or g.valid_until > %(now)s)
left join effective_grant e on e.account_id = g.account_id and e.role = g.role and e.authority_id = g.authority_id
left join role_request r on r.id = g.request_id
where case when %(account_id)s::uuid is null then a.state <> 'removed' and (a.kind = 'administrator' or g.role is not null)
           else a.id = %(account_id)s end
order by a.kind, a.display_name, a.id, g.role

-- name: list_designations
-- as: portal
select asked.role, d.since, d.designated_by, d.reason, holders_digest(%(authority_id)s, asked.role) as holders
from unnest(%(roles)s::text[]) with ordinality as asked (role, place)
left join designated_role d on d.authority_id = %(authority_id)s and d.role = asked.role
order by asked.place

-- name: designate_role
-- as: portal
select designate_role(%(authority_id)s, %(role)s, %(holders)s, %(account_id)s, %(reason)s, %(now)s)

-- name: release_role
-- as: portal
select release_role(%(authority_id)s, %(role)s, %(account_id)s, %(reason)s, %(now)s)

-- name: settle_training
-- as: scheduler
select settle_training(%(now)s)

-- name: training_due
-- as: office
select title, rests_from, rests_from <= %(now)s as rests from training_due(%(account_id)s, %(now)s)

-- name: ended_engagement
-- as: office
select ended_engagement(%(account_id)s, %(now)s) as firm

-- name: policy_to_accept
-- as: office
select policy_to_accept(%(account_id)s)

-- name: place_session
-- as: office
select place_session(%(session_id)s, %(address)s::inet, %(now)s)

-- name: list_networks
-- as: office
select entry, network from list_networks(%(now)s)

-- name: list_effective
-- as: setup
select g.role, g.account_id, g.valid_until
from effective_grant g
where g.authority_id = %(authority_id)s and (g.valid_until is null or g.valid_until > %(now)s)
order by g.role, g.account_id

-- name: end_accounts
-- as: scheduler
select end_accounts(%(now)s)

-- name: end_break_glass
-- as: scheduler
select end_break_glass(%(now)s)

-- name: list_roles_of
-- as: office
select g.role, g.authority_id, t.name as authority, g.granted_at, g.valid_until
from effective_grant g
left join authority t on t.id = g.authority_id
where g.account_id = %(account_id)s and (g.valid_until is null or g.valid_until > %(now)s)
order by g.role, t.name

-- name: request_account
-- as: office, setup
select request_account(%(request)s, %(kind)s, %(account_id)s, %(human)s, %(display_name)s, %(realm)s, %(language)s,
                       %(ends_at)s, %(reason)s, %(by)s, %(actor)s, %(step_up)s, %(answer_by)s, %(now)s)

-- name: request_identity
-- as: office, setup
select request_identity(%(request)s, %(kind)s, %(account_id)s, %(display_name)s, %(realm)s, %(reason)s, %(by)s, %(actor)s,
                        %(step_up)s, %(answer_by)s, %(now)s)

-- name: approve_identity
-- as: office
select approve_identity(%(request)s, %(digest)s, %(by)s, %(reason)s, %(step_up)s, %(invitation)s, %(code_hash)s,
                        %(matching_hmac)s, %(expires_at)s, %(now)s)

-- name: list_account_requests
-- as: office
select r.id, r.kind, r.account_id, r.human, r.display_name, r.realm, r.language, r.ends_at, r.reason, r.digest,
       r.requested_by, a.human as requester, r.requested_at, r.answer_by, r.state, r.decided_by, r.decided_at, r.decision,
       r.invites
from account_request r
join account a on a.id = r.requested_by
where %(account_id)s::uuid is null or r.account_id = %(account_id)s
order by r.state <> 'waiting', coalesce(r.decided_at, r.requested_at) desc, r.id desc

-- name: decide_account_request
-- as: office
select decide_account_request(%(request)s, %(digest)s, %(verdict)s, %(by)s, %(reason)s, %(step_up)s, %(code_hash)s,
                              %(now)s)

-- name: concerns_an_authority
-- as: office
select 1 from effective_grant g where g.account_id = %(account_id)s and g.authority_id is not null
union all
select 1 from role_request r where r.account_id = %(account_id)s and r.state = 'waiting'
limit 1

-- name: request_role_change
-- as: office, setup
select request_role_change(%(request)s, %(account_id)s, %(wanted)s, %(reason)s, %(by)s, %(actor)s, %(step_up)s,
                           %(answer_by)s, %(now)s)

-- name: try_role_change
-- as: office
select try_role_change(%(request)s, %(account_id)s, %(wanted)s, %(reason)s, %(actor)s, %(now)s)

-- name: decide_role_change
-- as: office
select decide_role_change(%(request)s, %(digest)s, %(verdict)s, %(by)s, %(reason)s, %(step_up)s, %(now)s)

-- name: list_role_changes
-- as: office
select c.id, c.account_id, c.human, c.wanted, c.reason, c.requested_by, a.human as requester, c.digest, c.requested_at,
       c.answer_by, c.state, c.decided_by, c.decided_at, c.decision
from role_change c
join account a on a.id = c.requested_by
where %(account_id)s::uuid is null or c.account_id = %(account_id)s
order by c.state <> 'waiting', coalesce(c.decided_at, c.requested_at) desc, c.id desc

-- name: list_role_holdings
-- as: office
-- Every grant that has not ended, worth something or not; and which two administrators and which of the authority's
-- approvers it rests on, where they said so.
select g.role, g.authority_id, t.name as authority, g.granted_at, coalesce(e.valid_until, g.valid_until) as valid_until,
       e.account_id is not null as effective, c.requested_by as asked_by, c.decided_by as agreed_by,
       r.decided_by as approved_by, r.decided_at as approved_at
from role_grant g
left join authority t on t.id = g.authority_id
left join effective_grant e on e.account_id = g.account_id and e.role = g.role
                           and e.authority_id is not distinct from g.authority_id
left join role_request r on r.id = g.request_id
left join role_change c on c.account_id = g.account_id and c.state = 'approved' and c.decided_at = g.granted_at
                       and c.wanted @> jsonb_build_array(jsonb_build_object(
                           'kind', 'give', 'role', g.role, 'authority', g.authority_id))
where g.account_id = %(account_id)s and (g.valid_until is null or g.valid_until > %(now)s)
order by t.name nulls first, g.role

-- name: list_roles_asked
-- as: office
-- What the authority has been asked for, and has not answered.
select r.role, r.authority_id, t.name as authority, r.kind, r.valid_from as asked_at, r.valid_until, r.answer_by
from role_request r
join authority t on t.id = r.authority_id
where r.account_id = %(account_id)s and r.state = 'waiting' and (r.answer_by is null or r.answer_by > %(now)s)
order by t.name, r.role

-- name: list_designated
-- as: office
select authority_id, role from designated_role

-- name: lapse_role_changes
-- as: scheduler
select lapse_role_changes(%(now)s)

-- name: publish_rule
-- as: portal
select publish_rule(%(rule)s, %(number)s, %(authority_id)s, %(title)s, %(words)s, %(file)s, %(holds_from)s, %(by)s, %(now)s)

-- name: list_published_rules
-- as: portal
select rule, number, title, words, file, holds_from, digest, published_at, readers, acknowledged
from list_published_rules(%(authority_id)s, %(roles)s, %(now)s)

-- name: list_rules_to_read
-- as: desk, office
select rule, number, authority_id, authority, title, holds_from, opened, acknowledged
from list_rules_to_read(%(account_id)s, %(roles)s, %(now)s)

-- name: open_rule
-- as: desk, office
select authority_id, authority, title, words, file, holds_from, digest, newest, replaced, acknowledged
from open_rule(%(rule)s, %(number)s, %(account_id)s, %(roles)s, %(now)s)

-- name: acknowledge_rule
-- as: desk, office
select acknowledge_rule(%(rule)s, %(number)s, %(digest)s, %(account_id)s, %(roles)s, %(now)s)

-- name: make_calendar_link
-- as: portal, office
insert into calendar_link (id, authority_id, account_id, token_hash, made_at)
values (%(id)s, %(authority_id)s, %(account_id)s, %(token_hash)s, %(now)s)

-- name: end_calendar_link
-- as: portal, office
update calendar_link set ended_at = %(now)s, ended_by = %(account_id)s
where id = %(id)s and account_id = %(account_id)s and authority_id is not distinct from %(authority_id)s and ended_at is null

-- name: list_calendar_links
-- as: portal, office
select id, made_at from calendar_link
where account_id = %(account_id)s and authority_id is not distinct from %(authority_id)s and ended_at is null
order by made_at, id

-- name: find_calendar_link
-- as: portal, office
select l.id, l.authority_id, l.account_id, l.made_at, a.language, a.kind
from calendar_link l
join account a on a.id = l.account_id and a.state = 'active'
where l.token_hash = %(token_hash)s and l.ended_at is null
