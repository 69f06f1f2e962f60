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
-- One sequencer at a time in each database, until its transaction ends. It locks a row that only the sequencer may
-- change: an advisory lock could be held by any login, and whoever held it would stop the sealing.
select only_one as claimed from ledger.head for update skip locked

-- name: drain
-- as: sequencer in tenant, sequencer in platform
select id, happened_at, event, actor, object, outcome, detail::text, written_by, written_at, source, number,
       clock
from ledger.drain(%(most)s)
order by id

-- name: read_tiles
-- as: sequencer in tenant, sequencer in platform, portal in tenant, portal in platform, scheduler in tenant
select t.level, t.index, t.data
from unnest(%(levels)s::smallint[], %(indexes)s::bigint[]) as wanted (level, index)
join ledger.tile t using (level, index)

-- name: add_entries
-- as: sequencer in tenant, sequencer in platform
insert into ledger.log_entry (index, leaf, id)
select %(first)s::bigint + number - 1, leaf, id
from unnest(%(leaves)s::bytea[], %(ids)s::bigint[]) with ordinality as added (leaf, id, number)

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
-- The newest one, unless it is the first of its minute. That one stays, whatever is signed afterwards: what is drawn by a
-- checkpoint (remote work, audits) is drawn by one that nobody can have replaced after he saw it.
delete from ledger.checkpoint c
where c.size = (select max(size) from ledger.checkpoint) and c.size < %(size)s
  and date_trunc('minute', c.signed_at) = (
      select date_trunc('minute', e.signed_at) from ledger.checkpoint e where e.size < c.size order by e.size desc limit 1)

-- name: store_checkpoint
-- as: sequencer in tenant, sequencer in platform
insert into ledger.checkpoint (size, note, signed_at) values (%(size)s, %(note)s, %(signed_at)s)
on conflict (size) do update set note = excluded.note, signed_at = excluded.signed_at

-- name: read_checkpoint
-- as: sequencer in tenant, sequencer in platform, portal in tenant, scheduler in tenant
select size, note from ledger.checkpoint order by size desc limit 1

-- name: read_entries
-- as: sequencer in tenant, sequencer in platform, portal in tenant
select index, leaf from ledger.log_entry where index >= %(start)s and index < %(end)s order by index

-- name: index_entries
-- as: sequencer in tenant, sequencer in platform
insert into ledger.entry_index (index, happened_at, event, actor, object, outcome, subject, concerns)
select %(first)s::bigint + number - 1, at, event, actor, object, outcome, subject, concerns
from unnest(%(at)s::timestamptz[], %(event)s::text[], %(actor)s::text[], %(object)s::text[], %(outcome)s::text[],
            %(subject)s::uuid[], %(concerns)s::uuid[])
    with ordinality as added (at, event, actor, object, outcome, subject, concerns, number)
on conflict (index) do update set
    happened_at = excluded.happened_at, event = excluded.event, actor = excluded.actor, object = excluded.object,
    outcome = excluded.outcome, subject = excluded.subject, concerns = excluded.concerns

-- name: find_entries
-- as: portal in tenant
-- Newest first; `before_at` and `before_index` are the last one of the page before.
select i.index, i.happened_at, i.event, i.actor, i.object, i.outcome, i.subject, i.concerns, e.leaf
from (
    select *
    from ledger.entry_index
    where happened_at >= %(since)s and happened_at < %(until)s and index < %(size)s
      and (%(before_at)s::timestamptz is null
           or (happened_at, index) < (%(before_at)s::timestamptz, %(before_index)s::bigint))
      and (%(events)s::text[] is null or event = any (%(events)s::text[]))
      and (%(actor)s::text is null or actor = %(actor)s::text)
      and (%(object)s::text is null or object = %(object)s::text)
      and (%(outcome)s::text is null or outcome = %(outcome)s::text)
      and (%(subject)s::uuid is null or subject = %(subject)s::uuid or object = any (%(objects)s::text[]))
    order by happened_at desc, index desc
    limit %(most)s
) i
left join ledger.log_entry e using (index)
order by i.happened_at desc, i.index desc

