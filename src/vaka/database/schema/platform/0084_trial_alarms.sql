-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Trial alarms (term 21): which devices send them, and what became of those of each authority. Nothing about anybody.

create table trial_device (
    device_id     uuid primary key,
    authority_id  uuid not null references authority,
    sender        text not null unique check (sender ~ '^~[A-Za-z0-9_-]{28}$'),
    registered_by text not null check (length(registered_by) between 1 and 100),
    registered_at timestamptz not null
);
create index trial_device_of on trial_device (authority_id);

-- Written by the function below alone; never changed, never removed: what was once a trial's is never a person's.
create function refuse_other_trial_devices() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname = 'g_setup')
    then
        raise exception 'a trial''s devices are registered by setup alone, and stay what they are'
            using errcode = 'insufficient_privilege';
    elsif exists (select from device_entry d where d.device_id = new.device_id or d.sender = new.sender) then
        raise exception 'what is somebody''s device is no trial''s' using errcode = 'unique_violation';
    end if;
    return new;
end $$;
create trigger only_new_ones before insert or update or delete on trial_device for each row
    execute function refuse_other_trial_devices();
create trigger never_emptied before truncate on trial_device for each statement
    execute function refuse_other_trial_devices();

-- Whoever writes the directory: a trial's device belongs to nobody, and to its authority alone, and is no exercise's.
create function refuse_trial_devices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if exists (
        select from trial_device t
        where (t.device_id = new.device_id or t.sender = new.sender)
          and (tg_table_name = 'exercise_device' or (t.device_id, t.sender, t.authority_id, null) is distinct from
               (new.device_id, new.sender, new.authority_id, (to_jsonb(new) ->> 'person_id')::uuid)))
    then
        raise exception 'a trial''s device becomes nobody''s' using errcode = 'unique_violation';
    end if;
    return new;
end $$;
revoke all on function refuse_trial_devices from public;
create trigger none_of_trials before insert or update on device_entry for each row execute function refuse_trial_devices();
create trigger none_of_trials before insert on exercise_device for each row execute function refuse_trial_devices();

-- Makes the device known to receivers that sends an authority's trial alarms, and returns which it is; one that is known under
-- that sender stays what it is, and gets the entry again that it lost. It proves itself by digest, as others do. No other of
-- that authority's is let in beside it.
create function register_trial_device(
    p_authority uuid, p_device uuid, p_sender text, p_ha1_sha256 text, p_device_type smallint, p_actor text, p_at timestamptz
) returns uuid
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    v_device uuid := (select t.device_id from trial_device t where t.authority_id = p_authority and t.sender = p_sender);
    v_other uuid;
begin
    if v_device is null then
        v_device := p_device;
        insert into trial_device (device_id, authority_id, sender, registered_by, registered_at)
        values (v_device, p_authority, p_sender, p_actor, p_at);
    end if;
    insert into device_entry (sender, authority_id, device_id, device_type, authentication, username, ha1_sha256, changed_at)
    values (p_sender, p_authority, v_device, p_device_type, 'digest', p_sender, p_ha1_sha256, p_at)
    on conflict (sender) do nothing;
    if found then
        perform ledger.append(p_at, 'device.registered', p_actor, 'device:' || v_device, 'success', jsonb_build_object(
                              'authority', p_authority, 'trial', true, 'authentication', 'digest'));
    end if;
    for v_other in
        update device_entry e set active = e.device_id = v_device, changed_at = p_at
        from trial_device t
        where t.authority_id = p_authority and e.device_id = t.device_id and e.active <> (e.device_id = v_device)
        returning e.device_id
    loop
        perform ledger.append(p_at, 'device.changed', p_actor, 'device:' || v_other, 'success', jsonb_build_object(
                              'authority', p_authority, 'trial', true));
    end loop;
    return v_device;
end $$;
revoke all on function register_trial_device from public;

