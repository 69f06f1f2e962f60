-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Joiners and leavers (term 8): no account is made, comes back, goes for ever or gets its first key unless one
-- administrator asked for it and another human approved exactly that. Setup alone makes the first two administrators.

create table account_request (
    id           uuid primary key,
    -- create: an account. reactivate, remove: of one that is there. first_key: an administrator without a key adds one.
    kind         text not null check (kind in ('create', 'reactivate', 'remove', 'first_key')),
    -- Of an account that is to be made, the one it will be.
    account_id   uuid not null,
    human        uuid not null,
    -- What is to be made: what its human is called, where one will work, until when. The name goes when it is decided.
    display_name text not null default '' check (length(display_name) <= 80),
    realm        text check (realm in ('operator', 'authority', 'administrator')),
    language     text check (language in ('sv', 'en')),
    ends_at      timestamptz,
    reason       text not null check (reason ~ '\S' and length(reason) <= 200),
    -- What is approved: SHA-256 over the eight above (account_request_digest).
    digest       bytea not null check (octet_length(digest) = 32),
    requested_by uuid not null references account,
    requested_at timestamptz not null,
    answer_by    timestamptz not null check (answer_by > requested_at),
    state        text not null default 'waiting' check (state in ('waiting', 'approved', 'refused', 'withdrawn', 'lapsed')),
    decided_by   uuid references account,
    decided_at   timestamptz,
    decision     text not null default '' check (length(decision) <= 200),
    -- Of a first key that was approved: SHA-256 of the code with which it is added, once, within a day.
    code_hash    bytea unique check (octet_length(code_hash) = 32),
    redeemed_at  timestamptz,
    check ((kind = 'create') = (realm is not null and language is not null)),
    check (state not in ('approved', 'refused', 'withdrawn') or (decided_by is not null and decided_at is not null)),
    check (code_hash is null or (kind = 'first_key' and state = 'approved'))
);
create index account_request_waits on account_request (requested_at) where state = 'waiting';
-- Of one account one thing is asked for at a time.
create unique index account_request_one on account_request (account_id) where state = 'waiting';

create constraint trigger entered after insert or update or delete on account_request deferrable initially deferred
    for each row execute function enter_change_by_hand('account_id');
create trigger emptying_entered after truncate on account_request for each statement
    execute function enter_change_by_hand('account_id');

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('account_request', 'insert', 'account.requested', 'object', 'account'),
    ('account_request', 'update', 'account.approved', 'object', 'account'),
    ('account_request', 'update', 'account.refused', 'object', 'account'),
    ('account_request', 'update', 'security_key.allowed', 'object', 'account');

insert into ledger.concern (event, whose) values
    ('account.requested', 'object'), ('account.approved', 'object'), ('account.refused', 'object'),
    ('security_key.allowed', 'object');

-- Only the office says that somebody approved, as only there it is confirmed with a key.
alter table ledger.inbox add constraint accounts_are_approved_in_the_office
    check (event <> 'account.approved' or written_by ~ '_office$');

set role vaka_owner;

create function account_request_digest(
    p_kind text, p_account uuid, p_human uuid, p_name text, p_realm text, p_language text, p_ends timestamptz,
    p_reason text
) returns bytea
    language sql stable set search_path = vaka, pg_temp as $$
    select sha256(convert_to(concat_ws(chr(10),
        'vaka account request 1', p_kind, p_account, p_human, p_name, coalesce(p_realm, '-'), coalesce(p_language, '-'),
        coalesce(tell_moment(p_ends), '-'), p_reason), 'UTF8'))
$$;
revoke all on function account_request_digest from public;

