-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The end of a contract is certified as a person's erasure is (0013): when it was tried to read the newest restored backup,
-- or when it is known that there is none to try; and why an approved order is not carried out stands with the order.

alter table authority_ending
    -- How that went: counts, and which set it was.
    add column attempted jsonb not null default '{}',
    -- The number of the entry about it.
    add column attempt_entry bigint,
    drop constraint authority_ending_hindrance_check,
    -- `officers`: one of the two who decided may not any more. `readable`: something could be opened afterwards.
    add constraint authority_ending_hindrance_check
        check (hindrance in ('', 'open_alarm', 'legal_hold', 'officers', 'readable'));

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('authority_ending', 'update', 'ending.attempted', 'object', 'ending');

alter table ledger.inbox add constraint attempts_of_endings_are_the_schedulers
    check (event <> 'ending.attempted' or written_by ~ '_scheduler$');

set role vaka_owner;

drop function list_endings();
create function list_endings() returns table (
    id uuid, decision text, export_digest text, no_export text, ordered_by uuid, ordered_at timestamptz, state text,
    hindrance text, decided_by uuid, decided_at timestamptz, wait_days integer, released_at timestamptz,
    removed_at timestamptz, erased_at timestamptz, removed jsonb, destroyed jsonb, entry bigint, attempted jsonb,
    attempt_entry bigint, due timestamptz
)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.id, e.decision, e.export_digest, e.no_export, e.ordered_by, e.ordered_at, e.state, e.hindrance, e.decided_by,
           e.decided_at, e.wait_days, e.released_at, e.removed_at, e.erased_at, e.removed, e.destroyed, e.entry,
           e.attempted, e.attempt_entry, case when e.wait_days is not null then ending_due(e) end
    from authority_ending e
    order by e.ordered_at desc, e.id desc
$$;
revoke all on function list_endings from public;

-- Says why nothing happens to an order that was approved; once, however often it is found. What goes on clears it.
create function hinder_ending(p_order uuid, p_hindrance text, p_at timestamptz) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    stands text;
begin
    update authority_ending set hindrance = p_hindrance
    where id = p_order and state in ('approved', 'released', 'removed') and p_hindrance = 'officers'
      and hindrance <> p_hindrance
    returning state into stands;
    if stands = 'approved' then
        perform enter_erasure(p_at, 'ending.begun', 'scheduler', 'ending:' || p_order,
                              jsonb_build_object('hindrance', p_hindrance));
    elsif found then
        perform enter_erasure(p_at, 'ending.removed', 'scheduler', 'ending:' || p_order,
                              jsonb_build_object('hindrance', p_hindrance));
    end if;
end $$;
revoke all on function hinder_ending from public;

-- Says how it went to read people and the authority itself in a restored backup; returns the number of the entry. Where
-- anything could be opened, the order is not certified, and it is tried again.
create function enter_ending_attempt(p_order uuid, p_outcome jsonb, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    readable boolean := (p_outcome ->> 'opened')::bigint > 0;
    entered bigint;
begin
    perform from authority_ending e
    where e.id = p_order and e.state = 'erased' and (e.attempt_entry is null or e.hindrance = 'readable') for update;
    if not found then
        raise exception 'nothing was to be tried' using errcode = 'no_data_found';
    end if;
    entered := ledger.append(
        p_at, 'ending.attempted', 'scheduler', 'ending:' || p_order,
        case when readable then 'failure' else 'success' end,
        (select coalesce(jsonb_object_agg(d.key, d.value), '{}') from jsonb_each(p_outcome) d
         where d.key in ('backup', 'set', 'made', 'opened', 'people_tried', 'people_there', 'keys_handed_out',
                         'copies_tried', 'copies_opened', 'values_tried', 'values_opened', 'letters_tried',
                         'letters_opened')
           and jsonb_typeof(d.value) in ('number', 'string')));
    update authority_ending
    set attempted = p_outcome, attempt_entry = entered, hindrance = case when readable then 'readable' else '' end
    where id = p_order;
    return entered;
end $$;
revoke all on function enter_ending_attempt from public;

-- Keeps what proves it, written once; not before it was tried, and not where anything could be opened.
create or replace function certify_ending(
    p_order uuid, p_certificate bytea, p_signature bytea, p_key text, p_at timestamptz
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update authority_ending e
    set state = 'certified', certificate = p_certificate, signature = p_signature, public_key = p_key
    where e.id = p_order and e.state = 'erased' and e.attempt_entry is not null and e.hindrance = ''
      and ending_due(e) is not null;
    if not found then
        raise exception 'nothing is to be certified' using errcode = 'no_data_found';
    end if;
    return enter_erasure(p_at, 'ending.certified', 'scheduler', 'ending:' || p_order,
                         jsonb_build_object('sha256', encode(sha256(p_certificate), 'hex'),
                                            'key', encode(sha256(convert_to(p_key, 'UTF8')), 'hex')));
end $$;
revoke all on function certify_ending from public;
