-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- A person who is erased has no devices any more, for receivers either. The devices stay known: what they send must reach
-- an operator, and is written to the authority. The scheduler may let go by this function, and so give a device to nobody else.

create function release_devices(p_authority uuid, p_person uuid, p_order uuid, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    device uuid;
    count bigint := 0;
begin
    for device in
        update device_entry
        set person_id = null, address = null, changed_at = p_at
        where authority_id = p_authority and person_id = p_person
        returning device_id
    loop
        count := count + 1;
        perform ledger.append(p_at, 'device.changed', 'scheduler', 'device:' || device, 'success',
                              jsonb_build_object('authority', p_authority, 'order', p_order, 'fields', 'person'));
    end loop;
    return count;
end $$;
revoke all on function release_devices from public;
