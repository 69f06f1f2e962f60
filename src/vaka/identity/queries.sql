-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database.

-- name: open_session
-- as: signin
insert into session (token_hash, id, account_id, realm, method, created_at, expires_at, issuer, level, browser,
                     fallback, break_glass, authority_id, issuer_name, issuer_session)
select %(token_hash)s, %(id)s, a.id, %(realm)s, %(method)s, %(now)s,
       case when exists (select from effective_grant g
                         where g.account_id = a.id and g.role = any(%(brief_roles)s)
                           and (g.valid_until is null or g.valid_until > %(now)s))
            then least(%(expires_at)s::timestamptz, %(brief_until)s::timestamptz)
            else %(expires_at)s::timestamptz end,
       %(issuer)s, %(level)s, %(browser)s, %(fallback)s, %(break_glass)s, %(authority_id)s,
       %(issuer_name)s, %(issuer_session)s
from account a
where a.id = %(account_id)s and a.state = 'active' and a.kind = %(kind)s

-- name: note_sign_in
-- as: signin
update account set last_signed_in_at = %(now)s where id = %(account_id)s

-- name: find_session
-- as: desk, portal, office, signin
select s.id, s.account_id, s.realm, s.created_at, s.expires_at, a.display_name, a.kind, a.language,
       s.method, s.issuer, s.level, coalesce(u.used_at, s.created_at) as used_at, u.locked_at, s.kept_until,
       s.fallback, s.break_glass, s.authority_id
from session s
join account a on a.id = s.account_id
left join session_use u on u.session_id = s.id
where s.token_hash = %(token_hash)s
  and s.ended_at is null and coalesce(s.kept_until, s.expires_at) > %(now)s
  and a.state = 'active'

-- name: find_fallback_account
-- as: signin
select a.kind, a.state,
       exists (select from effective_grant g
               where g.account_id = a.id and g.role = any(%(roles)s)
                 and (g.valid_until is null or g.valid_until > %(now)s)) as works_there
from account a
where a.id = %(account_id)s

-- name: await_touch
-- as: signin
-- What nobody came back for goes with the next that begins.
with gone as (delete from emergency_touch where started_at < %(oldest)s)
insert into emergency_touch (token_hash, break_glass, started_at) values (%(token_hash)s, %(break_glass)s, %(now)s)

-- name: take_touch
-- as: signin
-- Once: of two that come at the same time one gets it.
delete from emergency_touch where token_hash = %(token_hash)s
returning break_glass, started_at

-- name: begin_break_glass
-- as: signin
select begin_break_glass(%(id)s, %(account_id)s, %(key_id)s, %(credential)s, %(now)s)

-- name: find_break_glass
-- as: office, signin
select id, first_account, first_key, begun_at, second_account, second_key, session_id, opened_at, expires_at, reason,
       binding, review_by, ended_at, reviewed_by, reviewed_at, review
from break_glass where id = %(id)s

-- name: open_break_glass
-- as: signin
select open_break_glass(%(id)s, %(account_id)s, %(key_id)s, %(credential)s, %(session_id)s, %(reason)s, %(expires_at)s,
                        %(review_by)s, %(binding)s, %(now)s)

-- name: list_break_glass
-- as: office
select id, first_account, first_key, begun_at, second_account, second_key, session_id, opened_at, expires_at, reason,
       binding, review_by, ended_at, reviewed_by, reviewed_at, review
from break_glass
order by begun_at desc, id desc
limit %(most)s

-- name: find_open_break_glass
-- as: office
select b.id, b.first_account, b.second_account, b.opened_at, b.expires_at
from break_glass b join session s on s.id = b.session_id
where b.expires_at > %(now)s and s.ended_at is null and s.break_glass = b.id
order by b.opened_at desc limit 1

-- name: count_unreviewed_break_glass
-- as: signin
select count_unreviewed_break_glass(%(now)s)

-- name: list_acts
-- as: office
select id, happened_at, event, object, outcome from ledger.acts_between(%(actor)s, %(since)s, %(until)s, %(most)s)