-- Which there are, and since when receivers let each in; null where they do not. Nobody's number can be read from a sender.
create function list_trial_devices() returns table (authority_id uuid, device_id uuid, sender text, living_since timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select t.authority_id, t.device_id, t.sender, e.changed_at
    from trial_device t
    left join device_entry e on (e.device_id, e.sender, e.authority_id) = (t.device_id, t.sender, t.authority_id) and e.active
    order by t.authority_id, t.device_id
$$;
revoke all on function list_trial_devices from public;

-- The newest of each authority, by this server's clock, which no machine can set forward.
create table trial_state (
    authority_id uuid primary key references authority,
    tried_at     timestamptz not null,
    outcome      text not null check (outcome in (
                     'well', 'unreachable', 'unanswered', 'busy', 'refused', 'unconfirmed', 'unrecorded', 'unseen', 'real',
                     'unprepared')),
    -- Since when they come through, or do not.
    since        timestamptz not null,
    well_at      timestamptz,
    answered_ms  integer check (answered_ms >= 0),
    seen_ms      integer check (seen_ms >= 0),
    -- Whoever saw it come through, knows how long it took.
    check (outcome <> 'well' or (answered_ms is not null and seen_ms is not null))
);
comment on table trial_state is 'What became of each authority''s newest trial alarm, and since when it is so.';

-- What there was in each hour: the trend.
create table trial_hour (
    authority_id uuid not null references authority,
    hour         timestamptz not null,
    tried        integer not null check (tried > 0),
    failed       integer not null check (failed between 0 and tried),
    slowest_ms   integer check (slowest_ms >= 0),
    total_ms     bigint not null default 0 check (total_ms >= 0),
    primary key (authority_id, hour)
);
comment on table trial_hour is 'How many trial alarms of each authority came through in each hour, and how long they took.';

-- As trial: what became of one, and after how many milliseconds it was answered, and was seen by what feeds the desks.
create function report_trial(p_authority uuid, p_outcome text, p_answered_ms integer, p_seen_ms integer) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    v_at timestamptz := clock_timestamp();
    v_well boolean := p_outcome = 'well';
begin
    insert into trial_state as s (authority_id, tried_at, outcome, since, well_at, answered_ms, seen_ms)
    values (p_authority, v_at, p_outcome, v_at, case when v_well then v_at end, p_answered_ms, p_seen_ms)
    on conflict (authority_id) do update set
        tried_at = excluded.tried_at, outcome = excluded.outcome,
        since = case when (s.outcome = 'well') = v_well then s.since else excluded.since end,
        well_at = coalesce(excluded.well_at, s.well_at), answered_ms = excluded.answered_ms, seen_ms = excluded.seen_ms;
    insert into trial_hour as h (authority_id, hour, tried, failed, slowest_ms, total_ms)
    values (p_authority, date_trunc('hour', v_at), 1, (not v_well)::integer, case when v_well then p_seen_ms end,
            case when v_well then coalesce(p_seen_ms, 0) else 0 end)
    on conflict (authority_id, hour) do update set
        tried = h.tried + 1, failed = h.failed + excluded.failed,
        slowest_ms = greatest(h.slowest_ms, excluded.slowest_ms), total_ms = h.total_ms + excluded.total_ms;
    delete from trial_hour h where h.authority_id = p_authority and h.hour < v_at - interval '400 days';
end $$;
revoke all on function report_trial from public;

-- Of one authority; or of all, which is the office's to read.
create function list_trials(p_authority uuid)
    returns table (authority_id uuid, tried_at timestamptz, outcome text, since timestamptz, well_at timestamptz,
                   answered_ms integer, seen_ms integer)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select t.authority_id, t.tried_at, t.outcome, t.since, t.well_at, t.answered_ms, t.seen_ms
    from trial_state t join authority a on a.id = t.authority_id
    where a.state = 'active' and (t.authority_id = p_authority or (p_authority is null and session_user = 'vaka_office'))
    order by t.authority_id
$$;
revoke all on function list_trials from public;

create function list_trial_hours(p_authority uuid, p_since timestamptz)
    returns table (hour timestamptz, tried bigint, failed bigint, slowest_ms integer, total_ms bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select h.hour, sum(h.tried)::bigint, sum(h.failed)::bigint, max(h.slowest_ms), sum(h.total_ms)::bigint
    from trial_hour h
    where h.hour >= p_since and (h.authority_id = p_authority or (p_authority is null and session_user = 'vaka_office'))
    group by h.hour order by h.hour
$$;
revoke all on function list_trial_hours from public;

-- Term 21: whose trial alarm did not come through, or of whom none was tried lately. No news is no good news, and one from
-- a time that is not yet, is none.
create function find_untried(p_within interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.id, case when t.tried_at between p_at - p_within and p_at + p_within then t.outcome else 'stopped' end, 1::bigint
    from authority a left join trial_state t on t.authority_id = a.id
    where a.kind = 'authority' and a.state = 'active'
      and (t.tried_at between p_at - p_within and p_at + p_within and t.outcome = 'well') is not true
$$;
revoke all on function find_untried from public;

-- The worst of each hour of what the scheduler measures: the trend.
create table capacity_hour (
    hour         timestamptz primary key,
    measured     integer not null check (measured > 0),
    -- In thousandths: free of the disk, connections of those allowed.
    disk_free    integer not null check (disk_free between 0 and 1000),
    connections  integer not null check (connections >= 0),
    waiting      integer not null check (waiting >= 0),
    silent       integer not null check (silent >= 0),
    answers      bigint not null check (answers >= 0),
    answers_slow bigint not null check (answers_slow between 0 and answers)
);
comment on table capacity_hour is 'What was measured of the installation''s room in each hour, at its worst.';

create function report_capacity(
    p_disk_free integer, p_connections integer, p_waiting integer, p_silent integer, p_answers bigint, p_answers_slow bigint
) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    v_at timestamptz := clock_timestamp();
begin
    insert into capacity_hour as h (hour, measured, disk_free, connections, waiting, silent, answers, answers_slow)
    values (date_trunc('hour', v_at), 1, p_disk_free, p_connections, p_waiting, p_silent, p_answers, p_answers_slow)
    on conflict (hour) do update set
        measured = h.measured + 1, disk_free = least(h.disk_free, excluded.disk_free),
        connections = greatest(h.connections, excluded.connections), waiting = greatest(h.waiting, excluded.waiting),
        silent = greatest(h.silent, excluded.silent), answers = h.answers + excluded.answers,
        answers_slow = h.answers_slow + excluded.answers_slow;
    delete from capacity_hour h where h.hour < v_at - interval '400 days';
end $$;
revoke all on function report_capacity from public;

-- How many alarms wait is of all authorities: the office's to read.
create function list_capacity_hours(p_since timestamptz)
    returns table (hour timestamptz, measured integer, disk_free integer, connections integer, waiting integer, silent integer,
                   answers bigint, answers_slow bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select h.hour, h.measured, h.disk_free, h.connections, case when session_user = 'vaka_office' then h.waiting end, h.silent,
           h.answers, h.answers_slow
    from capacity_hour h where h.hour >= p_since order by h.hour
$$;
revoke all on function list_capacity_hours from public;

-- As they were, but for trials' devices as well: those are nobody's, and go out with nothing.
create or replace function list_digest_devices(p_authority uuid) returns table (device_id uuid)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.device_id from device_entry e
    where e.authority_id = p_authority and e.active and e.authentication = 'digest'
      and not exists (select from exercise_device x where x.device_id = e.device_id)
      and not exists (select from trial_device t where t.device_id = e.device_id)
$$;

create or replace function read_directory(p_authority uuid, p_kind text, p_after text, p_most integer)
    returns table (key text, row_read jsonb)
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
begin
    if p_kind = 'device_entry' then
        return query
            select e.sender, jsonb_build_object(
                'device_id', e.device_id, 'authentication', e.authentication, 'exception_until', e.exception_until,
                'sender_may_differ', e.sender_may_differ, 'active', e.active)
            from device_entry e
            where e.authority_id = p_authority and e.sender > coalesce(p_after, '')
              and not exists (select from exercise_device x where x.device_id = e.device_id)
              and not exists (select from trial_device t where t.device_id = e.device_id)
            order by e.sender limit p_most;
    elsif p_kind = 'class_override' then
        return query
            select o.id::text, to_jsonb(o) from class_override o
            where o.authority_id = p_authority and o.id > coalesce(p_after::bigint, 0)
            order by o.id limit p_most;
    else
        raise exception 'there is no such kind' using errcode = 'invalid_parameter_value';
    end if;
end $$;

-- As it was, but a trial's device is nobody's: it goes too, and is not counted.
create or replace function release_authority(p_authority uuid, p_order uuid, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    trials bigint;
    devices bigint;
    rules bigint;
begin
    delete from device_entry d where d.authority_id = p_authority
        and exists (select from trial_device t where t.device_id = d.device_id);
    get diagnostics trials = row_count;
    delete from device_entry d where d.authority_id = p_authority;
    get diagnostics devices = row_count;
    delete from class_override c where c.authority_id = p_authority;
    get diagnostics rules = row_count;
    if trials + devices + rules > 0 then
        perform ledger.append(p_at, 'authority.released', 'scheduler', 'authority:' || p_authority, 'success',
                              jsonb_build_object('order', p_order, 'devices', devices, 'class_rules', rules));
    end if;
    return devices;
end $$;
