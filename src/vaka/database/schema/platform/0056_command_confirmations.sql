-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- One touch for each privileged command (terms 15 and 17): a command that runs in an administrator's name says what exactly
-- it is about to do, that administrator confirms exactly that in the office, and the command goes on, once.

create table command_confirmation (
    id               uuid primary key,
    session_id       uuid not null references command_session on delete cascade,
    account_id       uuid not null references account,
    code_hash        bytea not null unique check (length(code_hash) = 32),
    command          text not null check (command ~ '^[a-z]+(\.[a-z-]+)?$' and length(command) <= 40),
    arguments        text not null check (length(arguments) <= 400),
    arguments_sha256 text not null check (arguments_sha256 ~ '^[0-9a-f]{64}$'),
    change           text not null check (length(change) <= 40),
    purpose          text not null check (length(purpose) <= 200),
    tool             text not null check (tool ~ '^[0-9a-f]{64}$'),
    machine          text not null check (machine ~ '^[!-~]{1,100}$'),
    uid              bigint not null check (uid between 0 and 4294967295),
    asked_at         timestamptz not null,
    expires_at       timestamptz not null check (expires_at <= asked_at + interval '5 minutes'),
    entry            bigint,
    spent_at         timestamptz check (spent_at is null or entry is not null)
);
comment on table command_confirmation is 'One run of a command that waits for its administrator, for five minutes. Worth something while the log says that the office confirmed exactly this.';

set role vaka_ledger;

-- Only the office says that an administrator confirmed a command.
alter table ledger.inbox add constraint runs_are_confirmed_in_the_office
    check (event <> 'command.confirmed' or written_by = 'vaka_office');

-- How the log says that this account confirmed this run, by the entry's number: 'touched' with a key, 'confirmed' without
-- one, null where it says nothing of the kind.
create function ledger.how_confirmed(p_entry bigint, p_confirmation uuid, p_account uuid, p_digest text) returns text
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select i.event, i.actor, i.object, i.written_by, i.detail from inbox i where i.id = p_entry
        union all
        select leaf ->> 'event', leaf ->> 'actor', leaf ->> 'object', leaf ->> 'written_by', leaf -> 'detail'
        from (select convert_from(e.leaf, 'UTF8')::jsonb as leaf from log_entry e where e.id = p_entry) sealed
    )
    select case when detail ->> 'step_up' = p_digest then 'touched' else 'confirmed' end from said
    where event = 'command.confirmed' and actor = 'account:' || p_account and written_by = 'vaka_office'
      and object = 'command_confirmation:' || p_confirmation and detail ->> 'digest' = p_digest
$$;
revoke all on function ledger.how_confirmed from public;
-- All rights stand in grants.sql, which comes after.
grant execute on function ledger.how_confirmed to vaka_owner;

set role vaka_owner;

-- A command asks, as setup, in the name of whose session it has. Returns whether it has one. What is older than a day goes.
create function ask_command_confirmation(
    p_token bytea, p_id uuid, p_code bytea, p_command text, p_arguments text, p_sha256 text, p_change text,
    p_purpose text, p_tool text, p_machine text, p_uid bigint, p_at timestamptz
) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    whose uuid := command_account(p_token, p_at);
begin
    if whose is null then
        return false;
    end if;
    delete from command_confirmation c where c.asked_at < p_at - interval '1 day';
    if (select count(*) from command_confirmation c where c.account_id = whose and c.expires_at > p_at
                                                      and c.spent_at is null) >= 20 then
        raise exception 'too many commands wait' using errcode = 'program_limit_exceeded';
    end if;
    insert into command_confirmation (id, session_id, account_id, code_hash, command, arguments, arguments_sha256, change,
                                      purpose, tool, machine, uid, asked_at, expires_at)
    select p_id, s.id, whose, p_code, p_command, p_arguments, p_sha256, p_change, p_purpose, p_tool, p_machine, p_uid,
           p_at, p_at + interval '5 minutes'
    from command_session s where s.token_hash = p_token;
    return true;
end $$;
revoke all on function ask_command_confirmation from public;

-- The administrator whose command it is confirms what he was shown, as office. Returns whether it waited. The digest is of
-- the act that he was shown: where the row said something else than the command, the command goes on for no such entry.
create function confirm_command(p_id uuid, p_account uuid, p_digest text, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked command_confirmation;
begin
    select * into asked from command_confirmation c
    where c.id = p_id and c.account_id = p_account and c.entry is null and c.expires_at > p_at for update;
    if asked.id is null or not is_administrator(p_account, p_at) then
        return false;
    end if;
    update command_confirmation
    set entry = ledger.append(
        p_at, 'command.confirmed', 'account:' || p_account, 'command_confirmation:' || p_id, 'success',
        jsonb_build_object('command', asked.command, 'arguments', asked.arguments,
                           'arguments_sha256', asked.arguments_sha256, 'change', asked.change, 'purpose', asked.purpose,
                           'tool', asked.tool, 'machine', asked.machine, 'uid', asked.uid, 'digest', p_digest))
    where id = p_id;
    return true;
end $$;
revoke all on function confirm_command from public;

-- The command goes on, once, as setup: in the session in which it asked, for exactly the act that the log says was
-- confirmed. Returns how, as ledger.how_confirmed does; null while nobody has, and for anything else.
create function spend_command_confirmation(p_id uuid, p_token bytea, p_digest text, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked command_confirmation;
    how   text;
begin
    select c.* into asked from command_confirmation c join command_session s on s.id = c.session_id
    where c.id = p_id and s.token_hash = p_token and c.spent_at is null and c.expires_at > p_at
      and c.account_id = command_account(p_token, p_at)
    for update of c;
    how := ledger.how_confirmed(asked.entry, asked.id, asked.account_id, p_digest);
    if how is not null then
        update command_confirmation set spent_at = p_at where id = p_id;
    end if;
    return how;
end $$;
revoke all on function spend_command_confirmation from public;