-- name: review_break_glass
-- as: office
select review_break_glass(%(id)s, %(by)s, %(reason)s, %(step_up)s, %(now)s)

-- name: share_a_human
-- as: office
select share_a_human(%(one)s, %(one_at)s, %(other)s, %(other_at)s)

-- name: end_session
-- as: desk, portal, office, signin
update session set ended_at = %(now)s where id = %(id)s and ended_at is null

-- name: note_use
-- as: desk, portal, office
insert into session_use as u (session_id, used_at) values (%(session_id)s, date_trunc('minute', %(now)s::timestamptz))
on conflict (session_id) do update set used_at = excluded.used_at where u.used_at < excluded.used_at and u.locked_at is null

-- name: lock_session
-- as: desk, portal, office
-- Not where it was used a moment ago after all, by another window.
insert into session_use as u (session_id, used_at, locked_at) values (%(session_id)s, %(used_at)s, %(now)s)
on conflict (session_id) do update set locked_at = excluded.locked_at
    where u.locked_at is null and u.used_at <= excluded.used_at
returning session_id

-- name: is_session_locked
-- as: desk, portal, office
select locked_at is not null from session_use where session_id = %(session_id)s

-- name: unlock_session
-- as: desk, portal, office
update session_use set locked_at = null, used_at = date_trunc('minute', %(now)s::timestamptz)
where session_id = %(session_id)s and locked_at is not null

-- name: keep_session
-- as: desk
select keep_session(%(session_id)s, %(now)s)

-- name: list_sessions
-- as: desk, portal, office, setup
select s.id, s.realm, s.method, s.issuer, s.level, s.browser, s.created_at, s.expires_at,
       coalesce(u.used_at, s.created_at) as used_at, s.fallback
from session s
left join session_use u on u.session_id = s.id
where s.account_id = %(account_id)s and s.ended_at is null and coalesce(s.kept_until, s.expires_at) > %(now)s
order by s.created_at desc, s.id desc
limit %(most)s

-- name: end_sessions_of
-- as: desk, portal, office, setup, signin
update session set ended_at = %(now)s
where account_id = %(account_id)s and ended_at is null
  and (%(only)s::uuid is null or id = %(only)s) and (%(but)s::uuid is null or id <> %(but)s)
  and (%(realm)s::text is null or realm = %(realm)s)
  and (%(issuer)s::text is null or issuer = %(issuer)s)
returning id

-- name: end_named_sessions
-- as: signin
update session set ended_at = %(now)s
where issuer = %(issuer)s and issuer_name = %(issuer_name)s and ended_at is null
  and (cardinality(%(issuer_sessions)s::bytea[]) = 0 or issuer_session = any(%(issuer_sessions)s))
returning id, account_id

-- name: list_accounts
-- as: setup, signin
select id, human, display_name, kind, language, state, persona, created_at, last_signed_in_at
from account
order by display_name, id

-- name: list_standings
-- as: setup
select id, kind, state, created_at, ends_at, last_signed_in_at from account order by id

-- name: name_accounts
-- as: desk, portal, office, signin
select id, display_name from account where id = any(%(ids)s)

-- name: found_account
-- as: setup
select found_account(%(id)s, %(human)s, %(display_name)s, %(kind)s, %(language)s, %(persona)s, %(now)s)

-- name: read_humans
-- as: portal, office, scheduler, setup
select id, human from account where id = any(%(ids)s)

-- name: find_persona
-- as: setup
select id, human, display_name, kind, language, state, persona, created_at, last_signed_in_at
from account where persona = %(persona)s

-- name: read_installation_mode
-- as: desk, signin, office, setup
select mode from installation

-- name: decide_installation
-- as: setup
insert into installation (mode, since) values (%(mode)s, %(now)s) on conflict do nothing

-- name: list_keys
-- as: desk, portal, office
select id, account_id, name, credential_id, public_key, algorithm, model, site, device_bound, attested, sign_count,
       added_at, last_used_at, binding, purpose