-- Whether an account is an administrator's that may act now.
create function acts_as_administrator(p_account uuid, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (
        select from account a join effective_grant g on g.account_id = a.id
        where a.id = p_account and a.kind = 'administrator' and a.state = 'active' and g.role = 'administrator'
          and g.authority_id is null and (g.valid_until is null or g.valid_until > p_at))
$$;
revoke all on function acts_as_administrator from public;

-- Asks, as office or setup. Says 'done', or why not.
create function request_account(
    p_id uuid, p_kind text, p_account uuid, p_human uuid, p_name text, p_realm text, p_language text, p_ends timestamptz,
    p_reason text, p_by uuid, p_actor text, p_step_up text, p_answer_by timestamptz, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    known account;
    whose uuid := p_human;
    hash bytea;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    select * into known from account a where a.id = p_account;
    if p_kind = 'create' then
        if known.id is not null or exists (
            select from account a
            where a.human = p_human and (a.kind = 'administrator') = (p_realm = 'administrator'))
        then
            return 'taken';
        end if;
    elsif known.id is null or (p_kind, known.state) not in (
        ('reactivate', 'deactivated'), ('remove', 'active'), ('remove', 'deactivated'), ('first_key', 'active'))
        or (p_kind = 'first_key' and known.kind <> 'administrator')
    then
        return 'gone';
    else
        whose := known.human;
    end if;
    if exists (select from account_request r where r.account_id = p_account and r.state = 'waiting') then
        return 'waiting';
    end if;
    hash := account_request_digest(p_kind, p_account, whose, p_name, p_realm, p_language, p_ends, p_reason);
    perform ledger.append(p_at, 'account.requested', p_actor, 'account:' || p_account, 'success', jsonb_strip_nulls(
        jsonb_build_object('request', p_id, 'kind', p_kind, 'realm', p_realm, 'valid_until', tell_moment(p_ends),
                           'digest', encode(hash, 'hex'), 'reason', p_reason, 'step_up', p_step_up)));
    insert into account_request (id, kind, account_id, human, display_name, realm, language, ends_at, reason, digest,
                                 requested_by, requested_at, answer_by)
    values (p_id, p_kind, p_account, whose, p_name, p_realm, p_language, p_ends, p_reason, hash, p_by, p_at, p_answer_by);
    return 'done';
end $$;
revoke all on function request_account from public;

-- Approves or refuses exactly what was shown, or takes back what one asked for oneself; as office. What was approved is
-- done in the same transaction. Says 'done', or why not.
create function decide_account_request(
    p_id uuid, p_digest bytea, p_verdict text, p_by uuid, p_decision text, p_step_up text, p_code_hash bytea,
    p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked account_request;
    mine uuid := (select a.human from account a where a.id = p_by);
    theirs uuid;
    actor text := 'account:' || p_by;
    said text;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    select * into asked from account_request r where r.id = p_id for update;
    if asked.id is null or asked.state <> 'waiting' or asked.answer_by <= p_at then
        return 'gone';
    elsif asked.digest <> p_digest or asked.digest <> account_request_digest(
        asked.kind, asked.account_id, asked.human, asked.display_name, asked.realm, asked.language, asked.ends_at,
        asked.reason)
    then
        return 'changed';
    end if;
    select a.human into theirs from account a where a.id = asked.requested_by;
    if p_verdict = 'withdrawn' and theirs is distinct from mine then
        return 'stranger';
    elsif p_verdict <> 'withdrawn' and mine in (theirs, asked.human) then
        return 'own';
    end if;
    perform ledger.append(
        p_at, case p_verdict when 'approved' then 'account.approved' else 'account.refused' end, actor,
        'account:' || asked.account_id, 'success', jsonb_strip_nulls(jsonb_build_object(
            'request', p_id, 'kind', asked.kind, 'digest', encode(p_digest, 'hex'), 'verdict', p_verdict,
            'reason', nullif(p_decision, ''), 'step_up', p_step_up)));
    update account_request
    set state = p_verdict, decided_by = p_by, decided_at = p_at, decision = p_decision, display_name = '',
        code_hash = case when p_verdict = 'approved' and kind = 'first_key' then p_code_hash end
    where id = p_id;
    if p_verdict <> 'approved' then
        return 'done';
    elsif asked.kind = 'create' then
        insert into account (id, human, display_name, kind, language, created_at)
        values (asked.account_id, asked.human, asked.display_name,
                case asked.realm when 'administrator' then 'administrator' else 'user' end, asked.language, p_at);
        perform ledger.append(p_at, 'account.created', actor, 'account:' || asked.account_id, 'success', jsonb_build_object(
            'kind', case asked.realm when 'administrator' then 'administrator' else 'user' end, 'request', p_id));
        if asked.ends_at is not null then
            perform end_account(asked.account_id, asked.ends_at, actor, p_at);
        end if;
        if asked.realm = 'administrator' then
            perform ledger.append(p_at, 'role.granted', actor, 'account:' || asked.account_id, 'success',
                                  jsonb_build_object('authority', null, 'role', 'administrator'));
            insert into role_grant (account_id, role, authority_id, granted_at)
            values (asked.account_id, 'administrator', null, p_at);
        end if;
        return 'done';
    elsif asked.kind = 'first_key' then
        return 'done';
    end if;
    said := change_account(asked.account_id, case asked.kind when 'remove' then 'removed' else 'active' end, actor, p_at);
    if said <> 'done' then
        raise exception 'cannot be done' using errcode = 'object_not_in_prerequisite_state', detail = said;
    end if;
    return 'done';
end $$;
revoke all on function decide_account_request from public;

-- Takes a code once, as office. Returns the request; null where the code is none, another account's, spent or too old.
create function redeem_key_code(p_account uuid, p_code_hash bytea, p_at timestamptz) returns uuid
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    found uuid;
begin
    select r.id into found from account_request r
    where r.code_hash = p_code_hash and r.account_id = p_account and r.redeemed_at is null
      and r.decided_at > p_at - interval '24 hours' and r.decided_at <= p_at
    for update;
    if found is null then
        return null;
    end if;
    perform ledger.append(p_at, 'security_key.allowed', 'account:' || p_account, 'account:' || p_account, 'success',
                          jsonb_build_object('request', found));
    update account_request set redeemed_at = p_at where id = found;
    return found;
end $$;
revoke all on function redeem_key_code from public;

-- Makes an account that nobody asked for, as setup: a persona, which only a demo has, or one of the first two
-- administrators, without whom nobody can ask and approve. Says 'done', or why not. The caller enters it.
create function found_account(
    p_id uuid, p_human uuid, p_name text, p_kind text, p_language text, p_persona text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if p_persona is null then
        -- Of two that are made at the same time, the second is counted with the first.
        perform pg_advisory_xact_lock(hashtextextended('founding administrators', 0));
        if p_kind <> 'administrator'
           or (select count(*) from account a where a.kind = 'administrator' and a.state = 'active') >= 2
        then
            return 'unrequested';
        end if;
    end if;
    insert into account (id, human, display_name, kind, language, persona, created_at)
    values (p_id, p_human, p_name, p_kind, p_language, p_persona, p_at)
    on conflict do nothing;
    return case when found then 'done' else 'taken' end;
end $$;
revoke all on function found_account from public;

-- Lets one of the first two administrators add his first key, as setup: while fewer than two have one, nobody can ask and
-- approve. Says 'done', or why not.
create function found_key_code(p_id uuid, p_account uuid, p_code_hash bytea, p_actor text, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    whose uuid;
begin
    perform pg_advisory_xact_lock(hashtextextended('founding administrators', 0));
    select a.human into whose from account a
    where a.id = p_account and a.kind = 'administrator' and a.state = 'active'
      and not exists (select from security_key k where k.account_id = a.id);
    if whose is null then
        return 'gone';
    elsif (select count(distinct k.account_id) from security_key k join account a on a.id = k.account_id
           where a.kind = 'administrator' and a.state = 'active') >= 2
    then
        return 'unrequested';
    end if;
    perform ledger.append(p_at, 'account.requested', p_actor, 'account:' || p_account, 'success', jsonb_build_object(
        'request', p_id, 'founding', true, 'kind', 'first_key'));
    insert into account_request (id, kind, account_id, human, reason, digest, requested_by, requested_at, answer_by, state,
                                 decided_by, decided_at, code_hash)
    values (p_id, 'first_key', p_account, whose, 'founding',
            account_request_digest('first_key', p_account, whose, '', null, null, null, 'founding'), p_account, p_at,
            p_at + interval '1 day', 'approved', p_account, p_at, p_code_hash);
    return 'done';
end $$;
revoke all on function found_key_code from public;

-- As before (0019); and what nobody answered in time lapses, the name in it with it.
create or replace function end_accounts(p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    due uuid;
    late account_request;
    count bigint := 0;
begin
    for due in select a.id from account a where a.state = 'active' and a.ends_at <= p_at order by a.id loop
        perform change_account(due, 'deactivated', 'scheduler', p_at);
        count := count + 1;
    end loop;
    for late in select * from account_request r where r.state = 'waiting' and r.answer_by <= p_at order by r.id loop
        perform ledger.append(p_at, 'account.refused', 'scheduler', 'account:' || late.account_id, 'success',
                              jsonb_build_object('request', late.id, 'kind', late.kind, 'verdict', 'lapsed'));
        update account_request set state = 'lapsed', display_name = '' where id = late.id;
        count := count + 1;
    end loop;
    return count;
end $$;
