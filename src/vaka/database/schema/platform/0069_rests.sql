-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- A role's rest (terms 4 and 5) holds for commands as for the office, and sessions of commands are seen and ended where
-- those of browsers are (terms 13 and 17).

-- Whose session a command with this token has, as setup, and what his role rests for want of, if it does: a firm's
-- agreement or a course. None where it ended, or the administrator is none any more.
create function command_holder(p_token bytea, p_at timestamptz)
    returns table (account_id uuid, firm text, course text, rests_from timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.account_id, ended_engagement(s.account_id, p_at), d.title, d.rests_from
    from command_session s join command_login l on l.id = s.login_id
    left join training_due(s.account_id, p_at) d on d.rests_from <= p_at
    where s.token_hash = p_token and s.ended_at is null and s.expires_at > p_at and l.approved_by = s.account_id
      and is_administrator(s.account_id, p_at) and ledger.is_login_told(l.entry, l.id, s.account_id)
$$;
revoke all on function command_holder from public;

-- As 0032 has it, and none while the role rests: nothing is asked for or confirmed in that name either (0056).
create or replace function command_account(p_token bytea, p_at timestamptz) returns uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select h.account_id from command_holder(p_token, p_at) h where h.firm is null and h.course is null
$$;

-- The sessions of commands that an account has open, as office or setup, the newest first: where, and until when.
create function list_command_sessions(p_account uuid, p_at timestamptz)
    returns table (id uuid, machine text, uid bigint, username text, created_at timestamptz, expires_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.id, l.machine, l.uid, l.username, s.created_at, s.expires_at
    from command_session s join command_login l on l.id = s.login_id
    where s.account_id = p_account and s.ended_at is null and s.expires_at > p_at
    order by s.created_at desc, s.id desc limit 100
$$;
revoke all on function list_command_sessions from public;

-- Ends one of them, or all, as office or setup; returns how many. With all, what was approved and not taken yet is
-- approved no more.
create function end_command_sessions(
    p_account uuid, p_only uuid, p_reason text, p_actor text, p_step_up text, p_at timestamptz
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one uuid;
    count bigint := 0;
begin
    if p_only is null then
        update command_login l set approved_by = null, entry = null
        where l.approved_by = p_account and not exists (select from command_session s where s.login_id = l.id);
    end if;
    for one in
        update command_session s set ended_at = p_at
        where s.account_id = p_account and (p_only is null or s.id = p_only) and s.ended_at is null and s.expires_at > p_at
        returning s.id
    loop
        perform ledger.append(
            p_at, 'command.signed_out', p_actor, 'command_session:' || one, 'success', jsonb_strip_nulls(
                jsonb_build_object('reason', p_reason, 'account', 'account:' || p_account, 'step_up', p_step_up)));
        count := count + 1;
    end loop;
    return count;
end $$;
revoke all on function end_command_sessions from public;

-- With the account they end for good: none is there again when it comes back within the hour.
create function end_commands_of_closed() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update command_session s set ended_at = now() where s.account_id = new.id and s.ended_at is null;
    update command_login l set approved_by = null, entry = null where l.approved_by = new.id;
    return null;
end $$;
revoke all on function end_commands_of_closed from public;
create trigger commands_end after update of state on account for each row
    when (old.state = 'active' and new.state <> 'active') execute function end_commands_of_closed();
