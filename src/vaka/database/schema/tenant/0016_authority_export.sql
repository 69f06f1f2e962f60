-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Taking out everything an authority owns (docs/authority-export.md). The portal has no right to read these tables: it may
-- call a function that hands out a page of one of them, for an export that was entered in the log before, and only while
-- that export is young and not finished. Whoever has the portal's login therefore reads nothing without that entry.

create table authority_export (
    id           uuid primary key,
    account      uuid        not null,
    reason       text        not null check (reason ~ '\S' and length(reason) <= 200),
    -- By the database's own clock: it says how long pages are handed out.
    begun_at     timestamptz not null default clock_timestamp(),
    -- The last byte was taken.
    completed_at timestamptz,
    -- SHA-256 of the whole file, as it was sent.
    digest       text check (digest ~ '^[0-9a-f]{64}$'),
    size         bigint check (size > 0),
    -- How many rows stand in it, and in how many of them something could not be opened.
    row_count    bigint check (row_count >= 0),
    unopened     bigint check (unopened between 0 and row_count),
    check ((completed_at is null) = (digest is null)), check ((completed_at is null) = (size is null)),
    check ((completed_at is null) = (row_count is null)), check ((completed_at is null) = (unopened is null))
);
create index export_by_digest on authority_export (digest) where digest is not null;

create constraint trigger entered after insert or update or delete on authority_export deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on authority_export
    for each statement execute function enter_change_by_hand('id');

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('authority_export', 'insert', 'export.begun', 'object', 'export'),
    ('authority_export', 'update', 'export.completed', 'object', 'export');

alter table ledger.inbox add constraint exports_are_the_authoritys
    check (event not in ('export.begun', 'export.completed') or written_by ~ '_portal$');

set role vaka_owner;

-- Returns the number of its entry.
create function begin_export(p_export uuid, p_account uuid, p_reason text, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    insert into authority_export (id, account, reason) values (p_export, p_account, p_reason);
    return enter_erasure(p_at, 'export.begun', 'account:' || p_account, 'export:' || p_export,
                         jsonb_build_object('reason', p_reason));
end $$;
revoke all on function begin_export from public;

-- A page of a kind: up to so many rows after a key, in the order of their keys. What holds many rows is read in pages; the
-- authority's own lists are short and come whole.
create function read_export(p_export uuid, p_kind text, p_after text, p_most integer)
    returns table (key text, row_read jsonb)
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
#variable_conflict use_column
declare
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
begin
    if not exists (select from authority_export e
                   where e.id = p_export and e.completed_at is null
                     and e.begun_at between clock_timestamp() - interval '12 hours' and clock_timestamp())
    then
        raise exception 'no export is under way' using errcode = 'no_data_found';
    elsif p_kind in ('message', 'alarm_note', 'alarm', 'device', 'note', 'person') then
        return query execute format(
            'select t.id::text, to_jsonb(t) from %I t where t.id > $1 order by t.id limit $2', p_kind)
            using coalesce(p_after::uuid, nobody), p_most;
    elsif p_kind = 'alarm_step' then
        return query select t.id::text, to_jsonb(t) from alarm_step t
            where t.id > coalesce(p_after::bigint, 0) order by t.id limit p_most;
    elsif p_kind = 'device_state' then
        return query select t.device_id::text, to_jsonb(t) from device_state t
            where t.device_id > coalesce(p_after::uuid, nobody) order by t.device_id limit p_most;
    elsif p_kind = 'contact' then
        return query select t.person_id || '/' || t.position, to_jsonb(t) from contact t
            where (t.person_id, t.position) > (coalesce(split_part(p_after, '/', 1)::uuid, nobody),
                                               coalesce(split_part(p_after, '/', 2)::smallint, 0))
            order by t.person_id, t.position limit p_most;
    elsif p_kind in ('unit', 'unit_hours', 'policy', 'closing_code', 'removal_rules', 'legal_hold', 'erasure_order') then
        if p_after is null then
            return query execute format('select (row_number() over ())::text, to_jsonb(t) from %I t', p_kind);
        end if;
    else
        raise exception 'there is no such kind' using errcode = 'invalid_parameter_value';
    end if;
end $$;
revoke all on function read_export from public;

create function complete_export(
    p_export uuid, p_sha256 text, p_size bigint, p_rows bigint, p_unopened bigint, p_at timestamptz
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    who uuid;
begin
    update authority_export
    set completed_at = clock_timestamp(), digest = p_sha256, size = p_size, row_count = p_rows, unopened = p_unopened
    where id = p_export and completed_at is null
    returning account into who;
    if who is null then
        raise exception 'no export is under way' using errcode = 'no_data_found';
    end if;
    return enter_erasure(p_at, 'export.completed', 'account:' || who, 'export:' || p_export,
                         jsonb_build_object('sha256', p_sha256, 'bytes', p_size, 'rows', p_rows, 'unopened', p_unopened));
end $$;
revoke all on function complete_export from public;