from security_key
where account_id = %(account_id)s and purpose = %(purpose)s
order by added_at, id

-- name: find_key
-- as: desk, portal, office, signin
select id, account_id, name, credential_id, public_key, algorithm, model, site, device_bound, attested, sign_count,
       added_at, last_used_at, binding, purpose
from security_key
where credential_id = %(credential_id)s

-- name: enrol_key
-- as: desk, portal, office
insert into security_key (id, account_id, name, credential_id, public_key, algorithm, model, site, device_bound,
                          attested, sign_count, added_at, binding, purpose)
values (%(id)s, %(account_id)s, %(name)s, %(credential_id)s, %(public_key)s, %(algorithm)s, %(model)s, %(site)s,
        %(device_bound)s, %(attested)s, %(sign_count)s, %(now)s, %(binding)s, %(purpose)s)
on conflict (credential_id) do nothing

-- name: use_key
-- as: desk, portal, office, signin
-- Of two touches at once the one with the higher count may come first.
update security_key set sign_count = %(sign_count)s, last_used_at = %(now)s
where id = %(id)s and (sign_count < %(sign_count)s or (sign_count = 0 and %(sign_count)s = 0))

-- name: rename_key
-- as: desk, portal, office
update security_key set name = %(name)s where id = %(id)s and account_id = %(account_id)s

-- name: remove_key
-- as: desk, portal, office, setup
delete from security_key where id = %(id)s and account_id = %(account_id)s and purpose = 'own' returning credential_id

-- name: list_emergency_keys
-- as: office, signin
select k.id, k.account_id, k.name, k.credential_id, k.public_key, k.algorithm, k.model, k.site, k.device_bound, k.attested,
       k.sign_count, k.added_at, k.last_used_at, k.binding, k.purpose, a.human, a.display_name,
       acts_as_administrator(a.id, %(now)s) as acts
from security_key k join account a on a.id = k.account_id
where k.purpose = 'emergency' and a.state <> 'removed'
order by a.display_name, k.id

-- name: find_emergency_request
-- as: office
select emergency_key_request(%(account_id)s, %(now)s)

-- name: list_keys_of_account
-- as: setup
select id, credential_id, added_at, last_used_at from security_key
where account_id = %(account_id)s and purpose = 'own'
order by added_at, id

-- name: lock_account
-- as: desk, portal, office
-- Of one account's keys, one is enrolled or removed at a time.
select pg_advisory_xact_lock(hashtextextended(%(account_id)s::text, 0))

-- name: issue_challenge
-- as: desk, portal, office
insert into security_key_challenge (challenge_hash, session_id, purpose, random, issued_at, expires_at)
values (%(challenge_hash)s, %(session_id)s, %(purpose)s, %(random)s, %(now)s, %(expires_at)s)

-- name: count_refusal
-- as: desk, portal, office
insert into security_key_challenge (challenge_hash, session_id, purpose, issued_at, expires_at, used_at)
values (%(challenge_hash)s, %(session_id)s, 'enrol', %(now)s, %(now)s, %(now)s)

-- name: count_challenges
-- as: desk, portal, office
select count(*) from security_key_challenge where session_id = %(session_id)s and issued_at > %(since)s

-- name: drop_challenges
-- as: desk, portal, office
delete from security_key_challenge where expires_at < %(since)s

-- name: take_challenge
-- as: desk, portal, office
update security_key_challenge set used_at = %(now)s
where challenge_hash = %(challenge_hash)s and session_id = %(session_id)s and purpose = %(purpose)s
  and used_at is null and expires_at > %(now)s
returning random

-- name: find_challenge
-- as: desk, portal, office
select session_id = %(session_id)s and purpose = %(purpose)s as here, used_at is not null as used
from security_key_challenge where challenge_hash = %(challenge_hash)s

-- name: propose_trust
-- as: office, setup
insert into trusted_issuer (id, authority_id, name, content, proposed_by, proposed_at)
select %(id)s, %(authority_id)s, %(name)s, %(content)s, a.id, %(now)s
from account a
where a.id = %(by)s and a.kind = 'administrator' and a.state = 'active'

