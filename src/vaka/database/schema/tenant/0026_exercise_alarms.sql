-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Alarms of a crisis exercise (term 36): they come the way that real ones come, from a device that was made for one exercise
-- of this authority alone, and are marked for ever. Only what is proved to be an exercise's is marked; all else is real.

-- What calls itself so was made for an exercise. Never anybody's device before, and never after.
create table exercise_device (
    device_id     uuid primary key,
    sender        text collate "C" not null unique check (sender ~ '^~[A-Za-z0-9_-]{28}$'),
    exercise_id   uuid not null,
    registered_at timestamptz not null,
    -- When the exercise ends by itself. What the device sends from then on is a real alarm; an earlier end the receiver knows.
    ends_at       timestamptz not null,
    check (ends_at > registered_at and ends_at - registered_at <= interval '6 days')
);

alter table alarm
    add column exercise_id uuid,
    add constraint alarm_of_exercise_is_nobodys check (exercise_id is null or (person_id is null and device_id is not null));
create index alarm_of_exercise on alarm (exercise_id, received_at) where exercise_id is not null;

create function refuse_other_exercise_devices() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname = 'g_setup')
    then
        raise exception 'an exercise''s devices are registered by a command alone, and stay what they are'
            using errcode = 'insufficient_privilege';
    elsif exists (select from device d where d.id = new.device_id or d.sender = new.sender)
       or exists (select from repeat_key k where k.sender = new.sender)
    then
        raise exception 'what is known here is no exercise''s device' using errcode = 'unique_violation';
    end if;
    return new;
end $$;
create trigger only_new_ones before insert or update or delete on exercise_device for each row
    execute function refuse_other_exercise_devices();
create trigger never_emptied before truncate on exercise_device for each statement
    execute function refuse_other_exercise_devices();

-- Whoever ever alarmed here is real, somebody's and nobody's alike. Asked once for all that are registered: no index finds an
-- alarm by its sender where it is a person's, and the alarm path shall not pay for one.
create function refuse_heard_devices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if exists (select from alarm a where a.sender in (select m.sender from made m)) then
        raise exception 'what has alarmed here is no exercise''s device' using errcode = 'unique_violation';
    end if;
    return null;
end $$;
revoke all on function refuse_heard_devices from public;
create trigger never_heard after insert on exercise_device referencing new table as made for each statement
    execute function refuse_heard_devices();

-- Nobody gets an exercise's device home, whoever writes it.
create function refuse_exercise_devices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if exists (select from exercise_device x where x.device_id = new.id or x.sender = new.sender) then
        raise exception 'an exercise''s device becomes nobody''s' using errcode = 'unique_violation';
    end if;
    return new;
end $$;
revoke all on function refuse_exercise_devices from public;
create trigger none_of_exercises before insert or update of id, sender on device for each row
    execute function refuse_exercise_devices();

-- Registers devices for one exercise: [{"device_id": …, "sender": …}, …]. Each has its entry.
create function register_exercise_devices(
    p_exercise uuid, p_devices jsonb, p_ends_at timestamptz, p_actor text, p_at timestamptz
) returns integer
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    made integer;
begin
    insert into exercise_device (device_id, sender, exercise_id, registered_at, ends_at)
    select d.device_id, d.sender, p_exercise, p_at, p_ends_at
    from jsonb_to_recordset(p_devices) as d (device_id uuid, sender text);
    get diagnostics made = row_count;
    perform ledger.append(p_at, 'device.registered', p_actor, 'device:' || d.device_id, 'success',
                          jsonb_build_object('exercise', p_exercise))
    from jsonb_to_recordset(p_devices) as d (device_id uuid);
    return made;
end $$;
revoke all on function register_exercise_devices from public;

-- Whose exercise this alarm is, as its newest message tells: null unless the receiver says so of the message that it stores
-- at this moment, and the device was registered here for that exercise, and the exercise's hour is not over.
create function exercise_of(p_one alarm) returns uuid
    language sql stable set search_path = vaka, pg_temp as $$
    select x.exercise_id from exercise_device x
    where x.device_id = p_one.device_id and x.sender = p_one.sender and p_one.person_id is null
      and p_one.latest_at >= x.registered_at and p_one.latest_at < x.ends_at
      and nullif(current_setting('vaka.exercises', true), '')::jsonb ->> x.device_id::text = x.exercise_id::text
$$;
revoke all on function exercise_of from public;

