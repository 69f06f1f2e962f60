-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- An account stays the human's it became (terms 8 and 9): who has been linked once is linked to another identity only by
-- what one administrator asked for and another human approved, with what has to match in it. Whoever writes.

alter table account_request drop constraint account_request_kind_check;
alter table account_request add constraint account_request_kind_check
    check (kind in ('create', 'reactivate', 'remove', 'first_key', 'rename', 'emergency_key', 'emergency_key_removal', 'identity',
                    'second_identity'));
-- Of an identity: 128 bits of salt and what has to match, '<salt> <attribute>=<value>'. It goes when it is decided, like a
-- name; what stays is the digest, against which nobody can try values without the salt.
alter table account_request drop constraint account_request_display_name_check;
alter table account_request add constraint account_request_display_name_check check (length(display_name) <= 400);
alter table account_request add constraint account_request_expects
    check (kind not in ('identity', 'second_identity') or realm is not null);

-- The request that was approved before it was made, as the triggers below see to; null: an account's first, which one
-- administrator makes.
alter table invitation add column request_id uuid unique;
alter table account_link add column request_id uuid unique;

-- Whether a request stands behind another identity of an account.
create function is_identity_approved(p_request uuid, p_account uuid) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (
        select from account_request r
        where r.id = p_request and r.account_id = p_account and r.kind in ('identity', 'second_identity')
          and r.state = 'approved' and r.decided_by <> r.requested_by)
$$;
revoke all on function is_identity_approved from public;

-- Whether an account is a demo's persona: its provider asserts whoever is chosen, and may move to another address.
create function is_demo_persona(p_account uuid) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (select from account a where a.id = p_account and a.persona is not null)
       and exists (select from installation where mode = 'demo')
$$;
revoke all on function is_demo_persona from public;

-- Once linked, for ever: a link that was retired does not make the account anybody's again.
create function refuse_second_invitation() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if (new.request_id is null and not is_demo_persona(new.account_id)
        and exists (select from account_link l where l.account_id = new.account_id))
       or (new.request_id is not null and not is_identity_approved(new.request_id, new.account_id))
    then
        raise exception 'the account is somebody''s already'
            using errcode = 'check_violation', constraint = 'account_of_one_human';
    end if;
    return new;
end $$;
revoke all on function refuse_second_invitation from public;
create trigger one_human before insert on invitation for each row execute function refuse_second_invitation();

-- Also of an invitation that was made before the account was linked, and was not spent.
create function refuse_second_human() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    -- Of two that come at the same time, the second sees the first.
    perform pg_advisory_xact_lock(hashtextextended('identities:' || new.account_id, 0));
    if tg_op = 'INSERT' and new.request_id is null and (
        is_demo_persona(new.account_id)
        or not exists (select from account_link l where l.account_id = new.account_id))
    then
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
revoke all on function refuse_second_human from public;
create trigger one_human before insert on account_link for each row execute function refuse_second_human();
-- A retired identity comes back to the account that it was of, where two decided it: its human's number changed, say.
drop trigger retired_for_ever on account_link;
create trigger retired_for_ever before update on account_link for each row
    when (old.retired_at is not null and new.retired_at is not null) execute function keep_tombstone();
create trigger one_human_again before update on account_link for each row
    when (new.retired_at is null) execute function refuse_second_human();

-- An identity that was approved has its invitation, made with the approval: no other function approves one.
create function require_invitation() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not exists (select from invitation i where i.request_id = new.id) then
        raise exception 'an identity is approved with its invitation' using errcode = 'object_not_in_prerequisite_state',
            detail = 'gone';
    end if;
    return null;
end $$;
revoke all on function require_invitation from public;
create constraint trigger invited after insert or update on account_request deferrable initially deferred for each row
    when (new.kind in ('identity', 'second_identity') and new.state = 'approved') execute function require_invitation();

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('account_link', 'update', 'account.approved', 'object', 'account'),
    ('account_link', 'update', 'account.linked', 'object', 'account');

set role vaka_owner;

-- Asks for another identity of an account that has or had one, as office or setup. Says 'done', or why not.
create function request_identity(
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
    elsif not exists (select from account_link l where l.account_id = p_account) then
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
revoke all on function request_identity from public;

-- Approves exactly what was shown, as office: the invitation is made in the same transaction, and where the identity is to
-- be another, those there were are retired and the sessions that rest on them end. Refusing one, and taking it back, is
-- decide_account_request's. Says 'done', or why not.
create function approve_identity(
    p_id uuid, p_digest bytea, p_by uuid, p_decision text, p_step_up text, p_invitation uuid, p_code_hash bytea,
    p_matching_hmac bytea, p_expires timestamptz, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked account_request;
    mine uuid := (select a.human from account a where a.id = p_by);
    actor text := 'account:' || p_by;
    held record;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    select * into asked from account_request r where r.id = p_id for update;
    if asked.id is null or asked.state <> 'waiting' or asked.answer_by <= p_at
       or asked.kind not in ('identity', 'second_identity')
       or not exists (select from account a where a.id = asked.account_id and a.state = 'active')
    then
        return 'gone';
    elsif asked.digest <> p_digest or asked.digest <> account_request_digest(
        asked.kind, asked.account_id, asked.human, asked.display_name, asked.realm, null, null, asked.reason)
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
    if asked.kind = 'identity' then
        update account_link set retired_at = p_at where account_id = asked.account_id and retired_at is null;
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
    values (p_code_hash, p_invitation, asked.account_id, asked.realm,
            substring(asked.display_name from '^[0-9a-f]{32} ([^=]+)='), p_matching_hmac, p_at, p_expires, p_id);
    return 'done';
end $$;
revoke all on function approve_identity from public;

-- Term 8: what find_shared_accounts finds (0034), and accounts of two or of nobody that it does not see: a further identity
-- that no two people decided, and an active account with a role whose invitations ran out a week ago and that nobody holds.
create function find_accounts_not_of_one(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'shared', wrong.things
    from (select coalesce((select sum(s.things) from find_shared_accounts(p_at) s), 0)
               + (select count(*) from account a
                  where a.state <> 'removed' and not is_demo_persona(a.id) and exists (
                      select from account_link l join account_link earlier on earlier.account_id = l.account_id
                      where l.account_id = a.id and l.retired_at is null
                        and (earlier.created_at, earlier.id) < (l.created_at, l.id)
                        and not coalesce(is_identity_approved(l.request_id, a.id), false)))
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
revoke all on function find_accounts_not_of_one from public;
