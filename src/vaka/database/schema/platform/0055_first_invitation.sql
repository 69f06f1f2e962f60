-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Whom an account is for is decided by two from the first invitation on (terms 8 and 9): with the account itself, where it
-- is known by then, and otherwise as another identity is. One administrator invites alone only while the installation is
-- being founded, when there are no two.

-- Of an account that is to be made, its name may be followed by a line with the salt and what has to match, as an identity
-- has it (0051). All of it goes when it is decided; that there was such a line is kept.
alter table account_request add column invites boolean not null default false,
    add constraint account_request_invites check (not invites or kind = 'create');
comment on column account_request.invites is
    'Whether approving the account makes its first invitation as well, for what stood in the request.';

create function note_invitation() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.invites := new.kind = 'create' and position(chr(10) in new.display_name) > 0;
    return new;
end $$;
create trigger invites before insert on account_request for each row execute function note_invitation();

-- As before (0051): an account that was approved together with its invitation has it, or is not approved.
create constraint trigger invited_at_once after insert or update on account_request deferrable initially deferred for each row
    when (new.invites and new.state = 'approved') execute function require_invitation();

-- As before (0051), and the request for an account that said whom it is for.
create or replace function is_identity_approved(p_request uuid, p_account uuid) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (
        select from account_request r
        where r.id = p_request and r.account_id = p_account and (r.kind in ('identity', 'second_identity') or r.invites)
          and r.state = 'approved' and r.decided_by <> r.requested_by)
$$;

-- Whether one alone may invite somebody to an account that is nobody's, or link it to whom he invited.
create function may_one_invite(p_account uuid) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select is_demo_persona(p_account)
        or (is_founding() and not exists (select from account_link l where l.account_id = p_account))
$$;
revoke all on function may_one_invite from public;

-- As before (0051), and once the installation is founded an account that is nobody's yet is no exception.
create or replace function refuse_second_invitation() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if new.request_id is null and not may_one_invite(new.account_id) then
        raise exception 'two people decide whom an account is for' using errcode = 'check_violation',
            constraint = case when exists (select from account_link l where l.account_id = new.account_id)
                         then 'account_of_one_human' else 'invited_by_two' end;
    elsif new.request_id is not null and not is_identity_approved(new.request_id, new.account_id) then
        raise exception 'the account is somebody''s already'
            using errcode = 'check_violation', constraint = 'account_of_one_human';
    end if;
    return new;
end $$;

-- As before (0051); also of an invitation that was made while the installation was being founded, and was not spent.
create or replace function refuse_second_human() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    -- Of two that come at the same time, the second sees the first.
    perform pg_advisory_xact_lock(hashtextextended('identities:' || new.account_id, 0));
    if tg_op = 'INSERT' and new.request_id is null and may_one_invite(new.account_id) then
        return new;
    end if;
    if (tg_op = 'UPDATE' and new.request_id is not distinct from old.request_id)
       or not is_identity_approved(new.request_id, new.account_id)
       or not exists (select from invitation i where i.request_id = new.request_id and i.redeemed_at is not null)
    then
        raise exception 'the account is somebody''s already'
            using errcode = 'check_violation', constraint = 'account_of_one_human';
    end if;
    return new;
end $$;

