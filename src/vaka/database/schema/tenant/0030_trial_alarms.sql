-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Trial alarms (term 21): one a minute goes the way that real ones go, from a device of the product's own. What it raises is
-- closed as it comes into being: it stands in no queue, rings at nobody's, and leaves nothing open, whatever stops meanwhile.

-- Who sends trial alarms here. Never anybody's device before, and never after.
create table trial_device (
    device_id     uuid primary key,
    sender        text collate "C" not null unique check (sender ~ '^~[A-Za-z0-9_-]{28}$'),
    registered_at timestamptz not null
);

create function refuse_other_trial_devices() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname = 'g_setup')
    then
        raise exception 'a trial''s devices are registered by setup alone, and stay what they are'
            using errcode = 'insufficient_privilege';
    elsif exists (select from device d where d.id = new.device_id or d.sender = new.sender)
       or exists (select from repeat_key k where k.sender = new.sender)
       or exists (select from exercise_device x where x.device_id = new.device_id or x.sender = new.sender)
       or exists (select from alarm a where a.sender = new.sender)
    then
        raise exception 'what is known here is no trial''s device' using errcode = 'unique_violation';
    end if;
    return new;
end $$;
create trigger only_new_ones before insert or update or delete on trial_device for each row
    execute function refuse_other_trial_devices();
create trigger never_emptied before truncate on trial_device for each statement
    execute function refuse_other_trial_devices();

-- Nobody gets a trial's device home, whoever writes it; and none is an exercise's.
create function refuse_trial_devices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if exists (select from trial_device t
               where t.device_id::text in (to_jsonb(new) ->> 'id', to_jsonb(new) ->> 'device_id') or t.sender = new.sender)
    then
        raise exception 'a trial''s device becomes nobody''s' using errcode = 'unique_violation';
    end if;
    return new;
end $$;
revoke all on function refuse_trial_devices from public;
create trigger none_of_trials before insert or update of id, sender on device for each row
    execute function refuse_trial_devices();
create trigger none_of_trials before insert on exercise_device for each row execute function refuse_trial_devices();

