-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- A hold that is placed while somebody is being erased waits until that is done, and looks only then whether there is
-- anybody to hold: nobody is told of a hold on who is gone.

create or replace function place_hold(person uuid, at timestamptz, actor text, why text) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    lock table legal_hold in row exclusive mode;
    if not exists (select from person p where p.id = person)
       and not exists (select from alarm a where a.person_id = person) then
        return 'unknown';
    end if;
    insert into legal_hold (person_id, placed_at, placed_by, reason) values (person, at, actor, why)
    on conflict do nothing;
    return case when found then 'placed' else 'held' end;
end $$;
revoke all on function place_hold from public;
