-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Permanent erasure of a person (term 6): ordered by the authority with its decision's number, approved by a second of its
-- people, carried out by the scheduler, certified. Nothing here is personal: a person is a random identifier.
--
-- Every step is a function that changes the order and writes the entry of it, so that neither is without the other. Who
-- may order and who may approve is asked before, in vaka.access.erasure; here is what nobody can get around.

create table erasure_order (
    id         uuid primary key,
    person_id  uuid not null,
    -- The number of the decision it rests on, in the authority's own records.
    decision   text not null check (decision ~ '\S' and length(decision) <= 100),
    ordered_by uuid not null,
    ordered_at timestamptz not null,
    state      text not null default 'ordered'
               check (state in ('ordered', 'approved', 'declined', 'withdrawn', 'cancelled', 'removed', 'erased',
                                'certified')),
    -- Why an approved order is not carried out just now, or was cancelled.
    hindrance  text not null default '' check (hindrance in ('', 'open_alarm', 'legal_hold')),
    decided_by uuid,
    decided_at timestamptz,
    -- When the rows were first deleted; until when devices are known to whoever receives, more may come.
    removed_at timestamptz,
    erased_at  timestamptz,
    -- What was deleted, and what was destroyed: counts and versions.
    removed    jsonb not null default '{}',
    destroyed  jsonb not null default '{}',
    -- The number of the entry that it is done.
    entry      bigint,
    certificate bytea check (length(certificate) <= 65536),
    signature   bytea check (length(signature) = 64),
    -- The public half of the key it is signed with (PEM).
    public_key  text check (length(public_key) < 1000),
    check ((state = 'ordered') = (decided_by is null)),
    check ((decided_by is null) = (decided_at is null)),
    -- Four eyes: who ordered it may take it back, and decide nothing else.
    check (state not in ('ordered', 'withdrawn') or decided_by is null or decided_by = ordered_by),
    check (state in ('ordered', 'withdrawn') or decided_by <> ordered_by),
    check ((state in ('removed', 'erased', 'certified')) = (removed_at is not null)),
    check ((state in ('erased', 'certified')) = (erased_at is not null and entry is not null)),
    check ((state = 'certified') = (certificate is not null and signature is not null and public_key is not null))
);
create unique index erasure_under_way on erasure_order (person_id) where state in ('ordered', 'approved', 'removed');

create constraint trigger entered after insert or update or delete on erasure_order deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on erasure_order
    for each statement execute function enter_change_by_hand('id');

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('erasure_order', 'insert', 'erasure.ordered', 'object', 'erasure'),
    ('erasure_order', 'update', 'erasure.decided', 'object', 'erasure'),
    ('erasure_order', 'update', 'erasure.begun', 'object', 'erasure'),
    ('erasure_order', 'update', 'erasure.completed', 'object', 'erasure'),
    ('erasure_order', 'update', 'erasure.certified', 'object', 'erasure'),
    ('person', 'delete', 'person.removed', 'object', 'person'),
    ('contact', 'delete', 'person.removed', 'object', 'person'),
    ('note', 'delete', 'person.removed', 'object', 'person');

-- Only the component that does such a thing can say that it did.
alter table ledger.inbox add constraint orders_are_the_authoritys
    check (event not in ('erasure.ordered', 'erasure.decided') or written_by ~ '_portal$'),
    add constraint erasing_is_the_schedulers
    check (event not in ('person.removed', 'erasure.begun', 'erasure.completed', 'erasure.certified')
           or written_by ~ '_scheduler$');

