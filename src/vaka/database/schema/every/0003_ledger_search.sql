-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the log can be searched by. Derived from the leaves, in the transaction that adds them, and never the proof:
-- whoever finds an entry here reads it from its leaf, and that none is missing only the verifier shows. So it never holds
-- up the log: what stands here already, at the place of an entry that is added, is overwritten.

set role vaka_ledger;

create table ledger.entry_index (
    index       bigint      primary key,
    happened_at timestamptz not null,
    -- At most 200 characters of each: an index holds no long keys, and nothing that is searched for is longer.
    event       text collate "C" not null,
    actor       text collate "C" not null,
    object      text collate "C" not null,
    outcome     text        not null,
    -- The person in care whom the entry itself names, by pseudonymous identifier.
    subject     uuid,
    -- The authority that the entry itself names: in the platform's log, whose business it is.
    concerns    uuid
);
create index entry_by_time on ledger.entry_index (happened_at, index);
create index entry_by_event on ledger.entry_index (event, happened_at, index);
create index entry_by_actor on ledger.entry_index (actor, happened_at, index);
create index entry_by_object on ledger.entry_index (object, happened_at, index);
create index entry_by_subject on ledger.entry_index (subject, happened_at, index) where subject is not null;

create index entry_by_authority on ledger.entry_index (concerns, happened_at, index) where concerns is not null;

-- An entry that is pruned from the log is gone from here as well. Not by a foreign key: that would lock every entry a
-- second time when it is added.
create function ledger.forget_places() returns trigger
    language plpgsql security definer set search_path = ledger, pg_temp as $$
begin
    delete from entry_index where index in (select gone.index from gone);
    return null;
end $$;
revoke all on function ledger.forget_places from public;
create trigger forgets_places after delete on ledger.log_entry
    referencing old table as gone for each statement execute function ledger.forget_places();

reset role;
