-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The end of a contract, in the directory: an authority's devices are nobody's and unknown from then on, so that what they
-- send goes to the reception, where unknown senders are answered and seen; and the authority is closed. The scheduler may
-- do both by these functions, and nothing else to these tables.

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('authority', 'update', 'authority.closed', 'object', 'authority'),
    ('device_entry', 'delete', 'authority.released', 'nothing', ''),
    ('class_override', 'delete', 'authority.released', 'nothing', '');

alter table ledger.inbox add constraint ends_are_the_schedulers
    check (event not in ('authority.released', 'authority.closed') or written_by ~ '_scheduler$');

set role vaka_owner;

create function release_authority(p_authority uuid, p_order uuid, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    devices bigint;
    rules bigint;
begin
    delete from device_entry d where d.authority_id = p_authority;
    get diagnostics devices = row_count;
    delete from class_override c where c.authority_id = p_authority;
    get diagnostics rules = row_count;
    if devices + rules > 0 then
        perform ledger.append(p_at, 'authority.released', 'scheduler', 'authority:' || p_authority, 'success',
                              jsonb_build_object('order', p_order, 'devices', devices, 'class_rules', rules));
    end if;
    return devices;
end $$;
revoke all on function release_authority from public;

create function close_authority(p_authority uuid, p_order uuid, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update authority a set state = 'closed' where a.id = p_authority and a.state = 'active' and a.kind = 'authority';
    if found then
        perform ledger.append(p_at, 'authority.closed', 'scheduler', 'authority:' || p_authority, 'success',
                              jsonb_build_object('order', p_order));
        return true;
    end if;
    return false;
end $$;
revoke all on function close_authority from public;
