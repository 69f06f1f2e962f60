-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Where a receiver sends what a device says: to the address of the key of whom it is about or, where nobody is known, of
-- the authority's own. An address is no secret. Whoever changes one reads what is written from then on, which is told
-- like every change by hand, and seen: the letters do not open for those they are meant for.

do $$
begin
    if exists (select from authority) then
        raise exception 'this installation has authorities to which nothing can be written, from an earlier version'
            using hint = 'Such a version was for demos only. Remove the data directory and begin anew.';
    end if;
end $$;

alter table authority
    add column address bytea not null check (length(address) = 32);
alter table device_entry
    add column address bytea check (length(address) = 32),
    add constraint device_entry_addressed check ((person_id is null) = (address is null));

-- As in 0008; whoever has no devices any more is not written to by them.
create or replace function release_devices(p_authority uuid, p_person uuid, p_order uuid, p_at timestamptz)
    returns bigint
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
