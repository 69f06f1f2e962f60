-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The receiver's only way in. One call stores a batch of messages, raises or joins alarms, and writes the ledger's
-- entries, all in the caller's one transaction. What commits here may be answered 200.
--
-- The batch is a JSON list of objects with the columns of `arrived` below; `place` tells the answers apart. The caller
-- keeps to one message per person (or per sender, where no person is known) and batch: a press and its cancellation
-- in one statement would race with themselves.
--
-- Outcomes: 'raised' a new alarm · 'joined' an open one · 'withdrew' or 'restored' an open one · 'stored' kept, no
-- alarm concerned · 'repeat' the same message sent again, nothing stored.

create function accept_messages(batch jsonb, receiver_name text)
    returns table (place integer, outcome text, alarm_id uuid)
    language plpgsql security definer set search_path = vaka, ledger, pg_temp as $$
#variable_conflict use_column
declare
    rules policy%rowtype;
begin
    select * into rules from policy;

    return query
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
            device_type smallint, status_code smallint, location_code smallint, location_text text,
            device_text text, position_text text, transport text, source text, deviations text[], body text)
    ),
    -- Whoever wins this row stores the message; a repeat within the window finds it taken. A reference that comes
    -- back after the window, or with other content, is a message of its own: short counters wrap.
    fresh as (
        insert into repeat_key as k (sender, ref, digest, message_id, seen_at)
        select sender, ref, digest, message_id, received_at from arrived
        on conflict (sender, ref, digest) do update
            set message_id = excluded.message_id, seen_at = excluded.seen_at
            where k.seen_at < excluded.seen_at - make_interval(secs => rules.repeat_window_seconds)
        returning message_id
    ),
    kept as materialized (select a.* from arrived a join fresh using (message_id)),
    raised as (
        insert into alarm as a (id, class, kind, latest_kind, state, join_key, person_id, device_id, sender,
                                device_type, status_code, location_code, location_text, device_text, position_text,
                                received_at, latest_at, escalate_at)
        select alarm_id, class, kind, kind, 'received', join_key, person_id, device_id, sender,
               device_type, status_code, location_code, coalesce(location_text, ''), coalesce(device_text, ''),
               coalesce(position_text, ''), received_at, received_at,
               case when class = 'life' then received_at + make_interval(secs => rules.ring_all_after_seconds) end
        from kept where effect = 'raise'
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
                escalate_at = case when a.state = 'taken' or a.class <> 'life' then null
                                   else coalesce(a.escalate_at, excluded.escalate_at) end,
                position_text = case when excluded.position_text <> '' then excluded.position_text
                                     else a.position_text end,
                version     = a.version + 1
        returning a.id, a.join_key, case when a.version = 1 then 'raised' else 'joined' end as outcome
    ),
    ended as (
        update alarm a
           set state = case when a.state in ('taken', 'suspended', 'handed_over') then a.state
                            when k.effect = 'restore' then 'closed'
                            else 'withdrawn' end,
               withdrawn_at = coalesce(a.withdrawn_at, k.received_at),
               escalate_at = null,
               closed_at = case when k.effect = 'restore' and a.state in ('received', 'presented', 'withdrawn')
                                then k.received_at end,
               closed_by = case when k.effect = 'restore' and a.state in ('received', 'presented', 'withdrawn')
                                then 'device' else '' end,
               closing_result = case when k.effect = 'restore' and a.state in ('received', 'presented', 'withdrawn')
                                     then 'unit_fault_fixed' else '' end,
               messages = a.messages + 1,
               latest_at = greatest(a.latest_at, k.received_at),
               version = a.version + 1
          from kept k
         where k.effect in ('withdraw', 'restore')
           and a.join_key = k.join_key and a.state not in ('merged', 'closed')
        returning a.id, a.join_key, case k.effect when 'restore' then 'restored' else 'withdrew' end as outcome
    ),
    concerned as (select * from raised union all select * from ended),
    stored as (
        insert into message (id, alarm_id, device_id, sender, ref, class, kind, effect, received_at, receiver,
                             transport, source, deviations, body)
        select k.message_id, c.id, k.device_id, k.sender, k.ref, k.class, k.kind, k.effect, k.received_at,
               receiver_name, k.transport, coalesce(k.source, ''), coalesce(k.deviations, '{}'), decode(k.body, 'base64')
        from kept k left join concerned c using (join_key)
        returning id, alarm_id
    ),
    stepped as (
        insert into alarm_step (alarm_id, at, step, actor)
        select c.id, k.received_at, c.outcome, 'device'
        from kept k join concerned c using (join_key) where c.outcome <> 'raised'
    ),
    entered as (
        insert into ledger.inbox (happened_at, event, actor, object, detail)
        select k.received_at,
               case coalesce(c.outcome, 'stored') when 'raised' then 'alarm.raised' when 'joined' then 'alarm.joined'
                   when 'withdrew' then 'alarm.withdrawn' when 'restored' then 'alarm.restored'
                   else 'message.stored' end,
               'receiver:' || receiver_name,
               coalesce('alarm:' || c.id, 'message:' || k.message_id),
               jsonb_build_object('message', k.message_id, 'class', k.class, 'kind', k.kind)
        from kept k left join concerned c using (join_key)
    ),
    told as materialized (select announce_alarms(array_agg(id)) from concerned having count(*) > 0)
    select a.place,
           coalesce(c.outcome, case when s.id is null then 'repeat' else 'stored' end),
           coalesce(c.id, earlier.alarm_id)
    from arrived a
    left join stored s on s.id = a.message_id
    left join concerned c on s.id is not null and c.join_key = a.join_key
    left join repeat_key k on s.id is null and (k.sender, k.ref, k.digest) = (a.sender, a.ref, a.digest)
    left join message earlier on earlier.id = k.message_id
    cross join (select count(*) from told) as announced;
end $$;
revoke all on function accept_messages from public;

-- Signs of life, flushed in bulk: [{"device_id": …, "seen_at": …}, …]. Older news never overwrites newer: several
-- receivers may have heard the same device.
create function record_signs_of_life(batch jsonb) returns integer
    language sql security definer set search_path = vaka, pg_temp as $$
    with heard as (select * from jsonb_to_recordset(batch) as h (device_id uuid, seen_at timestamptz)),
    noted as (
        update device_state d set last_seen = h.seen_at
        from heard h where d.device_id = h.device_id and (d.last_seen is null or d.last_seen < h.seen_at)
        returning 1
    )
    select count(*)::integer from noted
$$;
revoke all on function record_signs_of_life from public;

-- Keys older than the widest window are of no use; called by the scheduler.
create function forget_repeats(before timestamptz) returns integer
    language sql security definer set search_path = vaka, pg_temp as $$
    with gone as (delete from repeat_key where seen_at < before returning 1) select count(*)::integer from gone
$$;
revoke all on function forget_repeats from public;