-- name: approve_trust
-- as: office, setup
update trusted_issuer t set approved_by = a.id, approved_at = %(now)s
from account a
where t.id = %(id)s and t.content = %(content)s and t.approved_by is null and t.withdrawn_by is null
  -- Nobody has two administrators' accounts: two of them are two people.
  and t.proposed_by <> a.id and a.id = %(by)s and a.kind = 'administrator' and a.state = 'active'

-- name: withdraw_trust
-- as: office, setup
update trusted_issuer t set withdrawn_by = a.id, withdrawn_at = %(now)s
from account a
where t.id = %(id)s and t.withdrawn_by is null
  and a.id = %(by)s and a.kind = 'administrator' and a.state = 'active'

-- name: list_trust
-- as: desk, office, setup, signin
select id, authority_id, name, content as text, proposed_by, proposed_at, approved_by, approved_at, withdrawn_by,
       withdrawn_at
from trusted_issuer
order by name, proposed_at, id

-- name: trust_state
-- as: desk, office, setup, signin
select trust_state(%(id)s, %(name)s, %(digest)s, %(proposed_by)s, %(approved_by)s)

-- name: trust_history
-- as: office
select happened_at, event, actor, name, digest, written_by from ledger.trust_history(%(most)s)

-- name: list_outages
-- as: desk, office, signin
select id, trust_id, hours, reason, proposed_by, proposed_at, approved_by, approved_at, ended_by, ended_at, digest,
       holds_until
from list_outages(%(since)s)

-- name: propose_outage
-- as: desk, office
select propose_outage(%(id)s, %(trust_id)s, %(hours)s, %(reason)s, %(by)s, %(now)s)

-- name: declare_outage
-- as: desk, office
select declare_outage(%(id)s, %(digest)s, %(by)s, %(now)s)

-- name: end_outage
-- as: desk, office
select end_outage(%(id)s, %(by)s, %(now)s)

-- name: find_slug
-- as: signin
select slug from authority where id = %(authority_id)s

-- name: is_administrator
-- as: office, setup
select exists (select from account a where a.id = %(account_id)s and a.kind = 'administrator' and a.state = 'active')

-- name: invite
-- as: setup
insert into invitation (code_hash, id, account_id, realm, attribute, matching_hmac, created_at, expires_at)
select %(code_hash)s, %(id)s, a.id, %(realm)s, %(attribute)s, %(matching_hmac)s, %(now)s, %(expires_at)s
from account a
where a.id = %(account_id)s and a.state = 'active' and a.kind = %(kind)s

-- name: lacks_undertaking
-- as: office
select lacks_undertaking(%(account_id)s, %(realm)s, %(now)s)

-- name: awaits_undertaking
-- as: office
select awaits_undertaking(%(request)s, %(now)s)

-- name: redeem_invitation
-- as: signin
update invitation i set redeemed_at = %(now)s
where i.code_hash = %(code_hash)s and i.realm = %(realm)s and i.attribute = %(attribute)s
  and i.matching_hmac = %(matching_hmac)s and i.redeemed_at is null and i.expires_at > %(now)s
returning i.id, i.account_id, i.request_id

-- name: find_link
-- as: signin
select account_id, matching_hmac, retired_at is not null as retired
from account_link
where issuer = %(issuer)s and subject_hmac = %(subject_hmac)s

-- name: link_account
-- as: signin
-- One that was retired comes back to its own account, where two people decided it.
insert into account_link as l (id, account_id, issuer, subject_hmac, matching_hmac, created_at, request_id)
values (%(id)s, %(account_id)s, %(issuer)s, %(subject_hmac)s, %(matching_hmac)s, %(now)s, %(request)s)
on conflict (issuer, subject_hmac) do update
    set retired_at = null, matching_hmac = excluded.matching_hmac, request_id = excluded.request_id
    where l.account_id = excluded.account_id and l.retired_at is not null and excluded.request_id is not null