-- Makes the device known that sends trial alarms; one that is known is known. With its entry.
create function register_trial_device(p_device uuid, p_sender text, p_actor text, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if exists (select from trial_device t where (t.device_id, t.sender) = (p_device, p_sender)) then
        return false;
    end if;
    insert into trial_device (device_id, sender, registered_at) values (p_device, p_sender, p_at);
    perform ledger.append(p_at, 'device.registered', p_actor, 'device:' || p_device, 'success',
                          jsonb_build_object('trial', true));
    return true;
end $$;
revoke all on function register_trial_device from public;

-- Which there are, for whoever registers them and for whoever compares them with the platform's.
create function list_trial_devices() returns table (device_id uuid, sender text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select t.device_id, t.sender from trial_device t order by t.device_id
$$;
revoke all on function list_trial_devices from public;

-- Whether what that device sends is marked here: whoever sends for it asks first.
create function is_trial_device(p_device uuid, p_sender text) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (select from trial_device t where (t.device_id, t.sender) = (p_device, p_sender))
$$;
revoke all on function is_trial_device from public;

-- What bears the mark is over, about nobody, and a test: an open alarm has none, nor has a person's. Nothing that is there
-- already bears it, so that the table need not be looked through while it is locked.
alter table alarm
    add column trial boolean not null default false,
    add constraint trial_is_over check (not trial or (state = 'closed' and class = 'test' and person_id is null
        and device_id is not null and exercise_id is null and merged_into is null)) not valid;
create index alarm_of_trial on alarm (received_at) where trial;

-- The mark is given where the alarm comes into being, by what is known here, whatever the statement says; never later, and
-- never taken away. Whatever else such a device sends, is real.
create function keep_trials_apart() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if tg_op = 'UPDATE' then
        raise exception 'no alarm becomes a trial''s, or ceases to be, by a statement' using errcode = 'insufficient_privilege';
    end if;
    new.trial := new.class = 'test' and new.person_id is null and new.exercise_id is null and exists (
        select from trial_device t where t.device_id = new.device_id and t.sender = new.sender);
    if new.trial then
        new.state := 'closed';
        new.escalate_at := null;
        new.closed_at := new.received_at;
        new.closed_by := 'trial';
        new.closing_result := 'trial';
    end if;
    return new;
end $$;
revoke all on function keep_trials_apart from public;
-- After `exercises_marked`: triggers of a row go by their names.
create trigger trials_marked before insert on alarm for each row
    when (new.trial or (new.class = 'test' and new.person_id is null and new.device_id is not null))
    execute function keep_trials_apart();
create trigger trials_kept before update on alarm for each row
    when (old.trial is distinct from new.trial)
    execute function keep_trials_apart();

set role vaka_ledger;

-- Only a receiver raises a trial's alarm.
alter table ledger.inbox add constraint trials_are_heard
    check (event <> 'trial_alarm.raised' or written_by ~ '_receiver$');

set role vaka_owner;

-- As it was, but for what is a trial's: that has an event of its own, and is an outcome of its own.
create or replace function accept_messages(batch jsonb, receiver_name text)
    returns table (place integer, outcome text, alarm_id uuid)
    language plpgsql security definer
    set search_path = vaka, ledger, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
    -- After this a device has no copy of the same request left to send: RFC 3261 ends retransmission after 64 T1 = 32 s
    -- (timer F), and it may have tried two receivers, one after the other.
    longest_retransmission constant interval := '64 seconds';
    rules policy%rowtype;
    places integer[];
    outcomes text[];
    alarms uuid[];
begin
    select * into rules from policy;

    with arrived as materialized (
        select a.*,
               case a.class
                   when 'technical' then coalesce(a.device_id::text, a.sender) || ':technical:'
                                         || coalesce(a.restores, a.kind)
                   when 'test'      then coalesce(a.device_id::text, a.sender) || ':test'
                   else coalesce(a.person_id::text, a.device_id::text, a.sender) || ':' || a.class
               end as join_key
        from jsonb_to_recordset(batch) as a (
            place integer, message_id uuid, alarm_id uuid, device_id uuid, person_id uuid, sender text, ref text,
            digest text, received_at timestamptz, class text, kind text, effect text, restores text,
            device_type smallint, status_code smallint, location_code smallint, has_position boolean,
            transport text, deviations text[], subject_id uuid, texts text, body text)
    ),
    -- Whoever wins this row stores the message; a repeat within the window finds it taken. A reference that comes
    -- back after the window, or with other content, is a message of its own: short counters wrap. So is an alarm that
    -- comes back when no copy can be under way and nobody is at what it raised: some devices use one reference
    -- for everything, and whoever presses again must be heard. Only then is the alarm looked up.
    fresh as (
        insert into repeat_key as k (sender, ref, digest, message_id, seen_at)
        select sender, ref, digest, message_id, received_at from arrived order by sender, ref
        on conflict (sender, ref) do update
            set digest = excluded.digest, message_id = excluded.message_id, seen_at = excluded.seen_at,
                reused = k.ref <> ''
                         and k.seen_at >= excluded.seen_at - make_interval(secs => rules.repeat_window_seconds)
            where k.digest <> excluded.digest
               or k.seen_at < excluded.seen_at - make_interval(secs => rules.repeat_window_seconds)
               or (k.seen_at < excluded.seen_at - longest_retransmission and alarm_rests(k.message_id))
        returning message_id, reused
    ),
    kept as materialized (select a.*, fresh.reused from arrived a join fresh using (message_id)),
    raised as (
        insert into alarm as a (id, class, kind, latest_kind, state, join_key, person_id, device_id, sender,
                                device_type, status_code, location_code, first_message, position_message,
                                received_at, latest_at, escalate_at)
        select alarm_id, class, kind, kind, 'received', join_key, person_id, device_id, sender,
               device_type, status_code, location_code, message_id, case when has_position then message_id end,
               received_at, received_at,
               case when class = 'life' then received_at + make_interval(secs => rules.ring_all_after_seconds) end
        from kept where effect = 'raise' order by join_key
        on conflict (join_key) where state not in ('merged', 'closed') do update
            set messages    = a.messages + 1,
                latest_at   = greatest(a.latest_at, excluded.latest_at),
                latest_kind = excluded.kind,
                -- A new press revives what was withdrawn, and takes back what was laid aside: it must be heard.
                state       = case when a.state in ('withdrawn', 'suspended', 'handed_over') then 'received'
                                   else a.state end,
                holder      = case when a.state = 'taken' then a.holder end,
                offered_to  = null,
                suspended_until = null,
                withdrawn_at = null,
                escalation  = case when a.state in ('withdrawn', 'suspended', 'handed_over') then 0
                                   else a.escalation end,
                -- Where somebody has it, the timer is his to answer the new press; unanswered, it rings for all.
                escalate_at = case when a.class = 'life' then coalesce(a.escalate_at, excluded.escalate_at) end,
                position_message = coalesce(excluded.position_message, a.position_message),
                several_senders = a.several_senders or a.sender <> excluded.sender,
                version     = a.version + 1
        returning a.id, a.join_key,
                  case when a.trial then 'tried' when a.version = 1 then 'raised' else 'joined' end as outcome
    ),
    ended as (
        select e.alarm_id as id, k.join_key, e.outcome
        from kept k cross join lateral end_alarms(k.join_key, k.sender, k.effect, k.received_at) e
        -- A fault may be over; that anybody is safe again, no device can say.
        where k.effect = 'withdraw' or (k.effect = 'restore' and k.class = 'technical')
    ),
    concerned as (select * from raised union all select * from ended),
    told as materialized (select announce_alarms(array_agg(id)) from concerned having count(*) > 0),
    settled as materialized (
        select k.*, c.id as concerned_id, coalesce(c.outcome, 'stored') as outcome
        from kept k left join concerned c using (join_key)
    ),
    stored as (
        insert into message (id, alarm_id, device_id, sender, ref, class, kind, effect, received_at, receiver,
                             transport, deviations, subject_id, texts, body)
        select distinct on (message_id)
               message_id, concerned_id, device_id, sender, ref, class, kind, effect, received_at, receiver_name,
               transport,
               coalesce(deviations, '{}') || case when reused then '{reference_reused}'::text[] else '{}' end,
               subject_id, decode(texts, 'base64'), decode(body, 'base64')
        from settled
    ),
    stepped as (
        insert into alarm_step (alarm_id, at, step, actor)
        select concerned_id, received_at, outcome, 'device' from settled where outcome not in ('raised', 'tried', 'stored')
    ),
    entered as (
        insert into ledger.inbox (happened_at, event, actor, object, detail)
        select received_at,
               case outcome when 'raised' then 'alarm.raised' when 'tried' then 'trial_alarm.raised'
                   when 'joined' then 'alarm.joined'
                   when 'withdrew' then 'alarm.withdrawn' when 'restored' then 'alarm.restored'
                   when 'upheld' then 'alarm.upheld' else 'message.stored' end,
               'receiver:' || receiver_name,
               coalesce('alarm:' || concerned_id, 'message:' || message_id),
               jsonb_build_object('message', message_id, 'class', class, 'kind', kind)
        from settled
    )
    select array_agg(s.place), array_agg(s.outcome), array_agg(s.concerned_id) into places, outcomes, alarms
    from (select distinct on (place) place, outcome, concerned_id from settled) s
    cross join (select count(*) from told) as announced;

    return query select * from unnest(places, outcomes, alarms);

    -- Asked in a statement of its own, and only where something was not kept: the first message may have been
    -- committed by another receiver while this one waited, which the statement above could not yet see.
    if coalesce(cardinality(places), 0) < jsonb_array_length(batch) then
        return query
        select a.place, 'repeat',
               (select alarm_id from message
                 where id = (select message_id from repeat_key where sender = a.sender and ref = a.ref))
        from jsonb_to_recordset(batch) as a (place integer, sender text, ref text)
        where a.place <> all (coalesce(places, '{}'));
    end if;
end $$;

-- As it was, but for the event of a trial's.
create or replace function find_untold_alarms(p_at timestamptz) returns table (reason text, things bigint)
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
begin
    return query
    select 'untold', u.things
    from (select ledger.count_untold(
              (select array_agg('alarm:' || a.id) from (
                   select n.id from alarm n where n.received_at > p_at - interval '1 day'
                   order by n.received_at desc limit 5000) a),
              array['alarm.raised', 'trial_alarm.raised', 'site.silent']) as things) u
    where u.things > 0;
end $$;

-- What became of the trial alarm with this reference: no row where no trial's device sent such, or nothing was stored. An
-- alarm that is not marked is a real one. Whether its entry stands is asked as well.
create function find_trial(p_ref text) returns table (alarm_id uuid, marked boolean, entered boolean)
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
begin
    return query
    select a.id, a.trial, ledger.count_untold(array['alarm:' || a.id], array['trial_alarm.raised']) = 0
    from trial_device t
    join repeat_key k on k.sender = t.sender and k.ref = p_ref
    join message m on m.id = k.message_id
    join alarm a on a.id = m.alarm_id;
end $$;
revoke all on function find_trial from public;

-- Trials of an hour are kept, to be looked at where one failed; the rest is removed. What the log says of them stays.
create function forget_trials() returns integer
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    gone uuid[] := array(select a.id from alarm a where a.trial and a.received_at < clock_timestamp() - interval '1 hour'
                         order by a.received_at limit 500);
begin
    delete from message m where m.alarm_id = any (gone);
    delete from alarm a where a.id = any (gone);
    return cardinality(gone);
end $$;
revoke all on function forget_trials from public;
