-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- ── The store as a whole ─────────────────────────────────────────────────────────────────────────────────────────

-- name: claim_store
-- as: keyholder
-- One keyholder at a time: the lock ends with the session.
select pg_try_advisory_lock(7234017)

-- name: read_store
-- as: keyholder
select id as identifier, generation, root_version from store

-- name: begin_store
-- as: keyholder
insert into store (id, generation, root_version) values (%(identifier)s, 1, %(root_version)s)

-- name: advance_store
-- as: keyholder
update store
set generation = %(generation)s, root_version = %(root_version)s
where generation = %(generation)s - 1
returning generation

-- name: count_keys
-- as: keyholder
select (select count(*) from authority_key) as authorities, (select count(*) from subject_key) as subjects,
       (select count(*) from erasure) as erasures

-- ── An authority's key ───────────────────────────────────────────────────────────────────────────────────────────

-- name: read_authority_key
-- as: keyholder
select version, wrapped, root_version
from authority_key, store
where authority_id = %(authority)s

-- name: list_authority_keys
-- as: keyholder
select authority_id, version, wrapped from authority_key order by authority_id

-- name: add_authority_key
-- as: keyholder
insert into authority_key (authority_id, version, wrapped, created_at)
values (%(authority)s, %(version)s, %(wrapped)s, %(now)s)

-- name: replace_authority_key
-- as: keyholder
update authority_key
set version = %(version)s, wrapped = %(wrapped)s, created_at = %(now)s
where authority_id = %(authority)s

-- name: rewrap_authority_key
-- as: keyholder
update authority_key set wrapped = %(wrapped)s where authority_id = %(authority)s and version = %(version)s

-- name: drop_authority_key
-- as: keyholder
delete from authority_key where authority_id = %(authority)s

-- name: was_authority_erased
-- as: keyholder
select exists (select from erasure where authority_id = %(authority)s and whole)

-- name: find_end
-- as: keyholder
select order_id as order, erased_at as at from erasure where authority_id = %(authority)s and whole

-- ── Data keys of people ──────────────────────────────────────────────────────────────────────────────────────────

-- name: read_subject_keys
-- as: keyholder
-- The version of the authority's key that they are wrapped by comes from the same snapshot.
select subject_id, k.version, address, k.wrapped, a.version as key_version
from subject_key k join authority_key a using (authority_id)
where authority_id = %(authority)s and subject_id = any(%(subjects)s)
order by subject_id, k.version

-- name: read_subject_key_page
-- as: keyholder
select subject_id, k.version, address, k.wrapped, a.version as key_version
from subject_key k join authority_key a using (authority_id)
where authority_id = %(authority)s and (subject_id, k.version) > (%(subject)s, %(version)s)
order by subject_id, k.version
limit %(limit)s

-- name: add_subject_keys
-- as: keyholder
insert into subject_key (authority_id, subject_id, version, address, wrapped, created_at)
select %(authority)s, subject, 1, address, wrapped, %(now)s
from unnest(%(subjects)s::uuid[], %(addresses)s::bytea[], %(wrapped)s::bytea[]) as new (subject, address, wrapped)

-- name: rewrap_subject_keys
-- as: keyholder
update subject_key k
set wrapped = new.wrapped
from unnest(%(subjects)s::uuid[], %(versions)s::integer[], %(wrapped)s::bytea[]) as new (subject, version, wrapped)
where k.authority_id = %(authority)s and k.subject_id = new.subject and k.version = new.version

-- name: drop_subject_keys
-- as: keyholder
delete from subject_key
where authority_id = %(authority)s and subject_id = any(%(subjects)s)
returning subject_id

-- name: drop_all_subject_keys
-- as: keyholder
with dropped as (delete from subject_key where authority_id = %(authority)s returning subject_id)
select count(distinct subject_id) from dropped

-- name: are_any_erased
-- as: keyholder
select exists (
    select from erased_subject where authority_id = %(authority)s and subject_id = any(%(subjects)s)
)

-- ── Lookup keys ──────────────────────────────────────────────────────────────────────────────────────────────────

-- name: read_lookup_keys
-- as: keyholder
select purpose, l.wrapped, a.version as key_version
from lookup_key l join authority_key a using (authority_id)
where authority_id = %(authority)s
order by purpose

-- name: add_lookup_key
-- as: keyholder
insert into lookup_key (authority_id, purpose, wrapped, created_at)
values (%(authority)s, %(purpose)s, %(wrapped)s, %(now)s)