-- The mark is given where the alarm comes into being, by what is known here, whatever the statement says. It is never given
-- later, and is taken away as soon as the device is heard outside the exercise: somebody may mean it. What bears it has no
-- timer, rings at nobody's, and hides nobody. What only joins a real alarm (accept_messages) is given none, for that alarm's
-- timer would be taken from what this makes of the new row.
create function keep_exercises_apart() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        new.exercise_id := exercise_of(new);
        if new.exercise_id is not null and exists (
            select from alarm a
            where a.join_key = new.join_key and a.state not in ('merged', 'closed') and a.exercise_id is null)
        then
            new.exercise_id := null;
        end if;
    elsif new.exercise_id is distinct from old.exercise_id then
        raise exception 'no alarm becomes an exercise''s, or ceases to be, by a statement'
            using errcode = 'insufficient_privilege';
    elsif new.messages > old.messages and exercise_of(new) is distinct from old.exercise_id then
        new.exercise_id := null;
    end if;
    if new.exercise_id is not null then
        new.escalation := 0;
        new.escalate_at := null;
    end if;
    return new;
end $$;
revoke all on function keep_exercises_apart from public;
create trigger exercises_marked before insert on alarm for each row
    when (current_setting('vaka.exercises', true) <> '' or new.exercise_id is not null)
    execute function keep_exercises_apart();
create trigger exercises_kept_apart before update on alarm for each row
    when (old.exercise_id is not null or new.exercise_id is not null)
    execute function keep_exercises_apart();

-- No real alarm goes into an exercise's, where nobody would look for it; nor the other way round.
create function refuse_mixed_alarms() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if exists (select from alarm a where a.id = new.merged_into and a.exercise_id is distinct from new.exercise_id) then
        raise exception 'real alarms and those of exercises are never made one' using errcode = 'check_violation';
    end if;
    return new;
end $$;
revoke all on function refuse_mixed_alarms from public;
create trigger exercises_unmixed before insert or update of merged_into on alarm for each row
    when (new.merged_into is not null) execute function refuse_mixed_alarms();

set role vaka_ledger;

-- Only a receiver raises an exercise's alarm.
alter table ledger.inbox add constraint exercises_are_heard
    check (event <> 'exercise_alarm.raised' or written_by ~ '_receiver$');

set role vaka_owner;

-- What became of an exercise's alarm stands in the log under the exercise: who answered, after how long, and whether it
-- turned out to be real.
create function tell_of_exercise() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    told text := case when new.exercise_id is null then 'exercise_alarm.real' when new.state = 'taken' then
                      'exercise_alarm.taken' else 'exercise_alarm.closed' end;
begin
    perform ledger.append(
        case told when 'exercise_alarm.real' then new.latest_at when 'exercise_alarm.taken' then clock_timestamp()
                  else new.closed_at end,
        told,
        case told when 'exercise_alarm.real' then 'device' when 'exercise_alarm.taken' then 'account:' || new.holder
                  else new.closed_by end,
        'exercise:' || old.exercise_id, 'success',
        jsonb_build_object('alarm', new.id)
            || case when told = 'exercise_alarm.taken' then jsonb_build_object(
                   'seconds', greatest(0, extract(epoch from new.taken_at - new.received_at))::integer) else '{}' end);
    return null;
end $$;
revoke all on function tell_of_exercise from public;
create trigger exercise_told after update on alarm for each row
    when (old.exercise_id is not null
          and (new.exercise_id is null or (new.state in ('taken', 'closed', 'merged') and new.state <> old.state)))
    execute function tell_of_exercise();

-- As accept_messages, which it calls, for a batch in which the receiver takes some for an exercise's: those say in
-- `exercise_id` which. The database judges for itself (exercise_of); what it does not find proved, is stored as real.
create function accept_exercises(batch jsonb, receiver_name text)
    returns table (place integer, outcome text)
    language plpgsql security definer
    set search_path = vaka, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
begin
    perform set_config('vaka.exercises', coalesce((
        select jsonb_object_agg(x.device_id, x.exercise_id)
        from jsonb_to_recordset(batch) as b (device_id uuid, person_id uuid, sender text, exercise_id uuid)
        join exercise_device x on x.device_id = b.device_id and x.sender = b.sender and x.exercise_id = b.exercise_id
        where b.person_id is null)::text, ''), true);
    return query select t.place, t.outcome from accept_messages(batch, receiver_name) t;
    -- A statement of its own: the one above began before there were any.
    insert into ledger.inbox (happened_at, event, actor, object, detail)
    select b.received_at, 'exercise_alarm.raised', 'receiver:' || receiver_name, 'exercise:' || a.exercise_id,
           jsonb_build_object('alarm', a.id, 'class', a.class, 'kind', a.latest_kind)
    from jsonb_to_recordset(batch) as b (message_id uuid, received_at timestamptz, exercise_id uuid)
    join message m on m.id = b.message_id and m.effect = 'raise'
    join alarm a on a.id = m.alarm_id
    where b.exercise_id = a.exercise_id;
    perform set_config('vaka.exercises', '', true);
end $$;
revoke all on function accept_exercises from public;