-- name: begin_login
-- as: signin
-- What nobody came back for goes with the next that begins.
with gone as (delete from pending_login where started_at < %(oldest)s)
insert into pending_login (token_hash, trust_id, realm, started_at)
values (%(token_hash)s, %(trust_id)s, %(realm)s, %(now)s)

-- name: take_login
-- as: signin
-- Once: of two that come at the same time one gets it.
delete from pending_login where token_hash = %(token_hash)s
returning trust_id, realm, started_at

-- name: note_assertion
-- as: signin
-- Those that no longer hold by their own word need not be known any more: they are refused as expired.
with gone as (delete from seen_assertion where expires_at < %(forgotten)s)
insert into seen_assertion (assertion_hash, expires_at) values (%(assertion_hash)s, %(expires_at)s)
on conflict do nothing

-- name: put_out_account
-- as: office, setup
select put_out_account(%(account_id)s, %(actor)s, %(now)s)

-- name: end_account
-- as: setup
select end_account(%(account_id)s, %(ends_at)s, %(actor)s, %(now)s)

-- name: list_overview
-- as: office
select a.id, a.human, a.display_name, a.kind, a.language, a.state, a.created_at, a.last_signed_in_at, a.ends_at,
       coalesce((select array_agg(distinct g.role order by g.role) from effective_grant g
                 where g.account_id = a.id and (g.valid_until is null or g.valid_until > %(now)s)), '{}') as roles
from account a
where %(account_id)s::uuid is null or a.id = %(account_id)s
order by a.display_name, a.id

-- name: list_links
-- as: office, signin
select issuer, created_at, retired_at from account_link where account_id = %(account_id)s order by created_at, issuer

-- name: account_history
-- as: office
select id, happened_at, event, actor, outcome, detail from ledger.account_history(%(account_id)s, %(most)s)

-- name: redeem_key_code
-- as: office
select redeem_key_code(%(account_id)s, %(code_hash)s, %(now)s)

-- name: found_key_code
-- as: setup
select found_key_code(%(id)s, %(account_id)s, %(code_hash)s, %(actor)s, %(now)s)

-- name: register_client
-- as: portal
insert into api_client (id, authority_id, owner, purpose, scopes, keys, created_at, ends_at)
values (%(client)s, %(authority_id)s, %(account_id)s, %(purpose)s, %(scopes)s, %(keys)s, %(now)s, %(ends_at)s)
returning client_digest(id, authority_id, owner, scopes, keys, ends_at)

-- name: end_client
-- as: portal
update api_client set ended_at = %(now)s, ended_by = %(account_id)s
where id = %(client)s and authority_id = %(authority_id)s and ended_at is null
  and (%(any_owner)s or owner = %(account_id)s)
returning id

-- name: list_clients
-- as: portal
select c.id, c.authority_id, c.owner, c.purpose, c.scopes, c.keys, c.created_at, c.ends_at, c.ended_at, c.ended_by,
       case when c.ended_at is not null then 'ended'
            when c.ends_at <= %(now)s then 'over'
            when a.state <> 'active' then 'ownerless'
            when not ledger.is_client_told(c.id, client_digest(c.id, c.authority_id, c.owner, c.scopes, c.keys, c.ends_at))
                then 'altered'
            else 'active' end as state
from api_client c join account a on a.id = c.owner
where c.authority_id = %(authority_id)s
order by c.created_at desc, c.id desc
limit 200

-- name: find_client
-- as: portal
select c.id, c.authority_id, c.owner, c.purpose, c.scopes, c.keys, c.created_at, c.ends_at, c.ended_at, c.ended_by,
       'active' as state
from api_client c join account a on a.id = c.owner and a.state = 'active'
where c.id = %(client)s and c.ended_at is null and c.ends_at > %(now)s
  and ledger.is_client_told(c.id, client_digest(c.id, c.authority_id, c.owner, c.scopes, c.keys, c.ends_at))

