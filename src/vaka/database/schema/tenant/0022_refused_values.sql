-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Sealed values that were refused though their key is at hand: changed, moved, or an old one put back. Whoever opens says
-- so, as often as he comes upon them; here stands which were told of, so that each has one entry.
create table refused_value (
    in_table text        not null,
    row_key  text        not null check (length(row_key) <= 100),
    -- SHA-256 of what stood there.
    digest   bytea       not null check (length(digest) = 32),
    told_at  timestamptz not null,
    primary key (in_table, row_key, digest)
);

-- Enters it, unless that was done, or something else stands there by now; returns whether it was entered. p_values is by
-- column what was read.
create function tell_refused(p_table text, p_row text, p_values jsonb, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    stands jsonb;
    thing text;
    columns text;
begin
    case p_table
        when 'person' then
            select to_jsonb(p), 'person:' || p.id into stands, thing from person p where p.id = p_row::uuid;
        when 'contact' then
            select to_jsonb(c), 'person:' || c.person_id into stands, thing from contact c
            where c.person_id = split_part(p_row, '/', 1)::uuid and c.position = split_part(p_row, '/', 2)::smallint;
        when 'note' then
            select to_jsonb(n), 'person:' || n.person_id into stands, thing from note n where n.id = p_row::uuid;
        when 'device' then
            select to_jsonb(d), 'device:' || d.id into stands, thing from device d where d.id = p_row::uuid;
        when 'message' then
            select to_jsonb(m), coalesce('alarm:' || m.alarm_id, 'message:' || m.id) into stands, thing
            from message m where m.id = p_row::uuid;
        when 'alarm_note' then
            select to_jsonb(n), 'alarm:' || n.alarm_id into stands, thing from alarm_note n where n.id = p_row::uuid;
    end case;
    select string_agg(v.key, ',' order by v.key) into columns
    from jsonb_each_text(p_values) v where stands ->> v.key = v.value;
    if columns is null then
        return false;
    end if;
    insert into refused_value (in_table, row_key, digest, told_at)
    values (p_table, p_row, sha256(convert_to(p_values::text, 'UTF8')), p_at)
    on conflict do nothing;
    if not found then
        return false;
    end if;
    perform ledger.append(p_at, 'value.refused', 'desk', thing, 'failure',
                          jsonb_build_object('table', p_table, 'fields', columns));
    return true;
end $$;
revoke all on function tell_refused from public;

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('person', 'update', 'person.changed', 'object', 'person'),
    ('contact', 'insert', 'person.changed', 'object', 'person'),
    ('contact', 'delete', 'person.changed', 'object', 'person'),
    ('note', 'insert', 'person.changed', 'object', 'person'),
    ('note', 'delete', 'person.changed', 'object', 'person');

reset role;
