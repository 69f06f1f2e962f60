-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the platform knows by itself of further terms, as 0034 tells it: 10, 11, 12, 15, 17, 37.

set role vaka_ledger;

-- How many entries of an event the platform's log has since a moment, sealed or not, about things of these registers;
-- null: about whatever it be.
create function ledger.count_entries(p_event text, p_registers text[], p_since timestamptz, p_until timestamptz)
    returns bigint
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select (select count(*) from entry_index i
            where i.event = p_event and i.happened_at > p_since and i.happened_at <= p_until
              and (p_registers is null or split_part(i.object, ':', 1) = any (p_registers)))
         + (select count(*) from inbox i
            where i.event = p_event and i.happened_at > p_since and i.happened_at <= p_until
              and (p_registers is null or split_part(i.object, ':', 1) = any (p_registers)))
$$;
revoke all on function ledger.count_entries from public;

-- When a command was last run as it usually is, and succeeded, since a moment; as setup wrote it.
create function ledger.last_run(p_command text, p_since timestamptz, p_until timestamptz) returns timestamptz
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select max(run.happened_at) from (
        select i.happened_at, said.leaf ->> 'written_by' as written_by, said.leaf -> 'detail' as detail
        from entry_index i join log_entry e using (index)
        cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) said
        where i.event = 'command.run' and i.object = 'command:' || p_command and i.outcome = 'success'
          and i.happened_at >= p_since and i.happened_at <= p_until
        union all
        select i.happened_at, i.written_by, i.detail from inbox i
        where i.event = 'command.run' and i.object = 'command:' || p_command and i.outcome = 'success'
          and i.happened_at >= p_since and i.happened_at <= p_until) run
    where run.written_by = 'vaka_setup' and coalesce((run.detail ->> 'usual')::boolean, true)
$$;
revoke all on function ledger.last_run from public;

set role vaka_owner;

-- Term 10: an administrators' role of an ordinary account, or another role of an administrator's.
create function find_misplaced_administrators(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'misplaced', count(*)
    from role_grant g join account a on a.id = g.account_id
    where (g.role = 'administrator') <> (a.kind = 'administrator') and coalesce(g.valid_until > p_at, true)
    having count(*) > 0
$$;

-- Term 10: what an authority is to be told of whoever administers, and has not had in time.
create function find_unarrived_notices(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select n.authority_id, 'undelivered', count(*)
    from notice_standing n
    where n.kind = 'holders' and n.arrived_at is null and n.late_at <= p_at
    group by n.authority_id
$$;

-- Term 10: sign-ins to the machine as root or by a shared account within thirty days; accounts of the machine that are not
-- those of whoever administers, as the last look within a day found. Where nobody has looked for a day, nobody knows.
create function find_shared_sign_ins(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, case when s.shared > 0 then 'shared' when s.differ > 0 then 'differ' else 'missing' end,
           greatest(s.shared, 1)
    from (select ledger.count_entries('host.signed_in', null, p_at - interval '30 days', p_at) as shared,
                 ledger.count_entries('host.accounts_differ', null, p_at - p_every, p_at) as differ) s
    where s.shared > 0 or s.differ > 0 or ledger.last_run('host.sign-ins', p_at - p_every, p_at) is null
       or ledger.last_run('host.accounts', p_at - p_every, p_at) is null
$$;

-- Term 11: an invitation that is out for longer than a day, or was taken after its time.
create function find_long_invitations(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'long', count(*)
    from invitation i
    where i.created_at > p_at - interval '30 days'
      and (i.expires_at > i.created_at + interval '1 day' or i.redeemed_at > i.expires_at)
    having count(*) > 0
$$;

-- Term 12: rows of accounts, roles, keys and sessions that somebody changed past the functions, within thirty days.
create function find_accounts_by_hand(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'by_hand', c.things
    from (select ledger.count_entries(
        'row.changed_by_hand',
        array['account', 'account_link', 'account_request', 'invitation', 'role_grant', 'role_request', 'role_change',
              'designated_role', 'security_key', 'session', 'founding', 'break_glass'],
        p_at - interval '30 days', p_at) as things) c
    where c.things > 0
$$;

-- Term 17: commands of maintenance that were run, and nobody proved to be behind, within thirty days.
create function find_unproved_runs(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'unproved', c.things
    from (select ledger.count_entries('command.unproved', null, p_at - interval '30 days', p_at) as things) c
    where c.things > 0
$$;

-- Term 17: what is protected and not as it was accepted. Where the look at it has stopped, nobody knows.
create function find_drifted(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select d.authority_id, 'drifted', count(*) from drift d group by d.authority_id
    union all
    select null, 'missing', 1
    where not exists (select from protected_look l where l.looked_at >= p_at - p_every)
      and not exists (select from drift)
$$;

-- Term 37: auditors whose access has no end, or one more than a year off.
create function find_endless_auditors(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select g.authority_id, 'endless', count(*)
    from role_grant g
    where g.role = 'auditor' and coalesce(g.valid_until > p_at + interval '366 days', true)
    group by g.authority_id
$$;

do $$
declare
    finder regprocedure;
begin
    for finder in
        select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'vaka' and p.proname in (
            'find_misplaced_administrators', 'find_unarrived_notices', 'find_shared_sign_ins', 'find_long_invitations',
            'find_accounts_by_hand', 'find_unproved_runs', 'find_drifted', 'find_endless_auditors')
    loop
        execute format('revoke all on function %s from public', finder);
    end loop;
end $$;
