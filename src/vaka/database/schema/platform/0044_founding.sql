-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Founding ends for good (terms 8, 13 and 17): once two humans could act as administrators, nobody makes another alone, and
-- no command runs without somebody behind it, whoever is put out afterwards.

create table founding (
    only_one boolean primary key default true check (only_one),
    ended_at timestamptz not null
);
comment on table founding is 'That the installation was founded, since when. Empty until two administrators could act.';

create function keep_founded() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'an installation is founded once' using errcode = 'insufficient_privilege';
end $$;
create trigger founded_once before update or delete or truncate on founding
    for each statement execute function keep_founded();

create constraint trigger entered after insert or update or delete on founding deferrable initially deferred
    for each row execute function enter_change_by_hand('only_one');
create trigger emptying_entered after truncate on founding for each statement
    execute function enter_change_by_hand('only_one');

alter table notice_register disable trigger only_migrated;
insert into notice_register values ('founding');
alter table notice_register enable trigger only_migrated;

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('founding', 'insert', 'installation.founded', 'nothing', '');
insert into ledger.concern (event, whose) values ('installation.founded', 'everybody');

set role vaka_owner;

create function is_founding() returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select not exists (select from founding)
$$;
revoke all on function is_founding from public;

-- Writes the row, with its entry; once.
create function finish_founding(p_actor text, p_at timestamptz) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    insert into founding (ended_at) values (p_at) on conflict do nothing;
    if found then
        perform ledger.append(p_at, 'installation.founded', p_actor, 'installation:founded', 'success', '{}');
    end if;
end $$;
revoke all on function finish_founding from public;

-- Whether an administrator has all that it takes to act: the role, a key and a link to an identity. A persona stands for the
-- last two: only a demo has one, whose provider signs it in and whose office asks for no key that was not added.
create function could_found(p_account uuid, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select acts_as_administrator(p_account, p_at) and exists (
        select from account a
        where a.id = p_account and (a.persona is not null or (
            exists (select from security_key k where k.account_id = a.id)
            and exists (select from account_link l where l.account_id = a.id and l.retired_at is null))))
$$;
revoke all on function could_found from public;

-- Whatever comes last, a key, a link, the role or the account itself, ends founding, whoever writes it.
create function end_founding() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not is_founding() or not exists (
        select from account a where a.id::text = to_jsonb(new) ->> tg_argv[0] and a.kind = 'administrator')
    then
        return null;
    end if;
    -- Of two that come at the same time, the second is counted with the first.
    perform pg_advisory_xact_lock(hashtextextended('founding administrators', 0));
    if (select count(distinct a.human) from account a where a.kind = 'administrator' and could_found(a.id, now())) >= 2 then
        perform finish_founding('database:' || session_user, now());
    end if;
    return null;
end $$;
revoke all on function end_founding from public;

create trigger founded after insert on security_key for each row execute function end_founding('account_id');
create trigger founded after insert on account_link for each row execute function end_founding('account_id');
create trigger founded after insert or update on role_grant for each row when (new.role = 'administrator')
    execute function end_founding('account_id');
create trigger founded after update of state on account for each row when (new.state = 'active')
    execute function end_founding('id');

-- How many administrators there are now says nothing of whether there were two: is_founding does.
drop function count_administrators;

-- As before (0028), and never again once the installation was founded.
create or replace function found_account(
    p_id uuid, p_human uuid, p_name text, p_kind text, p_language text, p_persona text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if p_persona is null then
        -- Of two that are made at the same time, the second is counted with the first.
        perform pg_advisory_xact_lock(hashtextextended('founding administrators', 0));
        if p_kind <> 'administrator' or not is_founding()
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

-- As before (0028), and until the installation was founded, however many have keys.
create or replace function found_key_code(p_id uuid, p_account uuid, p_code_hash bytea, p_actor text, p_at timestamptz)
    returns text
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
    elsif not is_founding() then
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

-- An installation that is upgraded: two humans whose administrators' accounts, whatever became of them, ever signed in, have
-- a key or were let add one could act. Keys, links and roles may be gone by now; what an account once did is not, and in
-- doubt founding has ended.
do $$
begin
    if (select count(distinct a.human) from account a
        where a.kind = 'administrator' and (
            a.last_signed_in_at is not null or exists (select from security_key k where k.account_id = a.id)
            or exists (select from account_request r where r.account_id = a.id and r.redeemed_at is not null))) >= 2
    then
        perform finish_founding('database:' || session_user, now());
    end if;
end $$;
