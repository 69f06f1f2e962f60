-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- An erasure that was stopped stays so, and none skips a step, whatever somebody writes into the row of its order: the log
-- says that a legal hold ended it, that it was begun, and that everything was deleted.

set role vaka_ledger;

-- Whether the log says that an order was at its end before it was begun: a legal hold was found first, or, what is not
-- sealed yet, somebody decided against it. What waits to be sealed counts: else there were seconds to revive it in.
create function ledger.is_stopped(p_object text, p_kind text) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select false as waits, i.index as place, convert_from(e.leaf, 'UTF8')::jsonb -> 'detail' ->> 'hindrance' as hindrance
        from entry_index i join log_entry e using (index)
        where i.object = p_object and i.event = p_kind || '.begun'
        union all
        select true, i.id, i.detail ->> 'hindrance' from inbox i where i.object = p_object and i.event = p_kind || '.begun'
    )
    -- One that was begun goes on when a later hold is lifted: its rows are gone already.
    select coalesce((select hindrance = 'legal_hold' from said where hindrance in ('', 'legal_hold')
                     order by waits, place limit 1), false)
        or exists (select from inbox i where i.object = p_object and i.event = p_kind || '.decided'
                                         and i.detail ->> 'verdict' <> 'approved')
$$;
revoke all on function ledger.is_stopped from public;

-- Whether the scheduler said of an order, sealed and signed, that a whole step is done and nothing hindered it. A batch is
-- no whole step. Where it may wait to be sealed, that is enough.
create function ledger.is_step_done(p_object text, p_event text, p_may_wait boolean) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select exists (
        select from entry_index i join log_entry e using (index)
        cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) l
        where i.object = p_object and i.event = p_event and e.index < (select max(c.size) from checkpoint c)
          and l.leaf ->> 'object' = p_object and l.leaf ->> 'event' = p_event and l.leaf ->> 'written_by' ~ '_scheduler$'
          and l.leaf -> 'detail' ->> 'hindrance' = '' and l.leaf -> 'detail' -> 'table' is null)
    or (p_may_wait and exists (
        select from inbox i
        where i.object = p_object and i.event = p_event and i.written_by ~ '_scheduler$'
          and i.detail ->> 'hindrance' = '' and i.detail -> 'table' is null))
$$;
revoke all on function ledger.is_step_done from public;

-- As it was, and nothing ended it.
create or replace function ledger.is_erasure_decided(
    p_order uuid, p_person uuid, p_decision text, p_ordered_by uuid, p_decided_by uuid
) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select convert_from(e.leaf, 'UTF8')::jsonb as leaf
        from entry_index i join log_entry e using (index)
        where i.object = 'erasure:' || p_order and i.event in ('erasure.ordered', 'erasure.decided')
          and e.index < (select max(c.size) from checkpoint c)
    ), decided as (
        select leaf ->> 'event' as event, leaf ->> 'actor' as actor, leaf -> 'detail' as detail
        from said
        where leaf ->> 'object' = 'erasure:' || p_order and leaf -> 'detail' ->> 'person' = p_person::text
          and leaf ->> 'written_by' ~ '_portal$'
    )
    select count(*) = 2 and p_ordered_by <> p_decided_by and not ledger.is_stopped('erasure:' || p_order, 'erasure')
       and count(*) filter (where event = 'erasure.ordered' and actor = 'account:' || p_ordered_by
                                  and detail ->> 'decision' = p_decision) = 1
       and count(*) filter (where event = 'erasure.decided' and actor = 'account:' || p_decided_by
                                  and detail ->> 'verdict' = 'approved') = 1
    from decided
$$;
revoke all on function ledger.is_erasure_decided from public;

create or replace function ledger.ending_due_at(
    p_order uuid, p_decision text, p_export_digest text, p_ordered_by uuid, p_decided_by uuid, p_wait_days integer
) returns timestamptz
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select convert_from(e.leaf, 'UTF8')::jsonb as leaf
        from entry_index i join log_entry e using (index)
        where i.object = 'ending:' || p_order and i.event in ('ending.ordered', 'ending.decided')
          and e.index < (select max(c.size) from checkpoint c)
    ), decided as (
        select leaf ->> 'event' as event, leaf ->> 'actor' as actor, leaf -> 'detail' as detail,
               (leaf ->> 'written_at')::timestamptz as at
        from said
        where leaf ->> 'object' = 'ending:' || p_order and leaf ->> 'written_by' ~ '_portal$'
    )
    select case when count(*) = 2 and p_ordered_by <> p_decided_by and p_wait_days >= 1
        and not ledger.is_stopped('ending:' || p_order, 'ending')
        and count(*) filter (where event = 'ending.ordered' and actor = 'account:' || p_ordered_by
                                   and detail ->> 'decision' = p_decision
                                   and detail ->> 'export' is not distinct from p_export_digest) = 1
        and count(*) filter (where event = 'ending.decided' and actor = 'account:' || p_decided_by
                                   and detail ->> 'verdict' = 'approved' and detail ->> 'days' = p_wait_days::text) = 1
        then max(at) filter (where event = 'ending.decided') + make_interval(days => p_wait_days) end
    from decided
