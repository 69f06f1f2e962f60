-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Trial alarms (term 21) of several machines, each with a result of its own; and what nobody could try yet, which is no fault.

-- What was told before machines had names is taken over by the first that tells.
alter table trial_state
    add column machine text not null default '' check (length(machine) <= 64),
    drop constraint trial_state_pkey,
    add primary key (authority_id, machine),
    drop constraint trial_state_outcome_check,
    add constraint trial_state_outcome_check check (outcome in (
        'well', 'unreachable', 'unanswered', 'busy', 'refused', 'unconfirmed', 'unrecorded', 'unseen', 'real', 'unprepared',
        'settling'));
comment on table trial_state is 'What became of the newest trial alarm that each machine sent for each authority, and since when.';

-- As it was, of the machine that sends; of the release before it is ''. What is settling was not tried: it is no hour's, and is
-- settling once, as the first that a machine tells, where none ever came through.
create function keep_trial(p_authority uuid, p_machine text, p_outcome text, p_answered_ms integer, p_seen_ms integer)
    returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    v_at timestamptz := clock_timestamp();
    v_well boolean := p_outcome = 'well';
    v_outcome text := p_outcome;
begin
    update trial_state s set machine = p_machine
    where s.authority_id = p_authority and s.machine = ''
      and not exists (select from trial_state o where (o.authority_id, o.machine) = (p_authority, p_machine));
    if p_outcome = 'settling' and exists (
        select from trial_state s
        where s.authority_id = p_authority and (s.well_at is not null or s.machine = p_machine))
    then
        v_outcome := 'unprepared';
    end if;
    insert into trial_state as s (authority_id, machine, tried_at, outcome, since, well_at, answered_ms, seen_ms)
    values (p_authority, p_machine, v_at, v_outcome, v_at, case when v_well then v_at end, p_answered_ms, p_seen_ms)
    on conflict (authority_id, machine) do update set
        tried_at = excluded.tried_at, outcome = excluded.outcome,
        since = case when (s.outcome = 'well') = v_well then s.since else excluded.since end,
        well_at = coalesce(excluded.well_at, s.well_at), answered_ms = excluded.answered_ms, seen_ms = excluded.seen_ms;
    delete from trial_state s where s.authority_id = p_authority and s.tried_at < v_at - interval '30 days';
    if v_outcome = 'settling' then
        return;
    end if;
    insert into trial_hour as h (authority_id, hour, tried, failed, slowest_ms, total_ms)
    values (p_authority, date_trunc('hour', v_at), 1, (not v_well)::integer, case when v_well then p_seen_ms end,
            case when v_well then coalesce(p_seen_ms, 0) else 0 end)
    on conflict (authority_id, hour) do update set
        tried = h.tried + 1, failed = h.failed + excluded.failed,
        slowest_ms = greatest(h.slowest_ms, excluded.slowest_ms), total_ms = h.total_ms + excluded.total_ms;
    delete from trial_hour h where h.authority_id = p_authority and h.hour < v_at - interval '400 days';
end $$;
revoke all on function keep_trial from public;

create function report_trial(p_authority uuid, p_machine text, p_outcome text, p_answered_ms integer, p_seen_ms integer)
    returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if length(p_machine) not between 1 and 64 then
        raise exception 'a machine has a name' using errcode = 'check_violation';
    end if;
    perform keep_trial(p_authority, p_machine, p_outcome, p_answered_ms, p_seen_ms);
end $$;
revoke all on function report_trial(uuid, text, text, integer, integer) from public;

-- For the release before, which works on while machines are upgraded one after the other. A later release removes it.
create or replace function report_trial(p_authority uuid, p_outcome text, p_answered_ms integer, p_seen_ms integer) returns void
    language sql security definer set search_path = vaka, pg_temp as $$
    select keep_trial(p_authority, '', p_outcome, p_answered_ms, p_seen_ms)
$$;

-- Of one authority, with when it came to be; or of all, which is the office's to read. Each machine that told.
drop function list_trials(uuid);
create function list_trials(p_authority uuid)
    returns table (authority_id uuid, machine text, tried_at timestamptz, outcome text, since timestamptz, well_at timestamptz,
                   answered_ms integer, seen_ms integer, created_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select t.authority_id, t.machine, t.tried_at, t.outcome, t.since, t.well_at, t.answered_ms, t.seen_ms, a.created_at
    from trial_state t join authority a on a.id = t.authority_id
    where a.state = 'active'
      and (t.authority_id = p_authority or (p_authority is null and session_user = 'vaka_office'))
    order by t.authority_id, t.machine
$$;
revoke all on function list_trials from public;

-- Term 21: whose trial alarm did not come through, or of whom a machine that has to send them sent none lately: each that is
-- named, or, where none is, each that told within a day. One that is not named counts while it tells. No news is no good news,
-- and one from a time that is not yet, is none. For whom none could be sent yet, is listed as such; and a machine that never told
-- is not missed while the authority is new. The page says the same (``operations/trials/standing.py``).
create function find_untried(p_machines text[], p_within interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with told as (
        select t.*, t.tried_at between p_at - p_within and p_at + p_within as is_current,
               t.outcome in ('well', 'settling') as is_fine
        from trial_state t
    ), counted as (
        select a.id, t.outcome, t.since, coalesce(t.is_current, false) as is_current, t.is_fine,
               t.machine is null and a.created_at between p_at - p_within and p_at + p_within as is_awaited
        from authority a
        left join lateral (
            select unnest(p_machines) as machine
            union
            select o.machine from told o
            where o.authority_id = a.id
              and (o.is_current or (cardinality(p_machines) = 0 and o.tried_at > p_at - interval '1 day'))
        ) m on true
        left join told t on (t.authority_id, t.machine) = (a.id, m.machine)
        where a.kind = 'authority' and a.state = 'active'
    )
    select c.id,
           case when not bool_or(c.is_current) then
                    case when bool_and(c.is_awaited) then 'untried' else 'stopped' end
                when bool_or(c.is_current and not c.is_fine) then
                    (array_agg(c.outcome order by c.since) filter (where c.is_current and not c.is_fine))[1]
                when not bool_and(c.is_current or c.is_awaited) then 'silent'
                else 'settling' end,
           greatest(1, count(*) filter (where not (c.is_current and c.is_fine)))
    from counted c
    group by c.id
    having (bool_and(c.is_current and c.is_fine) and bool_or(c.outcome = 'well')) is not true
$$;
revoke all on function find_untried(text[], interval, timestamptz) from public;

-- For the release before, in its own words. A later release removes it.
create or replace function find_untried(p_within interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select u.authority_id,
           case when u.reason in ('untried', 'silent') then 'stopped' when u.reason = 'settling' then 'unprepared' else u.reason end,
           u.things
    from find_untried('{}', p_within, p_at) u
$$;
