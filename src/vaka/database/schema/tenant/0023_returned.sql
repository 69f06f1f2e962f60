-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Who was erased and is here again, after a restored backup, and what hinders that he goes: an alarm somebody is at, or a
-- legal hold, which the backup may have brought back with him. It stands here, since the order may not: that backup can be
-- older than the order. And a certificate rests on the order's own entries.

create table returned (
    order_id   uuid        not null,
    -- The person; of a whole authority, the order again.
    subject_id uuid        not null,
    hindrance  text        not null check (hindrance in ('open_alarm', 'legal_hold')),
    found_at   timestamptz not null,
    primary key (order_id, subject_id)
);

-- Enters that somebody cannot go yet, once for each reason; nothing hinders where it is empty.
create function note_returned(p_kind text, p_order uuid, p_subject uuid, p_hindrance text, p_at timestamptz) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if p_hindrance = '' then
        delete from returned where order_id = p_order and subject_id = p_subject;
        return;
    end if;
    insert into returned as r (order_id, subject_id, hindrance, found_at)
    values (p_order, p_subject, p_hindrance, p_at)
    on conflict (order_id, subject_id) do update set hindrance = excluded.hindrance
        where r.hindrance <> excluded.hindrance;
    if found then
        perform ledger.append(p_at, p_kind || '.returned', 'scheduler', p_kind || ':' || p_order, 'failure',
                              jsonb_strip_nulls(jsonb_build_object(
                                  'person', nullif(p_subject, p_order), 'hindrance', p_hindrance)));
    end if;
end $$;
revoke all on function note_returned from public;

-- As it was, but what hinders is told of.
create or replace function remove_erased_again(p_person uuid, p_order uuid, p_at timestamptz) returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hinders text := '';
    counts jsonb;
begin
    lock table legal_hold in share mode;
    if exists (select from legal_hold h where h.person_id = p_person) then
        hinders := 'legal_hold';
    elsif is_helped(p_person) then
        hinders := 'open_alarm';
    end if;
    perform note_returned('erasure', p_order, p_person, hinders, p_at);
    if hinders <> '' then
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

create or replace function remove_ended_again(p_order uuid, p_ended_at timestamptz, p_most integer, p_at timestamptz)
    returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hinders text := '';
    counts jsonb;
begin
    lock table legal_hold in share mode;
    if exists (select from legal_hold) then
        hinders := 'legal_hold';
    elsif exists (select from alarm a where a.state not in ('merged', 'closed') and a.latest_at > p_ended_at) then
        hinders := 'open_alarm';
    end if;
    perform note_returned('ending', p_order, p_order, case when is_anything_left() then hinders else '' end, p_at);
    if hinders <> '' then
        return jsonb_build_object('hindrance', hinders);
    end if;
    counts := delete_of_everybody(p_most);
    if counts <> '{}' then
        perform enter_erasure(p_at, 'ending.removed', 'scheduler', 'ending:' || p_order,
                              jsonb_build_object('again', true) || counts);
    end if;
    return counts;
end $$;
revoke all on function remove_ended_again from public;

set role vaka_ledger;

alter table ledger.inbox
    add constraint returns_are_the_schedulers
        check (event not in ('erasure.returned', 'ending.returned') or written_by ~ '_scheduler$'),
    -- A set that is restored later is tried by hand, as setup.
    drop constraint attempts_of_endings_are_the_schedulers,
    add constraint attempts_of_endings_are_the_schedulers_or_setups
        check (event <> 'ending.attempted' or written_by ~ '_(scheduler|setup)$');

-- Whether the entry of this number is one of an order, sealed and signed, and the scheduler's: what an order's row says of
-- its entries, anybody who may write there can say.
create function ledger.is_entry_of(p_object text, p_event text, p_entry bigint) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select exists (
        select from log_entry e cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) l
        where e.id = p_entry and e.index < (select max(c.size) from checkpoint c)
          and l.leaf ->> 'id' = p_entry::text and l.leaf ->> 'object' = p_object and l.leaf ->> 'event' = p_event
          and l.leaf ->> 'outcome' = 'success' and l.leaf ->> 'written_by' ~ '_scheduler$')
$$;
revoke all on function ledger.is_entry_of from public;

set role vaka_owner;

-- As it was, but the entries that it names are there, and the order's own.
create or replace function certify_erasure(
    p_order uuid, p_certificate bytea, p_signature bytea, p_key text, p_at timestamptz
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update erasure_order o
    set state = 'certified', certificate = p_certificate, signature = p_signature, public_key = p_key
    where o.id = p_order and o.state = 'erased' and o.hindrance = ''
      and ledger.is_erasure_decided(o.id, o.person_id, o.decision, o.ordered_by, o.decided_by)
      and ledger.is_entry_of('erasure:' || p_order, 'erasure.completed', o.entry)
      and ledger.is_entry_of('erasure:' || p_order, 'erasure.attempted', o.attempt_entry);
    if not found then
        raise exception 'nothing is to be certified' using errcode = 'no_data_found';
    end if;
    return enter_erasure(p_at, 'erasure.certified', 'scheduler', 'erasure:' || p_order,
                         jsonb_build_object('sha256', encode(sha256(p_certificate), 'hex'),
                                            'key', encode(sha256(convert_to(p_key, 'UTF8')), 'hex')));
end $$;
revoke all on function certify_erasure from public;

create or replace function certify_ending(
    p_order uuid, p_certificate bytea, p_signature bytea, p_key text, p_at timestamptz
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update authority_ending e
    set state = 'certified', certificate = p_certificate, signature = p_signature, public_key = p_key
    where e.id = p_order and e.state = 'erased' and e.hindrance = '' and ending_due(e) is not null
      and ledger.is_entry_of('ending:' || p_order, 'ending.completed', e.entry)
      and ledger.is_entry_of('ending:' || p_order, 'ending.attempted', e.attempt_entry);
    if not found then
        raise exception 'nothing is to be certified' using errcode = 'no_data_found';
    end if;
    return enter_erasure(p_at, 'ending.certified', 'scheduler', 'ending:' || p_order,
                         jsonb_build_object('sha256', encode(sha256(p_certificate), 'hex'),
                                            'key', encode(sha256(convert_to(p_key, 'UTF8')), 'hex')));
end $$;
revoke all on function certify_ending from public;
