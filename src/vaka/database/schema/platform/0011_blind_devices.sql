-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What a device calls itself may be somebody's telephone number. Here stands what an HMAC makes of it, under a key that
-- no database has (keys/identities.py): `~`, four characters that tell the key, and 24 of the sender.

do $$
begin
    if exists (select from device_entry) then
        raise exception 'this installation has devices whose numbers stand in clear, from an earlier version'
            using hint = 'Such a version was for demos only. Remove the data directory and begin anew.';
    end if;
end $$;

alter table device_entry
    drop constraint device_entry_sender_check,
    add constraint device_entry_sender_blind check (sender ~ '^~[A-Za-z0-9_-]{28}$'),
    add constraint device_entry_username_blind check (username ~ '^~[A-Za-z0-9_-]{28}$');
