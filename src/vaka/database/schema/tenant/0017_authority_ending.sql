-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The end of a contract: an authority orders that everything about everybody is erased (terms 6 and 31). Ordered by one of
-- its records officers by a decision, approved by another, carried out by the scheduler after a waiting time in which
-- either may stop it. As for a person (0009), every step is a function that changes the order and writes its entry.
--
-- What decides is the log: who ordered, who approved, for how many days it waits, and which export was taken out before.
-- The waiting time counts by the database's own clock from when the approval was written, whatever anybody says of it.

create table authority_ending (
    id         uuid primary key,
    -- The number of the decision it rests on, in the authority's own records.
    decision   text        not null check (decision ~ '\S' and length(decision) <= 100),
    -- SHA-256 of the export that was taken out before, or why none is wanted.
    export_digest text     check (export_digest ~ '^[0-9a-f]{64}$'),
    no_export  text        check (no_export ~ '\S' and length(no_export) <= 200),
    ordered_by uuid        not null,
    ordered_at timestamptz not null,
    state      text        not null default 'ordered'
               check (state in ('ordered', 'approved', 'declined', 'withdrawn', 'cancelled', 'released', 'removed',
                                'erased', 'certified')),
    hindrance  text        not null default '' check (hindrance in ('', 'open_alarm', 'legal_hold')),
    decided_by uuid,
    decided_at timestamptz,
    -- How many days it waits after the approval.
    wait_days  integer     check (wait_days between 1 and 90),
    -- When devices were let go, when everything was deleted, when the keys were destroyed.
    released_at timestamptz,
    removed_at timestamptz,
    erased_at  timestamptz,
    removed    jsonb       not null default '{}',
    destroyed  jsonb       not null default '{}',
    entry      bigint,
    certificate bytea check (length(certificate) <= 65536),
    signature   bytea check (length(signature) = 64),
    public_key  text check (length(public_key) < 1000),
    check ((export_digest is null) <> (no_export is null)),
    check ((state = 'ordered') = (decided_by is null)),
    check ((decided_by is null) = (decided_at is null)),
    check ((wait_days is null) = (state in ('ordered', 'declined', 'withdrawn'))),
    -- Four eyes: who ordered it may take it back, and decide nothing else.
    check (state not in ('ordered', 'withdrawn') or decided_by is null or decided_by = ordered_by),
    check (state in ('ordered', 'withdrawn') or decided_by <> ordered_by),
    check ((state in ('released', 'removed', 'erased', 'certified')) = (released_at is not null)),
    check ((state in ('removed', 'erased', 'certified')) = (removed_at is not null)),
    check ((state in ('erased', 'certified')) = (erased_at is not null and entry is not null)),
    check ((state = 'certified') = (certificate is not null and signature is not null and public_key is not null))
);
create unique index ending_under_way on authority_ending ((true))
    where state not in ('declined', 'withdrawn', 'cancelled');

create constraint trigger entered after insert or update or delete on authority_ending deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on authority_ending
    for each statement execute function enter_change_by_hand('id');

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('authority_ending', 'insert', 'ending.ordered', 'object', 'ending'),
    ('authority_ending', 'update', 'ending.decided', 'object', 'ending'),
    ('authority_ending', 'update', 'ending.begun', 'object', 'ending'),
    ('authority_ending', 'update', 'ending.removed', 'object', 'ending'),
    ('authority_ending', 'update', 'ending.completed', 'object', 'ending'),
    ('authority_ending', 'update', 'ending.certified', 'object', 'ending'),
    -- One entry tells of every row of a batch: thousands of people are not told of one by one.
    ('device', 'update', 'ending.begun', 'nothing', ''),
    ('device', 'delete', 'ending.removed', 'nothing', ''),
    ('person', 'delete', 'ending.removed', 'nothing', ''),
    ('contact', 'delete', 'ending.removed', 'nothing', ''),
    ('note', 'delete', 'ending.removed', 'nothing', '');

alter table ledger.inbox add constraint endings_are_the_authoritys
    check (event not in ('ending.ordered', 'ending.decided') or written_by ~ '_portal$'),
    add constraint ending_is_the_schedulers
    check (event not in ('ending.begun', 'ending.removed', 'ending.completed', 'ending.certified')
           or written_by ~ '_scheduler$');