-- name: rewrap_lookup_key
-- as: keyholder
update lookup_key set wrapped = %(wrapped)s where authority_id = %(authority)s and purpose = %(purpose)s

-- name: drop_lookup_keys
-- as: keyholder
delete from lookup_key where authority_id = %(authority)s

-- ── Editions ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- name: issue_editions
-- as: keyholder
-- Never the same number twice: what a broken change wrote under one must not count beside what the next one writes.
insert into edition as e (authority_id, object_id, issued, settled, turn)
select %(authority)s, object, 1, 0, place + (select coalesce(max(turn), 0) from edition)
from unnest(%(objects)s::uuid[]) with ordinality as wanted (object, place)
on conflict (authority_id, object_id) do update set issued = e.issued + 1, turn = excluded.turn
returning authority_id as authority, object_id as object, issued, settled, turn

-- name: lost_editions
-- as: keyholder
-- Those that were written, as somebody says who knows, and were never issued as far as stands here.
select object
from unnest(%(objects)s::uuid[], %(numbers)s::integer[]) as written (object, number)
left join edition e on e.authority_id = %(authority)s and e.object_id = written.object
where written.number > coalesce(e.issued, 0)
order by object

-- name: settle_editions
-- as: keyholder
insert into edition as e (authority_id, object_id, issued, settled, turn)
select %(authority)s, object, number, number, place + (select coalesce(max(turn), 0) from edition)
from unnest(%(objects)s::uuid[], %(numbers)s::integer[]) with ordinality as written (object, number, place)
on conflict (authority_id, object_id) do update
    set issued = greatest(e.issued, excluded.issued), settled = excluded.settled, turn = excluded.turn
    where e.settled < excluded.settled

-- name: readmit_editions
-- as: keyholder
update edition e
set settled = least(e.settled, greatest(e.issued - %(most)s + 1, 0)), turn = numbered.turn
from (
    select object_id, row_number() over (order by object_id) + (select max(turn) from edition) as turn
    from edition
    where authority_id = %(authority)s
) numbered
where e.authority_id = %(authority)s and e.object_id = numbered.object_id

-- name: list_editions
-- as: keyholder
select authority_id as authority, object_id as object, issued, settled, turn
from edition
where turn > %(turn)s
order by turn
limit %(limit)s

-- name: newest_turn
-- as: keyholder
select coalesce(max(turn), 0) from edition

-- ── Erasures ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- name: read_erasure
-- as: keyholder
select order_id as order, authority_id as authority, whole, subjects, rewrapped, key_destroyed, key_new, root_destroyed,
       root_new, generation
from erasure
where order_id = %(order)s

-- name: list_erased_by
-- as: keyholder
select subject_id from erased_subject where order_id = %(order)s

-- name: list_erased
-- as: keyholder
select subject_id as subject, order_id as order
from erased_subject
where authority_id = %(authority)s and subject_id > %(subject)s
order by subject_id
limit %(limit)s

-- name: add_erasure
-- as: keyholder
insert into erasure (order_id, authority_id, whole, subjects, rewrapped, key_destroyed, key_new, root_destroyed,
                     root_new, generation, erased_at)
values (%(order)s, %(authority)s, %(whole)s, %(subjects)s, %(rewrapped)s, %(key_destroyed)s, %(key_new)s,
        %(root_destroyed)s, %(root_new)s, %(generation)s, %(now)s)

-- name: add_erased_subjects
-- as: keyholder
insert into erased_subject (authority_id, subject_id, order_id)
select %(authority)s, subject, %(order)s from unnest(%(subjects)s::uuid[]) as gone (subject)
on conflict do nothing

-- ── The register ─────────────────────────────────────────────────────────────────────────────────────────────────

-- name: enter_key
-- as: keyholder
insert into key_register (kind, owner, purpose, version, created_at)
values (%(kind)s, %(owner)s, %(purpose)s, %(version)s, %(now)s)
on conflict do nothing

-- name: enter_destruction
-- as: keyholder
update key_register
set destroyed_at = %(now)s
where kind = %(kind)s and owner = %(owner)s and version <> %(kept)s and destroyed_at is null

-- name: list_keys
-- as: keyholder
select kind, owner, purpose, version, created_at, destroyed_at, 1::bigint as keys
from key_register
union all
select 'person', authority_id::text, '', 1, min(created_at), null, count(*)
from subject_key
group by authority_id
order by kind, owner, purpose, version
