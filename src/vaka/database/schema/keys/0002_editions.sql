-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Which edition of what is written about a person, or of what a device calls itself, is the one that counts. It is bound
-- to every sealed value: what stood in the same place before belongs to an earlier edition, and opens no more. What was
-- never written anew is the first, number 0, and has no row here.
--
-- `issued` is the newest that somebody may write, `settled` the newest that is known to be written. They differ while a
-- change is under way, and where one was broken off; then each of them counts. The identifiers are random.
create table edition (
    authority_id uuid not null,
    object_id uuid not null,
    issued integer not null check (issued >= 1),
    settled integer not null check (settled between 0 and issued),
    -- Counted up by every change of any row: whoever knows all rows up to a turn asks for those that came after.
    turn bigint not null unique,
    primary key (authority_id, object_id)
);

-- What devices call themselves is blind under a key of the installation; nothing was ever looked up under these.
delete from lookup_key where purpose = 'device';
update key_register set destroyed_at = now() where kind = 'lookup' and purpose = 'device' and destroyed_at is null;
alter table lookup_key
    drop constraint lookup_key_purpose_check,
    add constraint lookup_key_purpose_check check (purpose in ('personal_number', 'phone'));
