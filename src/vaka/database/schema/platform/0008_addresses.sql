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