-- Whether the authority's log says, sealed and signed, that this account ordered it by this decision and that one approved
-- it, and nothing else of the order. A row that was put into the table, or changed there, erases nobody.
create function ledger.is_erasure_decided(
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
    select count(*) = 2 and p_ordered_by <> p_decided_by
       and count(*) filter (where event = 'erasure.ordered' and actor = 'account:' || p_ordered_by
                                  and detail ->> 'decision' = p_decision) = 1
       and count(*) filter (where event = 'erasure.decided' and actor = 'account:' || p_decided_by
                                  and detail ->> 'verdict' = 'approved') = 1
    from decided
$$;
revoke all on function ledger.is_erasure_decided from public;

set role vaka_owner;

-- What a step writes.
create function enter_erasure(p_at timestamptz, p_event text, p_actor text, p_object text, p_detail jsonb)
    returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    return ledger.append(p_at, p_event, p_actor, p_object, 'success', p_detail);
end $$;
revoke all on function enter_erasure from public;

-- The authority's component alone calls the next two. Each returns the number of its entry.
create function order_erasure(p_order uuid, p_person uuid, p_decision text, p_account uuid, p_at timestamptz)
    returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not exists (select from person p where p.id = p_person) then
        raise exception 'no such person' using errcode = 'no_data_found';
    end if;
    if exists (select from legal_hold h where h.person_id = p_person) then
        raise exception 'a legal hold forbids it' using errcode = 'object_not_in_prerequisite_state';
    end if;
    insert into erasure_order (id, person_id, decision, ordered_by, ordered_at)
    values (p_order, p_person, p_decision, p_account, p_at);
    return enter_erasure(p_at, 'erasure.ordered', 'account:' || p_account, 'erasure:' || p_order,
                         jsonb_build_object('person', p_person, 'decision', p_decision));
end $$;
revoke all on function order_erasure from public;

create function decide_erasure(p_order uuid, p_verdict text, p_account uuid, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    whose uuid;
begin
    if p_verdict not in ('approved', 'declined', 'withdrawn', 'cancelled') then
        raise exception 'there is no such verdict' using errcode = 'check_violation';
    end if;
    if p_verdict = 'cancelled' then
        update erasure_order set state = p_verdict
        where id = p_order and state = 'approved'
        returning person_id into whose;
    else
        update erasure_order
        set state = p_verdict, decided_by = p_account, decided_at = p_at
        where id = p_order and state = 'ordered'
        returning person_id into whose;
    end if;
    if whose is null then
        raise exception 'nothing is to be decided' using errcode = 'no_data_found';
    end if;
    if p_verdict = 'approved' and exists (select from legal_hold h where h.person_id = whose) then
        raise exception 'a legal hold forbids it' using errcode = 'object_not_in_prerequisite_state';
    end if;
    return enter_erasure(p_at, 'erasure.decided', 'account:' || p_account, 'erasure:' || p_order,
                         jsonb_build_object('person', whose, 'verdict', p_verdict));
end $$;
revoke all on function decide_erasure from public;

-- Who has a legal hold on him stays, whoever says otherwise.
create function keep_held() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if exists (select from legal_hold h where h.person_id = (to_jsonb(old) ->> tg_argv[0])::uuid) then
        raise exception 'a legal hold forbids it' using errcode = 'object_not_in_prerequisite_state';
    end if;
    return old;
end $$;
revoke all on function keep_held from public;
create trigger held_stays before delete on person for each row execute function keep_held('id');
create trigger held_stays before delete on alarm for each row execute function keep_held('person_id');

-- A reference whose message was deleted is nobody's work any more: a press that comes with it is a new one.
create or replace function alarm_rests(message_id uuid) returns boolean
    language plpgsql set search_path = vaka, pg_temp as $$
declare
    wanted  uuid := (select m.alarm_id from message m where m.id = message_id and m.effect = 'raise');
    at_hand alarm%rowtype;
begin
    if not exists (select from message m where m.id = message_id) then
        return true;
    end if;
    loop
        select * into at_hand from alarm a where a.id = wanted;
        exit when at_hand.state is distinct from 'merged';
        wanted := at_hand.merged_into;
    end loop;
    return coalesce(at_hand.state in ('withdrawn', 'closed', 'suspended', 'handed_over'), false);
end $$;

-- Whether somebody may be at an alarm of this person's, or at one that an alarm of this person's was made part of.
create function is_helped(p_person uuid) returns boolean
    language sql stable set search_path = vaka, pg_temp as $$
    with recursive up as (
        select a.id, a.state, a.merged_into from alarm a where a.person_id = p_person
        union
        select b.id, b.state, b.merged_into from up join alarm b on b.id = up.merged_into
    )
    select exists (select from up where state not in ('merged', 'closed'))
$$;
revoke all on function is_helped from public;

create index message_of_device on message (device_id) where alarm_id is null;

-- Deletes everything about one person, and returns how many rows of what. An alarm of somebody else that was made part of
-- one of these stays, ended; one that was raised a moment ago stays, open, and goes when it has ended.
--
-- A message says whose it is (0010). What a device said while it was this person's goes, also where the device is somebody
-- else's by now; what it said while it was somebody else's stays. What was written to nobody in the register goes with the
-- device.
create function delete_person(p_person uuid) returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    counts jsonb := '{}';
    alarms uuid[];
    devices uuid[];
    gone bigint;
    more bigint;
begin
    select coalesce(array_agg(a.id), '{}') into alarms
    from alarm a where a.person_id = p_person and a.state in ('merged', 'closed');
    select coalesce(array_agg(d.id), '{}') into devices from device d where d.person_id = p_person;
    delete from alarm_note n
    where n.alarm_id = any (alarms)
       or (n.subject_id = p_person and n.alarm_id in (select a.id from alarm a where a.state in ('merged', 'closed')));
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('alarm_note', gone);
    delete from alarm_step s where s.alarm_id = any (alarms);
    delete from message m where m.alarm_id = any (alarms);
    get diagnostics gone = row_count;
    delete from message m where m.alarm_id is null and m.subject_id = p_person;
    get diagnostics more = row_count;
    gone := gone + more;
    delete from message m
    where m.alarm_id is null and m.device_id = any (devices)
      and not exists (select from person p where p.id = m.subject_id);
    get diagnostics more = row_count;
    counts := counts || jsonb_build_object('message', gone + more);
    update alarm set state = 'closed', merged_into = null
    where merged_into = any (alarms) and person_id is distinct from p_person;
    update alarm set merged_into = null, state = 'closed' where id = any (alarms) and merged_into is not null;
    delete from alarm a where a.id = any (alarms);
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('alarm', gone);
    delete from contact c where c.person_id = p_person;
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('contact', gone);
    delete from note n where n.person_id = p_person;
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('note', gone);
    -- A device stays: it may still hang in somebody's home, and what it sends must reach an operator.
    update device set person_id = null, placed = '' where id = any (devices);
    delete from person p where p.id = p_person;
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('person', gone, 'device', cardinality(devices));
    perform enter_erasure(clock_timestamp(), 'device.changed', 'scheduler', 'device:' || d.id,
                          jsonb_build_object('fields', 'person,placed'))
    from unnest(devices) as d (id);
    return counts;
end $$;
revoke all on function delete_person from public;

-- Deletes the person of an order that the log proves, and again what has come since; returns what hinders it, or how
-- many rows went this time. Nobody who is being helped just now is erased. A hold that was placed after the approval
-- cancels the order: when it is lifted one day, somebody has to decide anew.
create function begin_erasure(p_order uuid, p_at timestamptz) returns jsonb
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

-- The keys are destroyed; returns the number of the entry that says so.
create function complete_erasure(p_order uuid, p_destroyed jsonb, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    whose uuid;
    entered bigint;
begin
    select o.person_id into whose from erasure_order o where o.id = p_order and o.state = 'removed' for update;
    if whose is null then
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

-- Keeps what proves it, written once.
create function certify_erasure(
    p_order uuid, p_certificate bytea, p_signature bytea, p_key text, p_at timestamptz
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update erasure_order o
    set state = 'certified', certificate = p_certificate, signature = p_signature, public_key = p_key
    where o.id = p_order and o.state = 'erased'
      and ledger.is_erasure_decided(o.id, o.person_id, o.decision, o.ordered_by, o.decided_by);
    if not found then
        raise exception 'nothing is to be certified' using errcode = 'no_data_found';
    end if;
    return enter_erasure(p_at, 'erasure.certified', 'scheduler', 'erasure:' || p_order,
                         jsonb_build_object('sha256', encode(sha256(p_certificate), 'hex'),
                                            'key', encode(sha256(convert_to(p_key, 'UTF8')), 'hex')));
end $$;
revoke all on function certify_erasure from public;

-- After a restored backup: a person whose keys were destroyed is in the register again, or in alarms, unreadable for
-- everybody, and goes as soon as nobody helps. The keyholder, whose memory no backup of this database brings back, knows
-- by which order. Returns how many rows went; nothing where it has to wait.
create function remove_erased_again(p_person uuid, p_order uuid, p_at timestamptz) returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    counts jsonb;
begin
    lock table legal_hold in share mode;
    if is_helped(p_person) or exists (select from legal_hold h where h.person_id = p_person) then
        return '{}';
    end if;
    counts := delete_person(p_person);
    if not exists (select from jsonb_each_text(counts) c where c.value <> '0') then
        return '{}';
    end if;
    perform enter_erasure(p_at, 'person.removed', 'scheduler', 'person:' || p_person,
                          jsonb_build_object('order', p_order, 'again', true) || counts);
    return counts;
end $$;
revoke all on function remove_erased_again from public;
