-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Who runs maintenance commands (term 17): a command asks, an administrator says in the office that it is he, and the
-- command has a session of an hour. In the shape of RFC 8628, between a command and the office.

create table command_login (
    id            uuid primary key,
    code_hash     bytea not null unique check (length(code_hash) = 32),
    verifier_hash bytea not null check (length(verifier_hash) = 32),
    machine       text not null check (machine ~ '^[!-~]{1,100}$'),
    uid           bigint not null check (uid between 0 and 4294967295),
    username      text not null check (length(username) between 0 and 64),
    asked_at      timestamptz not null,
    expires_at    timestamptz not null check (expires_at <= asked_at + interval '10 minutes'),
    approved_by   uuid references account,
    entry         bigint,
    check ((approved_by is null) = (entry is null))
);
comment on table command_login is 'A command that waits for an administrator, for ten minutes: what it showed is a hash here.';

create table command_session (
    id         uuid primary key,
    token_hash bytea not null unique check (length(token_hash) = 32),
    login_id   uuid not null unique references command_login,
    account_id uuid not null references account,
    created_at timestamptz not null,
    expires_at timestamptz not null check (expires_at <= created_at + interval '1 hour'),
    ended_at   timestamptz
);
comment on table command_session is 'In whose name a command runs. Worth something while the log says that the office approved it.';

set role vaka_ledger;

-- Only the office says that an administrator stands behind a command.
alter table ledger.inbox add constraint commands_are_approved_in_the_office
    check (event <> 'command.approved' or written_by = 'vaka_office');

-- Whether the log says that this account approved this login, by the entry's number.
create function ledger.is_login_told(p_entry bigint, p_login uuid, p_account uuid) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select i.event, i.actor, i.object, i.written_by from inbox i where i.id = p_entry
        union all
        select leaf ->> 'event', leaf ->> 'actor', leaf ->> 'object', leaf ->> 'written_by'
        from (select convert_from(e.leaf, 'UTF8')::jsonb as leaf from log_entry e where e.id = p_entry) sealed
    )
    select exists (
        select from said
        where event = 'command.approved' and actor = 'account:' || p_account and object = 'command_login:' || p_login
          and written_by = 'vaka_office')
$$;
revoke all on function ledger.is_login_told from public;
-- All rights stand in grants.sql, which comes after.
grant execute on function ledger.is_login_told to vaka_owner;

set role vaka_owner;

-- Whether an account may stand behind a command: an active administrator.
create function is_administrator(p_account uuid, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (
        select from effective_grant g join account a on a.id = g.account_id
        where a.id = p_account and a.state = 'active' and a.kind = 'administrator' and g.role = 'administrator'
          and (g.valid_until is null or g.valid_until > p_at))
$$;
revoke all on function is_administrator from public;

create function count_administrators(p_at timestamptz) returns bigint
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select count(distinct a.human) from account a where is_administrator(a.id, p_at)
$$;
revoke all on function count_administrators from public;

-- A command asks, as setup. What is older than a day goes with it.
create function ask_command_login(
    p_id uuid, p_code bytea, p_verifier bytea, p_machine text, p_uid bigint, p_username text, p_at timestamptz
) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    delete from command_session s where s.created_at < p_at - interval '1 day';
    delete from command_login l where l.asked_at < p_at - interval '1 day'
                                  and not exists (select from command_session s where s.login_id = l.id);
    if (select count(*) from command_login l where l.expires_at > p_at) >= 50 then
        raise exception 'too many commands wait' using errcode = 'program_limit_exceeded';
    end if;
    insert into command_login (id, code_hash, verifier_hash, machine, uid, username, asked_at, expires_at)
    values (p_id, p_code, p_verifier, p_machine, p_uid, p_username, p_at, p_at + interval '10 minutes');
end $$;
revoke all on function ask_command_login from public;

-- An administrator says that it is he, as office. Returns whether it waited.
create function approve_command_login(p_id uuid, p_account uuid, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked command_login;
begin
    select * into asked from command_login l
    where l.id = p_id and l.approved_by is null and l.expires_at > p_at for update;
    if asked.id is null or not is_administrator(p_account, p_at) then
        return false;
    end if;
    update command_login
    set approved_by = p_account,
        entry = ledger.append(p_at, 'command.approved', 'account:' || p_account, 'command_login:' || p_id, 'success',
                              jsonb_build_object('machine', asked.machine, 'uid', asked.uid))
    where id = p_id;
    return true;
end $$;
revoke all on function approve_command_login from public;

-- The command takes its session, once, as setup: whoever knows what it kept to itself. Returns whose it is; none while
-- nobody has approved it.
create function start_command_session(p_login uuid, p_verifier bytea, p_id uuid, p_token bytea, p_at timestamptz)
    returns uuid
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked command_login;
begin
    select * into asked from command_login l
    where l.id = p_login and l.verifier_hash = p_verifier and l.expires_at > p_at for update;
    if asked.approved_by is null or not is_administrator(asked.approved_by, p_at)
       or not ledger.is_login_told(asked.entry, asked.id, asked.approved_by)
       or exists (select from command_session s where s.login_id = p_login)
    then
        return null;
    end if;
    insert into command_session (id, token_hash, login_id, account_id, created_at, expires_at)
    values (p_id, p_token, p_login, asked.approved_by, p_at, p_at + interval '1 hour');
    perform ledger.append(p_at, 'command.signed_in', 'account:' || asked.approved_by, 'command_session:' || p_id, 'success',
                          jsonb_build_object('machine', asked.machine, 'uid', asked.uid));
    return asked.approved_by;
end $$;
revoke all on function start_command_session from public;

-- In whose name a command with this token runs, as setup; none where it ended, or the administrator is none any more.
create function command_account(p_token bytea, p_at timestamptz) returns uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.account_id from command_session s join command_login l on l.id = s.login_id
    where s.token_hash = p_token and s.ended_at is null and s.expires_at > p_at and l.approved_by = s.account_id
      and is_administrator(s.account_id, p_at) and ledger.is_login_told(l.entry, l.id, s.account_id)
$$;
revoke all on function command_account from public;

create function end_command_session(p_token bytea, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    ended command_session;
begin
    update command_session set ended_at = p_at where token_hash = p_token and ended_at is null returning * into ended;
    if ended.id is null then
        return false;
    end if;
    perform ledger.append(p_at, 'command.signed_out', 'account:' || ended.account_id, 'command_session:' || ended.id,
                          'success', '{}');
    return true;
end $$;
revoke all on function end_command_session from public;
