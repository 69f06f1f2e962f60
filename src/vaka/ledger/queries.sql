-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: read_standing
-- as: sequencer in tenant, sequencer in platform
-- All that a round must know to find that there is nothing to do, in one look.
select h.size, h.root, (select max(c.size) from ledger.checkpoint c) as published,
       exists (select from ledger.inbox) as waiting
from ledger.head h

-- name: claim
-- as: sequencer in tenant, sequencer in platform
-- "seqn": one sequencer at a time in each database, until its transaction ends.
select pg_try_advisory_xact_lock(1936027502) as claimed

-- name: drain
-- as: sequencer in tenant, sequencer in platform
select id, happened_at, event, actor, object, outcome, detail::text, written_by, written_at, source, number
from ledger.drain(%(most)s)
order by id

-- name: read_tiles
-- as: sequencer in tenant, sequencer in platform
select t.level, t.index, t.data
from unnest(%(levels)s::smallint[], %(indexes)s::bigint[]) as wanted (level, index)
join ledger.tile t using (level, index)

-- name: add_entries
-- as: sequencer in tenant, sequencer in platform
insert into ledger.log_entry (index, leaf)
select %(first)s::bigint + number - 1, leaf from unnest(%(leaves)s::bytea[]) with ordinality as added (leaf, number)

-- name: grow_tiles
-- as: sequencer in tenant, sequencer in platform
insert into ledger.tile (level, index, width, data)
select * from unnest(%(levels)s::smallint[], %(indexes)s::bigint[], %(widths)s::smallint[], %(data)s::bytea[])
on conflict (level, index) do update set width = excluded.width, data = excluded.data

-- name: move_head
-- as: sequencer in tenant, sequencer in platform
update ledger.head set size = %(size)s, root = %(root)s, sequenced_at = now()

-- name: forget_checkpoint
-- as: sequencer in tenant, sequencer in platform
-- The last one, where it is of the same minute as the one that takes its place.
delete from ledger.checkpoint c
where c.size = (select max(size) from ledger.checkpoint) and c.size < %(size)s
  and date_trunc('minute', c.signed_at) = date_trunc('minute', %(signed_at)s::timestamptz)

-- name: store_checkpoint
-- as: sequencer in tenant, sequencer in platform
insert into ledger.checkpoint (size, note, signed_at) values (%(size)s, %(note)s, %(signed_at)s)
on conflict (size) do update set note = excluded.note, signed_at = excluded.signed_at

-- name: read_checkpoint
-- as: sequencer in tenant, sequencer in platform
select size, note from ledger.checkpoint order by size desc limit 1

-- name: read_entries
-- as: sequencer in tenant, sequencer in platform
select index, leaf from ledger.log_entry where index >= %(start)s and index < %(end)s order by index