$$;
revoke all on function ledger.ending_due_at from public;

set role vaka_owner;

-- As it was, but who is said to be removed already was, by what the log says.
create or replace function begin_erasure(p_order uuid, p_at timestamptz) returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    wanted erasure_order;
    hinders text := '';
    becomes text;
    counts jsonb;
begin
    select * into wanted from erasure_order o where o.id = p_order and o.state in ('approved', 'removed') for update;
    if wanted.id is null or not ledger.is_erasure_decided(p_order, wanted.person_id, wanted.decision, wanted.ordered_by,
                                                          wanted.decided_by)
       or (wanted.state = 'removed' and not ledger.is_step_done('erasure:' || p_order, 'erasure.begun', false))
    then
        return jsonb_build_object('hindrance', 'undecided');
    end if;
    lock table legal_hold in share mode; -- a hold is placed before this, or when it is done
    becomes := 'removed';
    if exists (select from legal_hold h where h.person_id = wanted.person_id) then
        hinders := 'legal_hold';
        becomes := case when wanted.state = 'approved' then 'cancelled' else wanted.state end;
    elsif is_helped(wanted.person_id) then
        hinders := 'open_alarm';
        becomes := wanted.state;
    else
        counts := delete_person(wanted.person_id);
    end if;
    -- Asked again and again, it is entered once.
    if (hinders, becomes) = (wanted.hindrance, wanted.state)
       and (hinders <> '' or not exists (select from jsonb_each_text(counts) c where c.value <> '0'))
    then
        return jsonb_strip_nulls(jsonb_build_object('hindrance', nullif(hinders, ''), 'removed', counts));
    end if;
    update erasure_order
    set hindrance = hinders, state = becomes,
        removed_at = case when becomes = 'removed' then coalesce(removed_at, p_at) end,
        removed = coalesce((
            select jsonb_object_agg(c.key, c.value::bigint + coalesce((wanted.removed ->> c.key)::bigint, 0))
            from jsonb_each_text(counts) c), removed)
    where id = p_order;
    perform enter_erasure(p_at, 'erasure.begun', 'scheduler', 'erasure:' || p_order,
                          jsonb_build_object('person', wanted.person_id, 'hindrance', hinders)
                          || coalesce(counts, '{}'));
    if hinders = '' then
        perform enter_erasure(p_at, 'person.removed', 'scheduler', 'person:' || wanted.person_id,
                              jsonb_build_object('order', p_order));
    end if;
    return jsonb_strip_nulls(jsonb_build_object('hindrance', nullif(hinders, ''), 'removed', counts));
end $$;
revoke all on function begin_erasure from public;