-- name: find_bearer
-- as: portal, registry
select t.id as token_id, c.id as client_id, c.authority_id, c.owner, a.display_name as owner_name, a.language, c.scopes,
       t.issued_at, t.expires_at, t.certificate
from api_token t
join api_client c on c.id = t.client_id
join account a on a.id = c.owner and a.state = 'active'
where t.token_hash = %(token_hash)s and t.expires_at > %(now)s and c.ended_at is null and c.ends_at > %(now)s
  and ledger.is_client_told(c.id, client_digest(c.id, c.authority_id, c.owner, c.scopes, c.keys, c.ends_at))

-- name: keep_assertion
-- as: portal
insert into api_assertion (client_id, jti_hash, expires_at) values (%(client)s, %(jti_hash)s, %(good_until)s)
on conflict do nothing

-- name: forget_assertions
-- as: portal
delete from api_assertion where expires_at < %(now)s

-- name: keep_token
-- as: portal
insert into api_token (token_hash, id, client_id, issued_at, expires_at, certificate)
values (%(token_hash)s, %(id)s, %(client)s, %(now)s, %(expires_at)s, %(certificate)s)

-- name: forget_tokens
-- as: portal
delete from api_token where expires_at < %(now)s

-- name: revoke_token
-- as: portal
delete from api_token where token_hash = %(token_hash)s and client_id = %(client)s

-- name: find_command_login
-- as: office
select id, machine, uid, username, asked_at from command_login
where code_hash = %(code_hash)s and approved_by is null and expires_at > %(now)s

-- name: approve_command_login
-- as: office
select approve_command_login(%(id)s, %(account_id)s, %(now)s)

-- name: ask_command_login
-- as: setup
select ask_command_login(%(id)s, %(code_hash)s, %(verifier_hash)s, %(machine)s, %(uid)s, %(username)s, %(now)s)

-- name: start_command_session
-- as: setup
select start_command_session(%(login_id)s, %(verifier_hash)s, %(id)s, %(token_hash)s, %(now)s)

-- name: command_account
-- as: setup
select command_account(%(token_hash)s, %(now)s)

-- name: command_holder
-- as: setup
select account_id, firm, course, rests_from from command_holder(%(token_hash)s, %(now)s)

-- name: list_command_sessions
-- as: office, setup
select id, machine, uid, username, created_at, expires_at from list_command_sessions(%(account_id)s, %(now)s)

-- name: end_command_sessions
-- as: office, setup
select end_command_sessions(%(account_id)s, %(only)s, %(reason)s, %(actor)s, %(step_up)s, %(now)s)

-- name: end_command_session
-- as: setup
select end_command_session(%(token_hash)s, %(now)s)

-- name: find_command_confirmation
-- as: office
-- Of one's own that nobody confirmed yet; or of another's that waits for a second person.
select c.id, c.command, c.arguments, c.arguments_sha256, c.change, c.purpose, c.tool, c.machine, c.uid, c.asked_at,
       c.by_two, case when c.account_id <> %(account_id)s then a.display_name end as confirmed_by
from command_confirmation c join account a on a.id = c.account_id
where c.code_hash = %(code_hash)s and c.expires_at > %(now)s
  and case when c.account_id = %(account_id)s then c.entry is null
           else c.by_two and c.entry is not null and c.second_entry is null end

-- name: confirm_command
-- as: office
select confirm_command(%(id)s, %(account_id)s, %(digest)s, %(now)s)

-- name: ask_command_confirmation
-- as: setup
select ask_command_confirmation(
    %(token_hash)s, %(id)s, %(code_hash)s, %(command)s, %(arguments)s, %(arguments_sha256)s, %(change)s, %(purpose)s,
    %(tool)s, %(machine)s, %(uid)s, %(asked_at)s)

-- name: spend_command_confirmation
-- as: setup
select spend_command_confirmation(%(id)s, %(token_hash)s, %(digest)s, %(now)s)

-- name: decides_alone
-- as: setup
select setup_decides_until() = 'infinity'

-- name: is_founding
-- as: setup
select is_founding()