-- From when the order may be carried out, as the authority's log says it, sealed and signed: this account ordered just this
-- by this decision, that one approved it, and nothing else was decided. Null where the log does not say so.
create function ledger.ending_due_at(
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

create function ending_due(wanted authority_ending) returns timestamptz
    language plpgsql stable set search_path = vaka, pg_temp as $$
begin
    return ledger.ending_due_at(wanted.id, wanted.decision, wanted.export_digest, wanted.ordered_by, wanted.decided_by,
                                wanted.wait_days);
end $$;
revoke all on function ending_due from public;

-- What forbids that everything is erased: somebody is being helped, or something must be kept.
create function ending_hindrance() returns text
    language sql stable set search_path = vaka, pg_temp as $$
    select case when exists (select from legal_hold) then 'legal_hold'
                when exists (select from alarm a where a.state not in ('merged', 'closed')) then 'open_alarm'
                else '' end
$$;
revoke all on function ending_hindrance from public;

create function require_no_ending_hindrance(p_digest text) returns void
    language plpgsql stable set search_path = vaka, pg_temp as $$
begin
    if ending_hindrance() = 'legal_hold' then
        raise exception 'a legal hold forbids it' using errcode = 'object_not_in_prerequisite_state';
    elsif ending_hindrance() = 'open_alarm' then
        raise exception 'an alarm is open' using errcode = 'object_in_use';
    elsif p_digest is not null and not exists (
        select from authority_export e
        where e.digest = p_digest and e.completed_at between clock_timestamp() - interval '30 days' and clock_timestamp())
    then
        raise exception 'no such export was taken out lately' using errcode = 'invalid_parameter_value';
    end if;
end $$;
revoke all on function require_no_ending_hindrance from public;

-- The authority's component alone calls the next two. Each returns the number of its entry.
create function order_ending(
    p_order uuid, p_decision text, p_digest text, p_no_export text, p_account uuid, p_at timestamptz
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    perform require_no_ending_hindrance(p_digest);
    insert into authority_ending (id, decision, export_digest, no_export, ordered_by, ordered_at)
    values (p_order, p_decision, p_digest, p_no_export, p_account, p_at);
    return enter_erasure(p_at, 'ending.ordered', 'account:' || p_account, 'ending:' || p_order,
                         jsonb_strip_nulls(jsonb_build_object('decision', p_decision, 'export', p_digest,
                                                              'reason', p_no_export)));
end $$;
revoke all on function order_ending from public;

create function decide_ending(p_order uuid, p_verdict text, p_account uuid, p_wait_days integer, p_at timestamptz)
    returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    wanted authority_ending;
begin
    if p_verdict not in ('approved', 'declined', 'withdrawn', 'cancelled') then
        raise exception 'there is no such verdict' using errcode = 'check_violation';
    end if;
    select * into wanted from authority_ending e
    where e.id = p_order and e.state = case p_verdict when 'cancelled' then 'approved' else 'ordered' end
    for update;
    if wanted.id is null then
        raise exception 'nothing is to be decided' using errcode = 'no_data_found';
    end if;
    if p_verdict = 'approved' then
        perform require_no_ending_hindrance(wanted.export_digest);
        update authority_ending
        set state = p_verdict, decided_by = p_account, decided_at = p_at, wait_days = p_wait_days where id = p_order;
    elsif p_verdict = 'cancelled' then
        update authority_ending set state = p_verdict where id = p_order;
    else
        update authority_ending set state = p_verdict, decided_by = p_account, decided_at = p_at where id = p_order;
    end if;
    return enter_erasure(p_at, 'ending.decided', 'account:' || p_account, 'ending:' || p_order,
                         jsonb_strip_nulls(jsonb_build_object(
                             'verdict', p_verdict, 'days', case p_verdict when 'approved' then p_wait_days end)));
end $$;
revoke all on function decide_ending from public;

-- The orders, and from when each may be carried out by what the log says.
create function list_endings() returns table (
    id uuid, decision text, export_digest text, no_export text, ordered_by uuid, ordered_at timestamptz, state text,
    hindrance text, decided_by uuid, decided_at timestamptz, wait_days integer, released_at timestamptz,
    removed_at timestamptz, erased_at timestamptz, removed jsonb, destroyed jsonb, entry bigint, due timestamptz
)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.id, e.decision, e.export_digest, e.no_export, e.ordered_by, e.ordered_at, e.state, e.hindrance, e.decided_by,
           e.decided_at, e.wait_days, e.released_at, e.removed_at, e.erased_at, e.removed, e.destroyed, e.entry,
           case when e.wait_days is not null then ending_due(e) end
    from authority_ending e
    order by e.ordered_at desc, e.id desc
$$;
revoke all on function list_endings from public;

-- The first step: nobody waits for these devices any more. Returns what hinders it, and nothing where it is done. A hold
-- that was placed after the approval cancels the order.
create function begin_ending(p_order uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    wanted authority_ending;
    hinders text;
    becomes text;
    gone bigint := 0;
begin
    select * into wanted from authority_ending e where e.id = p_order and e.state = 'approved' for update;
    if wanted.id is null or ending_due(wanted) is null then
        return 'undecided';
    elsif clock_timestamp() < ending_due(wanted) then
        return 'waiting';
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

-- Deletes up to so many rows, of the first table that has any, so that no call is long; returns of which, and how many, and
-- nothing when all is gone.
create function delete_of_everybody(p_most integer) returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    each_table text;
    gone bigint;
begin
    foreach each_table in array
        '{alarm_note,alarm_step,message,repeat_key,alarm,note,contact,device_state,device,person}'::text[]
    loop
        if each_table = 'alarm' then
            delete from alarm where id in (
                select a.id from alarm a where not exists (select from alarm b where b.merged_into = a.id) limit p_most);
        else
            execute format('delete from %1$I where ctid = any (array(select t.ctid from %1$I t limit $1))', each_table)
                using p_most;
        end if;
        get diagnostics gone = row_count;
        if gone > 0 then
            return jsonb_build_object('table', each_table, 'rows', gone);
        end if;
    end loop;
    return '{}';
end $$;
revoke all on function delete_of_everybody from public;

-- The second step, called until nothing is left: a batch. Returns {"hindrance": …}, or {"left": whether more is left}.
create function remove_of_ending(p_order uuid, p_most integer, p_at timestamptz) returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    wanted authority_ending;
    hinders text;
    counts jsonb := '{}';
begin
    select * into wanted from authority_ending e where e.id = p_order and e.state = 'released' for update;
    if wanted.id is null or ending_due(wanted) is null or clock_timestamp() < ending_due(wanted) then
        return jsonb_build_object('hindrance', 'undecided');
    end if;
    lock table legal_hold in share mode;
    hinders := ending_hindrance();
    if hinders = '' then
        counts := delete_of_everybody(p_most);
    elsif hinders = wanted.hindrance then
        return jsonb_build_object('hindrance', hinders);
    end if;
    update authority_ending
    set hindrance = hinders, state = case when hinders = '' and counts = '{}' then 'removed' else state end,
        removed_at = case when hinders = '' and counts = '{}' then p_at end,
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

-- The keys are destroyed; returns the number of the entry that says so.
create function complete_ending(p_order uuid, p_destroyed jsonb, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    entered bigint;
begin
    perform from authority_ending e where e.id = p_order and e.state = 'removed' for update;
    if not found then
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

create function certify_ending(
    p_order uuid, p_certificate bytea, p_signature bytea, p_key text, p_at timestamptz
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update authority_ending e
    set state = 'certified', certificate = p_certificate, signature = p_signature, public_key = p_key
    where e.id = p_order and e.state = 'erased' and ending_due(e) is not null;
    if not found then
        raise exception 'nothing is to be certified' using errcode = 'no_data_found';
    end if;
    return enter_erasure(p_at, 'ending.certified', 'scheduler', 'ending:' || p_order,
                         jsonb_build_object('sha256', encode(sha256(p_certificate), 'hex'),
                                            'key', encode(sha256(convert_to(p_key, 'UTF8')), 'hex')));
end $$;
revoke all on function certify_ending from public;

-- After a restored backup: everybody of an authority whose keys were destroyed is here again, unreadable, and goes, a batch
-- at a time. The keyholder knows by which order, and when: no alarm was open then, and so one of before is open only in the
-- backup, where no desk shows it. One of after that is a press, and helped first. Returns what hinders it, or what went.
create function remove_ended_again(p_order uuid, p_ended_at timestamptz, p_most integer, p_at timestamptz) returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    counts jsonb;
begin
    lock table legal_hold in share mode;
    if exists (select from legal_hold) then
        return jsonb_build_object('hindrance', 'legal_hold');
    elsif exists (select from alarm a where a.state not in ('merged', 'closed') and a.latest_at > p_ended_at) then
        return jsonb_build_object('hindrance', 'open_alarm');
    end if;
    counts := delete_of_everybody(p_most);
    if counts <> '{}' then
        perform enter_erasure(p_at, 'ending.removed', 'scheduler', 'ending:' || p_order,
                              jsonb_build_object('again', true) || counts);
    end if;
    return counts;
end $$;
revoke all on function remove_ended_again from public;