-- As it was, but only of who was removed, and is.
create or replace function complete_erasure(p_order uuid, p_destroyed jsonb, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    whose uuid;
    entered bigint;
begin
    select o.person_id into whose from erasure_order o
    where o.id = p_order and o.state = 'removed' and o.hindrance = ''
      and ledger.is_erasure_decided(o.id, o.person_id, o.decision, o.ordered_by, o.decided_by)
      and ledger.is_step_done('erasure:' || p_order, 'erasure.begun', false)
    for update;
    if whose is null or exists (select from person p where p.id = whose)
       or exists (select from alarm a where a.person_id = whose)
       or exists (select from contact c where c.person_id = whose)
       or exists (select from note n where n.person_id = whose)
       or exists (select from device d where d.person_id = whose)
    then
        raise exception 'nothing is to be completed' using errcode = 'no_data_found';
    end if;
    entered := enter_erasure(p_at, 'erasure.completed', 'scheduler', 'erasure:' || p_order,
                             jsonb_build_object('person', whose) || (
                                 select coalesce(jsonb_object_agg(d.key, d.value), '{}') from jsonb_each(p_destroyed) d
                                 where d.key in ('key_destroyed', 'key_new', 'root_destroyed', 'root_new', 'generation',
                                                 'rewrapped', 'subjects', 'keys_handed_out', 'values_read_before',
                                                 'values_tried', 'values_opened')
                                   and jsonb_typeof(d.value) in ('number', 'null')));
    update erasure_order
    set state = 'erased', erased_at = p_at, destroyed = p_destroyed, entry = entered
    where id = p_order;
    return entered;
end $$;
revoke all on function complete_erasure from public;

-- As it was; asked in a later state, it says whether the log knows that this step was taken.
create or replace function begin_ending(p_order uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    wanted authority_ending;
    hinders text;
    becomes text;
    gone bigint := 0;
begin
    select * into wanted from authority_ending e where e.id = p_order and e.state in ('approved', 'released', 'removed') for update;
    if wanted.id is null or ending_due(wanted) is null then
        return 'undecided';
    elsif clock_timestamp() < ending_due(wanted) then
        return 'waiting';
    elsif wanted.state <> 'approved' then
        return case when ledger.is_step_done('ending:' || p_order, 'ending.begun', true) then '' else 'undecided' end;
    end if;
    lock table legal_hold in share mode;
    hinders := ending_hindrance();
    becomes := case hinders when '' then 'released' when 'legal_hold' then 'cancelled' else 'approved' end;
    if (hinders, becomes) = (wanted.hindrance, wanted.state) then
        return hinders;
    end if;
    if becomes = 'released' then
        update device set supervised = false where supervised; -- their silence is nobody's fault
        get diagnostics gone = row_count;
    end if;
    update authority_ending
    set state = becomes, hindrance = hinders, released_at = case when becomes = 'released' then p_at end
    where id = p_order;
    perform enter_erasure(p_at, 'ending.begun', 'scheduler', 'ending:' || p_order,
                          jsonb_build_object('hindrance', hinders, 'devices', gone));
    return hinders;
end $$;
revoke all on function begin_ending from public;

-- Whether a table that the end of a contract empties holds anything.
create function is_anything_left() returns boolean
    language plpgsql stable set search_path = vaka, pg_temp as $$
begin
    return exists (select from alarm_note) or exists (select from alarm_step) or exists (select from message)
        or exists (select from repeat_key) or exists (select from alarm) or exists (select from note)
        or exists (select from contact) or exists (select from device_state) or exists (select from device)
        or exists (select from person);
end $$;
revoke all on function is_anything_left from public;

-- As it was, but only of what was begun by what the log says; and asked once more just before the keys are destroyed, for
-- what has come since.
create or replace function remove_of_ending(p_order uuid, p_most integer, p_at timestamptz) returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    wanted authority_ending;
    hinders text;
    counts jsonb := '{}';
    said boolean;
begin
    select * into wanted from authority_ending e where e.id = p_order and e.state in ('released', 'removed') for update;
    if wanted.id is null or ending_due(wanted) is null or clock_timestamp() < ending_due(wanted)
       or not ledger.is_step_done('ending:' || p_order, 'ending.begun', false)
    then
        return jsonb_build_object('hindrance', 'undecided');
    end if;
    lock table legal_hold in share mode;
    hinders := ending_hindrance();
    if hinders = '' then
        counts := delete_of_everybody(p_most);
    elsif hinders = wanted.hindrance then
        return jsonb_build_object('hindrance', hinders);
    end if;
    if (wanted.state, wanted.hindrance, hinders, counts) = ('removed', '', '', '{}') then
        said := ledger.is_step_done('ending:' || p_order, 'ending.removed', true);
        if said then
            return jsonb_build_object('left', false);
        end if;
    end if;
    update authority_ending
    set hindrance = hinders, state = case when hinders = '' and counts = '{}' then 'removed' else state end,
        removed_at = case when hinders = '' and counts = '{}' then coalesce(removed_at, p_at) else removed_at end,
        removed = removed || case when counts = '{}' then '{}' else jsonb_build_object(
            counts ->> 'table',
            (counts ->> 'rows')::bigint + coalesce((wanted.removed ->> (counts ->> 'table'))::bigint, 0)) end
    where id = p_order;
    perform enter_erasure(p_at, 'ending.removed', 'scheduler', 'ending:' || p_order,
                          jsonb_build_object('hindrance', hinders) || counts);
    return case when hinders <> '' then jsonb_build_object('hindrance', hinders)
                else jsonb_build_object('left', counts <> '{}') end;
end $$;
revoke all on function remove_of_ending from public;

-- As it was, but only when everything was deleted, and is.
create or replace function complete_ending(p_order uuid, p_destroyed jsonb, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    entered bigint;
begin
    perform from authority_ending e
    where e.id = p_order and e.state = 'removed' and e.hindrance = '' and clock_timestamp() >= ending_due(e)
      and ledger.is_step_done('ending:' || p_order, 'ending.begun', false)
      and ledger.is_step_done('ending:' || p_order, 'ending.removed', true)
    for update;
    if not found or is_anything_left() then
        raise exception 'nothing is to be completed' using errcode = 'no_data_found';
    end if;
    entered := enter_erasure(p_at, 'ending.completed', 'scheduler', 'ending:' || p_order,
                             (select coalesce(jsonb_object_agg(d.key, d.value), '{}') from jsonb_each(p_destroyed) d
                              where d.key in ('key_destroyed', 'key_new', 'root_destroyed', 'root_new', 'generation',
                                              'rewrapped', 'subjects', 'keys_handed_out', 'values_read_before',
                                              'values_tried', 'values_opened')
                                and jsonb_typeof(d.value) in ('number', 'null')));
    update authority_ending
    set state = 'erased', erased_at = p_at, destroyed = p_destroyed, entry = entered
    where id = p_order;
    return entered;
end $$;
revoke all on function complete_ending from public;
