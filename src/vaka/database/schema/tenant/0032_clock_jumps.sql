-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- A clock jumps: what was stored while it was ahead bears a time that is yet to come. Nothing is held for a repeat by such a time.

-- As it was, but for what was stored later than now.
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
    -- What was stored later than now, by more than a copy stored by another receiver could explain, was stored by a clock
    -- that was ahead. How long ago that was nobody knows, so that this is no repeat of it: it joins what is open.
    fresh as (
        insert into repeat_key as k (sender, ref, digest, message_id, seen_at)
        select sender, ref, digest, message_id, received_at from arrived order by sender, ref
        on conflict (sender, ref) do update
            set digest = excluded.digest, message_id = excluded.message_id, seen_at = excluded.seen_at,
                reused = k.ref <> ''
                         and k.seen_at between excluded.seen_at - make_interval(secs => rules.repeat_window_seconds)
                                           and excluded.seen_at + longest_retransmission
            where k.digest <> excluded.digest
               or k.seen_at < excluded.seen_at - make_interval(secs => rules.repeat_window_seconds)
               or k.seen_at > excluded.seen_at + longest_retransmission
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

-- Keys older than the widest window are of no use; called by the scheduler with the time two days ago. Nor are those that lie
-- ahead of its clock by more than a copy could: when that time has come, a new press would pass for their repeat.
create or replace function forget_repeats(before timestamptz) returns integer
    language sql security definer set search_path = vaka, pg_temp as $$
    with gone as (
        delete from repeat_key where seen_at < before or seen_at > before + interval '2 days 64 seconds' returning 1
    )
    select count(*)::integer from gone
$$;
