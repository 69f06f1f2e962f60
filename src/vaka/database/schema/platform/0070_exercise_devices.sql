-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Devices that were made for one crisis exercise (term 36): what they send while it is held is marked, from the receiver on.
-- What they send before or after is real, as everything is that cannot be proved to be an exercise's.

create table exercise_device (
    device_id     uuid primary key,
    sender        text not null unique check (sender ~ '^~[A-Za-z0-9_-]{28}$'),
    exercise_id   uuid not null references exercise,
    authority_id  uuid not null references authority,
    registered_by text not null check (length(registered_by) between 1 and 100),
    registered_at timestamptz not null
);
create index exercise_device_of on exercise_device (exercise_id);

-- Written by the function below alone; never changed, never removed: what was once an exercise's is never a person's.
create function refuse_other_exercise_devices() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname = 'g_setup')
    then
        raise exception 'an exercise''s devices are registered by a command alone, and stay what they are'
            using errcode = 'insufficient_privilege';
    elsif exists (select from device_entry d where d.device_id = new.device_id or d.sender = new.sender) then
        raise exception 'what is somebody''s device is no exercise''s' using errcode = 'unique_violation';
    end if;
    return new;
end $$;
create trigger only_new_ones before insert or update or delete on exercise_device for each row
    execute function refuse_other_exercise_devices();
create trigger never_emptied before truncate on exercise_device for each statement
    execute function refuse_other_exercise_devices();

-- Whoever writes the directory: an exercise's device belongs to nobody, and to its authority alone. And every device keeps
-- what it is known by: one that could be renamed could be registered anew, as an exercise's.
create function refuse_exercise_devices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if tg_op = 'UPDATE' and (new.device_id, new.sender) is distinct from (old.device_id, old.sender) then
        raise exception 'a device is known by one name for ever' using errcode = 'insufficient_privilege';
    elsif exists (
        select from exercise_device x
        where (x.device_id = new.device_id or x.sender = new.sender)
          and (x.device_id, x.sender, x.authority_id, null) is distinct from
              (new.device_id, new.sender, new.authority_id, new.person_id))
    then
        raise exception 'an exercise''s device becomes nobody''s' using errcode = 'unique_violation';
    end if;
    return new;
end $$;
revoke all on function refuse_exercise_devices from public;
create trigger none_of_exercises before insert or update on device_entry for each row
    execute function refuse_exercise_devices();

-- Until when an exercise is held, where it is held at that time: agreed to, begun, not ended, and its hour not over.
create function exercise_held_until(p_one exercise, p_at timestamptz) returns timestamptz
    language sql immutable set search_path = vaka, pg_temp as $$
    select p_one.ends_at
    where p_one.agreed_at is not null and p_one.begun_at <= p_at and p_at < p_one.ends_at and p_one.withdrawn_at is null
      and p_one.ended_at is null and p_one.closed_at is null
$$;
revoke all on function exercise_held_until from public;

-- The exercise that is held at this moment, or none: whose, and until when. As setup.
create function find_held_exercise(p_id uuid, p_at timestamptz) returns table (authority_id uuid, ends_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.authority_id, exercise_held_until(e, p_at) from exercise e
    where e.id = p_id and exercise_held_until(e, p_at) is not null
$$;
revoke all on function find_held_exercise from public;

-- Registers devices for an exercise that is held, in the directory: [{"device_id": …, "sender": …, "username": …, "ha1_md5": …,
-- "ha1_sha256": …, "device_type": …}, …]. They prove themselves by digest, as others do. Says 'done', or why not.
create function register_exercise_devices(p_exercise uuid, p_devices jsonb, p_actor text, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    held exercise;
begin
    -- Locked: it does not end meanwhile.
    select * into held from exercise e where e.id = p_exercise for share;
    if held.id is null or exercise_held_until(held, p_at) is null then
        return 'not_held';
    elsif (select count(*) from exercise_device x where x.exercise_id = p_exercise) + jsonb_array_length(p_devices) > 50 then
        return 'many';
    end if;
    insert into exercise_device (device_id, sender, exercise_id, authority_id, registered_by, registered_at)
    select d.device_id, d.sender, p_exercise, held.authority_id, p_actor, p_at
    from jsonb_to_recordset(p_devices) as d (device_id uuid, sender text);
    insert into device_entry (sender, authority_id, device_id, device_type, authentication, username, ha1_md5, ha1_sha256,
                              changed_at)
    select d.sender, held.authority_id, d.device_id, d.device_type, 'digest', d.username, d.ha1_md5, d.ha1_sha256, p_at
    from jsonb_to_recordset(p_devices) as d (device_id uuid, sender text, username text, ha1_md5 text, ha1_sha256 text,
                                             device_type smallint);
    perform ledger.append(p_at, 'device.registered', p_actor, 'device:' || d.device_id, 'success', jsonb_build_object(
                          'authority', held.authority_id, 'exercise', p_exercise, 'authentication', 'digest'))
    from jsonb_to_recordset(p_devices) as d (device_id uuid);
    return 'done';
end $$;
revoke all on function register_exercise_devices from public;

-- What a receiver knows: which devices are an exercise's that is held at this moment, from when and until when.
create function list_held_devices(p_at timestamptz)
    returns table (device_id bytea, exercise_id uuid, since timestamptz, until timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select uuid_send(x.device_id), x.exercise_id, greatest(x.registered_at, e.begun_at), exercise_held_until(e, p_at)
    from exercise_device x join exercise e on e.id = x.exercise_id and e.authority_id = x.authority_id
    where exercise_held_until(e, p_at) is not null
$$;
revoke all on function list_held_devices from public;

-- The receivers hear of it when one ends before its hour.
create trigger tell_changed after update on exercise for each statement execute function tell_directory_changed();
create trigger tell_changed after insert on exercise_device for each statement execute function tell_directory_changed();

-- As they were, but for the devices of exercises: those are nobody's, go out with nothing, and their passwords are used for
-- hours.
create or replace function list_digest_devices(p_authority uuid) returns table (device_id uuid)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.device_id from device_entry e
    where e.authority_id = p_authority and e.active and e.authentication = 'digest'
      and not exists (select from exercise_device x where x.device_id = e.device_id)
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