-- Whether an account that waits to be approved with its invitation would be refused for want of an undertaking.
create function awaits_undertaking(p_request uuid, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select not is_founding() and exists (
        select from account_request r
        where r.id = p_request and r.invites and r.realm <> 'authority' and not has_undertaking(r.human, p_at))
$$;
revoke all on function awaits_undertaking from public;

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('invitation', 'update', 'account.invited', 'object', 'account');

set role vaka_owner;

-- As before (0051), and also of an account that was never anybody's: its invitation ran out, or it was made without one.
create or replace function request_identity(
    p_id uuid, p_kind text, p_account uuid, p_expected text, p_realm text, p_reason text, p_by uuid, p_actor text,
    p_step_up text, p_answer_by timestamptz, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    known account;
    hash bytea;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    select * into known from account a where a.id = p_account;
    if known.id is null or known.state <> 'active' or p_kind not in ('identity', 'second_identity')
       or (known.kind = 'administrator') <> (p_realm = 'administrator')
    then
        return 'gone';
    elsif p_kind = 'second_identity' and not exists (select from account_link l where l.account_id = p_account) then
        return 'unlinked';
    elsif exists (select from account_request r where r.account_id = p_account and r.state = 'waiting') then
        return 'waiting';
    end if;
    hash := account_request_digest(p_kind, p_account, known.human, p_expected, p_realm, null, null, p_reason);
    perform ledger.append(p_at, 'account.requested', p_actor, 'account:' || p_account, 'success', jsonb_strip_nulls(
        jsonb_build_object('request', p_id, 'kind', p_kind, 'realm', p_realm, 'digest', encode(hash, 'hex'),
                           'reason', p_reason, 'step_up', p_step_up)));
    insert into account_request (id, kind, account_id, human, display_name, realm, reason, digest, requested_by,
                                 requested_at, answer_by)
    values (p_id, p_kind, p_account, known.human, p_expected, p_realm, p_reason, hash, p_by, p_at, p_answer_by);
    return 'done';
end $$;

-- Makes the account of a request that was approved, with its end and an administrator's role, each with its entry.
create function make_requested_account(p_request account_request, p_name text, p_actor text, p_at timestamptz) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    whose text := 'account:' || p_request.account_id;
    class text := case p_request.realm when 'administrator' then 'administrator' else 'user' end;
begin
    insert into account (id, human, display_name, kind, language, created_at)
    values (p_request.account_id, p_request.human, p_name, class, p_request.language, p_at);
    perform ledger.append(p_at, 'account.created', p_actor, whose, 'success',
                          jsonb_build_object('kind', class, 'request', p_request.id));
    if p_request.ends_at is not null then
        perform end_account(p_request.account_id, p_request.ends_at, p_actor, p_at);
    end if;
    if class = 'administrator' then
        perform ledger.append(p_at, 'role.granted', p_actor, whose, 'success',
                              jsonb_build_object('authority', null, 'role', 'administrator'));
        insert into role_grant (account_id, role, authority_id, granted_at)
        values (p_request.account_id, 'administrator', null, p_at);
    end if;
end $$;
revoke all on function make_requested_account from public;

-- As before (0051): approves exactly what was shown, as office, and makes the invitation in the same transaction. An account
-- that is to be made with it is made first; of one that is there other identities go, with the invitations that are out.
create or replace function approve_identity(
    p_id uuid, p_digest bytea, p_by uuid, p_decision text, p_step_up text, p_invitation uuid, p_code_hash bytea,
    p_matching_hmac bytea, p_expires timestamptz, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked account_request;
    mine uuid := (select a.human from account a where a.id = p_by);
    actor text := 'account:' || p_by;
    expected text;
    held record;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    select * into asked from account_request r where r.id = p_id for update;
    if asked.id is null or asked.state <> 'waiting' or asked.answer_by <= p_at
       or not (asked.invites or (asked.kind in ('identity', 'second_identity')
               and exists (select from account a where a.id = asked.account_id and a.state = 'active')))
    then
        return 'gone';
    elsif asked.digest <> p_digest or asked.digest <> account_request_digest(
        asked.kind, asked.account_id, asked.human, asked.display_name, asked.realm, asked.language, asked.ends_at,
        asked.reason)
    then
        return 'changed';
    elsif mine in ((select a.human from account a where a.id = asked.requested_by), asked.human) then
        return 'own';
    end if;
    perform ledger.append(
        p_at, 'account.approved', actor, 'account:' || asked.account_id, 'success', jsonb_strip_nulls(jsonb_build_object(
            'request', p_id, 'kind', asked.kind, 'digest', encode(p_digest, 'hex'), 'verdict', 'approved',
            'reason', nullif(p_decision, ''), 'step_up', p_step_up)));
    update account_request
    set state = 'approved', decided_by = p_by, decided_at = p_at, decision = p_decision, display_name = ''
    where id = p_id;
    expected := case when asked.invites then split_part(asked.display_name, chr(10), 2) else asked.display_name end;
    if asked.invites then
        perform make_requested_account(asked, split_part(asked.display_name, chr(10), 1), actor, p_at);
    elsif asked.kind = 'identity' then
        update account_link set retired_at = p_at where account_id = asked.account_id and retired_at is null;
        update invitation set expires_at = greatest(p_at, created_at + interval '1 microsecond')
        where account_id = asked.account_id and redeemed_at is null and expires_at > p_at;
        for held in
            update session set ended_at = p_at where account_id = asked.account_id and ended_at is null returning id
        loop
            perform ledger.append(p_at, 'session.ended', actor, 'session:' || held.id, 'success',
                                  jsonb_build_object('account', 'account:' || asked.account_id));
        end loop;
    end if;
    perform ledger.append(p_at, 'account.invited', actor, 'account:' || asked.account_id, 'success', jsonb_build_object(
        'realm', asked.realm, 'invitation', p_invitation, 'request', p_id));
    insert into invitation (code_hash, id, account_id, realm, attribute, matching_hmac, created_at, expires_at, request_id)
    values (p_code_hash, p_invitation, asked.account_id, asked.realm, substring(expected from '^[0-9a-f]{32} ([^=]+)='),
            p_matching_hmac, p_at, p_expires, p_id);
    return 'done';
end $$;

-- As before (0051), and accounts that became somebody's by one administrator alone when that could not be any more. The
-- table of migrations says since when: who was invited before keeps his account. The minute is for who ends founding.
create or replace function find_accounts_not_of_one(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'shared', wrong.things
    from (select coalesce((select sum(s.things) from find_shared_accounts(p_at) s), 0)
               + (select count(*) from account a
                  where a.state <> 'removed' and not is_demo_persona(a.id) and exists (
                      select from account_link l
                      where l.account_id = a.id and l.retired_at is null
                        and not coalesce(is_identity_approved(l.request_id, a.id), false)
                        and (l.created_at > (select greatest(f.ended_at, m.applied_at) + interval '1 minute'
                                             from founding f, migration m
                                             where m.name = 'platform/0055_first_invitation.sql')
                             or exists (select from account_link earlier
                                        where earlier.account_id = l.account_id
                                          and (earlier.created_at, earlier.id) < (l.created_at, l.id)))))
               + (select count(*) from account a
                  where a.state = 'active' and a.persona is null
                    and exists (select from effective_grant g
                                where g.account_id = a.id and (g.valid_until is null or g.valid_until > p_at))
                    and not exists (select from account_link l where l.account_id = a.id and l.retired_at is null)
                    and (select max(i.expires_at) from invitation i where i.account_id = a.id)
                        <= p_at - interval '7 days')
          as things) wrong
    where wrong.things > 0
$$;
