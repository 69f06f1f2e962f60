-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Which devices of an authority that are in use prove themselves by a secret somebody chose (term 16): by their
-- identifiers. How they prove it is nobody's to read but the receivers'.
create function list_digest_devices(p_authority uuid) returns table (device_id uuid)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.device_id from device_entry e
    where e.authority_id = p_authority and e.active and e.authentication = 'digest'
$$;
revoke all on function list_digest_devices from public;
