-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Term 30: devices in use that cannot encrypt, known by their network alone, whose exception is over or has no end. What they
-- send is not believed any more, and somebody still has them at home.
create function find_plain_devices(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.authority_id, 'over', count(*)
    from device_entry e
    where e.active and e.authentication = 'network' and coalesce(e.exception_until <= p_at, true)
    group by e.authority_id
$$;
revoke all on function find_plain_devices from public;
