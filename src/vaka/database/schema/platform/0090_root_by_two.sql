-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The root key is replaced by two people (term 18): its run waits for whose it is, and then for a second administrator who
-- is no human of his. Which runs these are is decided here by their name, and not by the command that asks. The release
-- before this one asked for it as key.rotate of no authority.

alter table command_confirmation
    add column by_two boolean not null generated always as (
        command = 'key.rotate-root' or (command = 'key.rotate' and arguments !~ '(^| )authority=')) stored,
    add column second_account uuid references account,
    add column second_entry   bigint check (second_entry is null or (second_account is not null and entry is not null)),
    drop constraint command_confirmation_check;
alter table command_confirmation
    add constraint it_waits_for_minutes
        check (expires_at <= asked_at + case when by_two then interval '15 minutes' else interval '5 minutes' end),
    add constraint two_confirm_what_takes_two
        check (spent_at is null or not by_two or second_entry is not null);

-- As before (0056), and three times as long for two who have to find each other.
create or replace function ask_command_confirmation(
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
    update command_confirmation set expires_at = p_at + interval '15 minutes' where id = p_id and by_two;
    return true;
end $$;

-- As before (0056); and once he has, another human confirms the same act where two must. Both are entries of the log.
create or replace function confirm_command(p_id uuid, p_account uuid, p_digest text, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked    command_confirmation;
    is_first boolean;
    said     bigint;
begin
    select * into asked from command_confirmation c where c.id = p_id and c.expires_at > p_at for update;
    is_first := asked.account_id = p_account;
    if asked.id is null or not is_administrator(p_account, p_at) then
        return false;
    elsif is_first and asked.entry is not null then
        return false;
    elsif not is_first and (not asked.by_two or asked.entry is null or asked.second_entry is not null
                            or share_a_human(p_account, p_at, asked.account_id, p_at)) then
        return false;
    end if;
    said := ledger.append(
        p_at, 'command.confirmed', 'account:' || p_account, 'command_confirmation:' || p_id, 'success',
        jsonb_build_object('command', asked.command, 'arguments', asked.arguments,
                           'arguments_sha256', asked.arguments_sha256, 'change', asked.change, 'purpose', asked.purpose,
                           'tool', asked.tool, 'machine', asked.machine, 'uid', asked.uid, 'digest', p_digest));
    if is_first then
        update command_confirmation set entry = said where id = p_id;
    else
        update command_confirmation set second_account = p_account, second_entry = said where id = p_id;
    end if;
    return true;
end $$;

-- As before (0056); where two must, the log says it of both, and they are still two humans and both administrators.
create or replace function spend_command_confirmation(p_id uuid, p_token bytea, p_digest text, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked  command_confirmation;
    how    text;
    second text;
begin
    select c.* into asked from command_confirmation c join command_session s on s.id = c.session_id
    where c.id = p_id and s.token_hash = p_token and c.spent_at is null and c.expires_at > p_at
      and c.account_id = command_account(p_token, p_at)
    for update of c;
    how := ledger.how_confirmed(asked.entry, asked.id, asked.account_id, p_digest);
    if asked.by_two then
        second := ledger.how_confirmed(asked.second_entry, asked.id, asked.second_account, p_digest);
        if second is null or not is_administrator(asked.second_account, p_at)
           or share_a_human(asked.account_id, p_at, asked.second_account, p_at)
        then
            return null;
        elsif second <> 'touched' and how = 'touched' then
            how := second;
        end if;
    end if;
    if how is not null then
        update command_confirmation set spent_at = p_at where id = p_id;
    end if;
    return how;
end $$;