-- name: find_concerning
-- as: portal in platform
-- Of the platform's log, what is one authority's business; with `index`, whether that one entry is.
select index, happened_at, event, actor, object, outcome, subject, concerns, leaf
from ledger.concerning(
    %(authority)s, %(since)s, %(until)s, %(size)s, %(events)s, %(actor)s, %(object)s, %(outcome)s, %(before_at)s,
    %(before_index)s, %(index)s, %(most)s)

-- name: count_entries
-- as: portal in tenant
-- As many as there are, but no more than `most`.
select count(*) from (
    select
    from ledger.entry_index
    where happened_at >= %(since)s and happened_at < %(until)s and index < %(size)s
      and (%(events)s::text[] is null or event = any (%(events)s::text[]))
      and (%(actor)s::text is null or actor = %(actor)s::text)
      and (%(object)s::text is null or object = %(object)s::text)
      and (%(outcome)s::text is null or outcome = %(outcome)s::text)
      and (%(subject)s::uuid is null or subject = %(subject)s::uuid or object = any (%(objects)s::text[]))
    limit %(most)s
) found

-- name: list_actors
-- as: portal in tenant
-- Everybody who ever acted: the next one by the alphabet, again and again, so that the index is leapt through.
with recursive leap (actor) as (
    (select actor from ledger.entry_index order by actor limit 1)
    union all
    select (select i.actor from ledger.entry_index i where i.actor > leap.actor order by i.actor limit 1)
    from leap where leap.actor is not null
)
select actor from leap where actor is not null limit %(most)s

-- name: read_log_entry
-- as: portal in tenant
select index, leaf from ledger.log_entry where index = %(index)s

-- name: read_log_state
-- as: portal in tenant, portal in platform
select h.size, h.sequenced_at, c.size as signed_size, c.note, c.signed_at,
       (select count(*) from (select from ledger.inbox limit 10000) waiting) as waiting,
       (select written_at from ledger.inbox order by id limit 1) as waiting_since
from ledger.head h
left join lateral (select size, note, signed_at from ledger.checkpoint order by size desc limit 1) c on true

-- name: standing
-- as: desk in tenant, desk in platform, signin in platform, setup in tenant, setup in platform
select sealed_at, waiting_since from ledger.standing()

-- name: set_retention
-- as: portal in tenant
select ledger.set_retention(%(at)s, %(actor)s, %(object)s, %(days)s, %(reason)s, %(step_up)s)

-- name: announce_pruning
-- as: sequencer in tenant, sequencer in platform
select ledger.announce_pruning(%(object)s)

-- name: prune
-- as: sequencer in tenant, sequencer in platform
select ledger.prune(%(most)s)

-- name: list_pruned
-- as: sequencer in tenant, sequencer in platform, portal in tenant
-- The newest entries below `size` that say what was removed.
select index, leaf from ledger.log_entry
where position('},"event":"ledger.pruned","id":'::bytea in leaf) > 0 and index < %(size)s
order by index desc limit %(most)s

-- name: count_decisions
-- as: sequencer in tenant, sequencer in platform
-- How many decisions about its keeping the log holds, of what was signed and before `size`, to be read for ever.
select count(*) filter (where e.index < %(signed)s), count(*)
from ledger.log_entry e
where position('},"event":"retention.set","id":'::bytea in e.leaf) > 0 and e.index < %(size)s

-- name: find_checkpoint
-- as: sequencer in tenant, sequencer in platform, portal in tenant
select note from ledger.checkpoint where size = %(size)s

-- name: find_sealed
-- as: sequencer in tenant, sequencer in platform, portal in tenant, scheduler in tenant
select index, leaf from ledger.log_entry where id = %(id)s order by index desc limit 1

-- name: find_whereabouts
-- as: sequencer in tenant, sequencer in platform, portal in tenant
select ledger.whereabouts(%(id)s)

-- name: read_retention
-- as: portal in tenant
select days from ledger.retention_at(%(at)s, %(size)s)
