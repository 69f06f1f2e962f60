-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Legal holds: of whom nothing is removed or erased while the row stands, whatever rule or order says otherwise. A hold
-- is there as long as its row is; that it was, and why it was lifted, is in the ledger.

-- No foreign key: a hold outlives the row of the register, and is looked for by identifier alone.
create table legal_hold (
    person_id uuid        primary key,
    placed_at timestamptz not null,
    placed_by text        not null check (placed_by like 'account:%'),
    reason    text        not null check (reason ~ '\S' and length(reason) <= 200)
);

create constraint trigger entered after insert or update or delete on legal_hold deferrable initially deferred
    for each row execute function enter_change_by_hand('person_id');
create trigger emptying_entered after truncate on legal_hold
    for each statement execute function enter_change_by_hand('person_id');

-- Placed and lifted by the authority's own component alone: no other has the right to call these, and no other's entry
-- tells of it. Who may, the portal has asked. Their callers write the entry in the same transaction.
create function place_hold(person uuid, at timestamptz, actor text, why text) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not exists (select from person p where p.id = person)
       and not exists (select from alarm a where a.person_id = person) then
        return 'unknown';
    end if;
    insert into legal_hold (person_id, placed_at, placed_by, reason) values (person, at, actor, why)
    on conflict do nothing;
    return case when found then 'placed' else 'held' end;
end $$;
revoke all on function place_hold from public;

create function lift_hold(person uuid) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    delete from legal_hold h where h.person_id = person;
    return found;
end $$;
revoke all on function lift_hold from public;

reset role;
set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('legal_hold', 'insert', 'hold.placed', 'object', 'person'),
    ('legal_hold', 'delete', 'hold.lifted', 'object', 'person');

alter table ledger.inbox add constraint holds_are_the_authoritys
    check (event not in ('hold.placed', 'hold.lifted') or written_by ~ '_portal$');

reset role;
