-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The log itself: entries in their order, the Merkle tree over them as tiles, and what was signed of it.
--
-- None of this is the proof: a superuser can turn the triggers off. They keep mistakes out; that nothing was changed,
-- the checkpoints show that the witnesses hold.

set role vaka_ledger;

create table ledger.log_entry (
    index bigint primary key check (index >= 0),
    leaf  bytea  not null check (octet_length(leaf) between 1 and 65535),
    -- Its number in the inbox, by which whoever wrote it finds it again. The leaf says the same.
    id    bigint
);
create index log_entry_by_id on ledger.log_entry (id);

-- Hash tiles of 256 nodes (C2SP tlog-tiles), full or not yet. A tile only ever grows.
create table ledger.tile (
    level smallint not null check (level between 0 and 7),
    index bigint   not null check (index >= 0),
    width smallint not null check (width between 1 and 256),
    data  bytea    not null check (octet_length(data) = 32 * width),
    primary key (level, index)
);
alter table ledger.tile alter column data set storage external;

create table ledger.head (
    only_one     boolean     primary key default true check (only_one),
    size         bigint      not null check (size >= 0),
    root         bytea       not null check (octet_length(root) = 32),
    sequenced_at timestamptz not null
);
insert into ledger.head (size, root, sequenced_at) values (0, sha256(''), now());

-- Signed notes as they were published. Of each minute the last one stays.
create table ledger.checkpoint (
    size      bigint      primary key check (size > 0),
    note      bytea       not null,
    signed_at timestamptz not null
);

create function ledger.refuse_other_tile() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if new.level <> old.level or new.index <> old.index or new.width <= old.width
       or substr(new.data, 1, octet_length(old.data)) <> old.data
    then
        raise exception 'a tile only grows' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;

create function ledger.refuse_smaller_head() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if new.size <= old.size then
        raise exception 'a log only grows' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;

create trigger insert_only before update on ledger.log_entry
    for each row execute function ledger.refuse_change();
create trigger only_pruned before delete on ledger.log_entry
    for each statement execute function ledger.refuse_all_but_the_sequencer();
create trigger never_truncated before truncate on ledger.log_entry
    for each statement execute function ledger.refuse_change();
create trigger only_grows before update on ledger.tile
    for each row execute function ledger.refuse_other_tile();
create trigger never_removed before delete or truncate on ledger.tile
    for each statement execute function ledger.refuse_change();
create trigger only_grows before update on ledger.head
    for each row execute function ledger.refuse_smaller_head();
create trigger never_removed before delete or truncate on ledger.head
    for each statement execute function ledger.refuse_change();
create trigger never_truncated before truncate on ledger.checkpoint
    for each statement execute function ledger.refuse_change();

reset role;
