-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the directory holds that is an authority's own, for its export: its rules about classes, and by which method its
-- devices prove themselves. Never with what, and never what they call themselves: that stands in the authority's database.
-- A page: up to so many rows after a key.
create function read_directory(p_authority uuid, p_kind text, p_after text, p_most integer)
    returns table (key text, row_read jsonb)
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
begin
    if p_kind = 'device_entry' then
        return query
            select e.sender, jsonb_build_object(
                'device_id', e.device_id, 'authentication', e.authentication, 'exception_until', e.exception_until,
                'sender_may_differ', e.sender_may_differ, 'active', e.active)
            from device_entry e
            where e.authority_id = p_authority and e.sender > coalesce(p_after, '')
            order by e.sender limit p_most;
    elsif p_kind = 'class_override' then
        return query
            select o.id::text, to_jsonb(o) from class_override o
            where o.authority_id = p_authority and o.id > coalesce(p_after::bigint, 0)
            order by o.id limit p_most;
    else
        raise exception 'there is no such kind' using errcode = 'invalid_parameter_value';
    end if;
end $$;
revoke all on function read_directory from public;
