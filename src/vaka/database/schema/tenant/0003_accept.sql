-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Ends what is open under a key: the device takes its alarm back, or says that a fault is over. An alarm that somebody
-- has taken stays his, and one with others made part of it stays for an operator: the device speaks for its own alone. What restores 'link' ends the same sender's 'link.ip' and every other 'link.…' ('/' is the sign
-- after '.').
--
-- Nobody takes back what another raised: somebody who presses cancel on one device may not know that another has heard
-- a fall. Unless one sender alone raised the alarm and everything that was made part of it, it is upheld: told of, and
-- otherwise as it was.
create function end_alarms(key text, device text, effect text, at timestamptz)
    returns table (alarm_id uuid, outcome text)
    language plpgsql set search_path = vaka, pg_temp as $$
declare
    standing alarm%rowtype;
    is_held  boolean;
    is_over  boolean;
begin
    -- Locked first and judged then, so that whoever joined it a moment ago has been counted.
    for standing in
        select * from alarm a
        where a.join_key >= key and a.join_key < key || '/' and (a.join_key = key or a.sender = device)
          and a.state not in ('merged', 'closed')
        order by a.join_key for update
    loop
        alarm_id := standing.id;
        is_held := standing.state in ('taken', 'suspended', 'handed_over');
        is_over := effect = 'restore' and not is_held and standing.parts = 0;
        if effect = 'withdraw' and standing.state <> 'withdrawn' and raised_by_others(standing, device) then
            outcome := 'upheld';
            -- Not counted in `messages`, which the desk shows as "alarmed so many times".
            update alarm a set latest_at = greatest(a.latest_at, at), version = a.version + 1 where a.id = standing.id;
        else
            outcome := case effect when 'restore' then 'restored' else 'withdrew' end;
            update alarm a
               set state = case when is_over then 'closed' when is_held or effect = 'restore' then a.state
                                else 'withdrawn' end,
                   withdrawn_at = coalesce(a.withdrawn_at, at),
                   escalate_at = null,
                   closed_at = case when is_over then at end,
                   closed_by = case when is_over then 'device' else '' end,
                   closing_result = case when is_over then 'unit_fault_fixed' else '' end,
                   messages = a.messages + 1,
                   latest_at = greatest(a.latest_at, at),
                   version = a.version + 1
             where a.id = standing.id;
        end if;
        return next;
    end loop;
end $$;
revoke all on function end_alarms from public;

-- Whether anybody but this sender raised the alarm, joined it, or raised what was made part of it.
create function raised_by_others(raised alarm, device text) returns boolean
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    return raised.sender <> device or raised.several_senders or exists (
        with recursive part as (
            select a.id, a.sender, a.several_senders from alarm a where a.merged_into = raised.id
            union all
            select a.id, a.sender, a.several_senders from part join alarm a on a.merged_into = part.id
        )
        select from part where part.sender <> device or part.several_senders);
end $$;
revoke all on function raised_by_others from public;

-- Whether nobody is at the alarm that a message raised or joined, or at the one it goes on in: over, or laid aside.
create function alarm_rests(message_id uuid) returns boolean
    language plpgsql set search_path = vaka, pg_temp as $$
declare
    wanted  uuid := (select m.alarm_id from message m where m.id = message_id and m.effect = 'raise');
    at_hand alarm%rowtype;
begin
    loop
        select * into at_hand from alarm a where a.id = wanted;
        exit when at_hand.state is distinct from 'merged';
        wanted := at_hand.merged_into;
    end loop;
    return coalesce(at_hand.state in ('withdrawn', 'closed', 'suspended', 'handed_over'), false);
end $$;
revoke all on function alarm_rests from public;

-- The receiver's only way in. One call stores a batch of messages, raises or joins alarms, and writes the ledger's
-- entries, all in the caller's one transaction. What commits here may be answered 200.
--
-- The batch is a JSON list of objects with the columns of `arrived` below; `place` tells the answers apart. The caller
-- keeps to one message per person (or per sender, where no person is known) and batch: a press and its cancellation
-- in one statement would race with themselves. The database refuses the batch where two would touch the same row.
--
-- A technical message carries in `restores` what it is about, be it the fault or its end ('battery', 'link.ip').
--
-- Outcomes: 'raised' a new alarm · 'joined' an open one · 'withdrew' or 'restored' an open one · 'upheld' one that
-- others raised too, and that was therefore not withdrawn · 'stored' kept, no alarm concerned · 'repeat' the same
-- message sent again, nothing stored.
--
-- This is the most expensive statement of the alarm path; docs/decisions/accepting-messages.md has the numbers behind
-- its form: one statement, so that it starts once; one generic plan, kept by each connection; tables reached by key
-- alone, never joined, so that a plan made on the first day is good in a storm; rows locked in one order, so that two
-- receivers with the same devices wait for each other and never block each other for good.

create function accept_messages(batch jsonb, receiver_name text)
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
            device_type smallint, status_code smallint, location_code smallint, location_text text,
            device_text text, position_text text, transport text, source text, deviations text[], body text)
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
                                device_type, status_code, location_code, location_text, device_text, position_text,
                                received_at, latest_at, escalate_at)
        select alarm_id, class, kind, kind, 'received', join_key, person_id, device_id, sender,
               device_type, status_code, location_code, coalesce(location_text, ''), coalesce(device_text, ''),
               coalesce(position_text, ''), received_at, received_at,
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
                position_text = case when excluded.position_text <> '' then excluded.position_text
                                     else a.position_text end,
                several_senders = a.several_senders or a.sender <> excluded.sender,
                version     = a.version + 1
        returning a.id, a.join_key, case when a.version = 1 then 'raised' else 'joined' end as outcome
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
                             transport, source, deviations, body)
        select distinct on (message_id)
               message_id, concerned_id, device_id, sender, ref, class, kind, effect, received_at, receiver_name,
               transport, coalesce(source, ''),
               coalesce(deviations, '{}') || case when reused then '{reference_reused}'::text[] else '{}' end,
               decode(body, 'base64')
        from settled
    ),
    stepped as (
        insert into alarm_step (alarm_id, at, step, actor)
        select concerned_id, received_at, outcome, 'device' from settled where outcome not in ('raised', 'stored')
    ),
    entered as (
        insert into ledger.inbox (happened_at, event, actor, object, detail)
        select received_at,
               case outcome when 'raised' then 'alarm.raised' when 'joined' then 'alarm.joined'
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
