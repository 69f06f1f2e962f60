-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- An erasure is certified when it was tried to read the person in the newest restored backup, or when it is known that
-- there is none to try; and why an approved order is not carried out stands with the order.

alter table erasure_order
    -- How that went: counts, and which set it was.
    add column attempted jsonb not null default '{}',
    -- The number of the entry about it.
    add column attempt_entry bigint,
    drop constraint erasure_order_hindrance_check,
    -- `officers`: one of the two who decided may not any more. `readable`: something could be opened afterwards.
    add constraint erasure_order_hindrance_check
        check (hindrance in ('', 'open_alarm', 'legal_hold', 'officers', 'readable'));

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('erasure_order', 'update', 'erasure.attempted', 'object', 'erasure');

-- A set that is restored later is tried by hand, as setup.
alter table ledger.inbox add constraint attempts_are_the_schedulers_or_setups
    check (event <> 'erasure.attempted' or written_by ~ '_(scheduler|setup)$');

set role vaka_owner;

-- Says why nothing happens to an approved order; once, however often it is found.
create function hinder_erasure(p_order uuid, p_hindrance text, p_at timestamptz) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    whose uuid;
begin
    update erasure_order set hindrance = p_hindrance
    where id = p_order and state = 'approved' and p_hindrance = 'officers' and hindrance <> p_hindrance
    returning person_id into whose;
    if found then
        perform enter_erasure(p_at, 'erasure.begun', 'scheduler', 'erasure:' || p_order,
                              jsonb_build_object('person', whose, 'hindrance', p_hindrance));
    end if;
end $$;
revoke all on function hinder_erasure from public;

-- Says how it went to read the person in a restored backup; returns the number of the entry. Where anything could be
-- opened, the order is not certified, and it is tried again.
create function enter_erasure_attempt(p_order uuid, p_outcome jsonb, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    wanted erasure_order;
    readable boolean := (p_outcome ->> 'opened')::bigint > 0;
    entered bigint;
begin
    select * into wanted from erasure_order o
    where o.id = p_order and o.state = 'erased' and (o.attempt_entry is null or o.hindrance = 'readable') for update;
    if wanted.id is null then
        raise exception 'nothing was to be tried' using errcode = 'no_data_found';
    end if;
    entered := ledger.append(
        p_at, 'erasure.attempted', 'scheduler', 'erasure:' || p_order,
        case when readable then 'failure' else 'success' end,
        jsonb_build_object('person', wanted.person_id) || (
            select coalesce(jsonb_object_agg(d.key, d.value), '{}') from jsonb_each(p_outcome) d
            where d.key in ('backup', 'set', 'made', 'opened', 'keys_handed_out', 'copies_tried', 'copies_opened',
                            'values_tried', 'values_opened', 'letters_tried', 'letters_opened')
              and jsonb_typeof(d.value) in ('number', 'string')));
    update erasure_order
    set attempted = p_outcome, attempt_entry = entered, hindrance = case when readable then 'readable' else '' end
    where id = p_order;
    return entered;
end $$;
revoke all on function enter_erasure_attempt from public;

-- Keeps what proves it, written once; not before it was tried, and not where anything could be opened.
create or replace function certify_erasure(
    p_order uuid, p_certificate bytea, p_signature bytea, p_key text, p_at timestamptz
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update erasure_order o
    set state = 'certified', certificate = p_certificate, signature = p_signature, public_key = p_key
    where o.id = p_order and o.state = 'erased' and o.attempt_entry is not null and o.hindrance = ''
      and ledger.is_erasure_decided(o.id, o.person_id, o.decision, o.ordered_by, o.decided_by);
    if not found then
        raise exception 'nothing is to be certified' using errcode = 'no_data_found';
    end if;
    return enter_erasure(p_at, 'erasure.certified', 'scheduler', 'erasure:' || p_order,
                         jsonb_build_object('sha256', encode(sha256(p_certificate), 'hex'),
                                            'key', encode(sha256(convert_to(p_key, 'UTF8')), 'hex')));
end $$;
revoke all on function certify_erasure from public;
