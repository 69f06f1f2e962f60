-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Which settings the installation was last started with, and tables whose every change is in the ledger.

-- By name, the SHA-256 of the value: enough to tell that it changed.
create table settings_record (
    name        text primary key check (length(name) between 1 and 100),
    digest      text not null check (digest ~ '^[0-9a-f]{64}$'),
    recorded_at timestamptz not null
);

do $$
declare
    guarded record;
begin
    for guarded in
        select * from (values ('account', 'id'), ('role_grant', 'account_id'), ('session', 'id'), ('authority', 'id'),
                              ('device_entry', 'device_id'), ('class_override', 'id'), ('installation', 'mode'),
                              ('settings_record', 'name')) as g (name, identifier)
    loop
        execute format('create constraint trigger entered after insert or update or delete on %I deferrable initially '
                       'deferred for each row execute function enter_change_by_hand(%L)', guarded.name,
                       guarded.identifier);
        execute format('create trigger emptying_entered after truncate on %I for each statement '
                       'execute function enter_change_by_hand(%L)', guarded.name, guarded.identifier);
    end loop;
end $$;
