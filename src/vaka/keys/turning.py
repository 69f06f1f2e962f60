# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rotation and erasure: both replace keys, and an erasure leaves some behind.

Deleting a wrapped key is not enough: old pages, the write-ahead log and every backup of the key database still hold it.
So an erasure replaces what it is wrapped by, up to the root, and destroys that. What is left in any copy of the key
database is then under a root version that is nowhere.

The order is what makes it safe. A new root version is durable before anything is under it; everything moves in one
transaction; the old root version is destroyed only when that is committed. ``vaka.keys.settling`` goes on from wherever
a crash stops it.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from vaka.crypto.aead import decrypt, encrypt
from vaka.crypto.chance import new_key
from vaka.database.connections import Connection
from vaka.keys.binding import bind_authority, bind_lookup, bind_subject
from vaka.keys.refusals import KeyRefusedError
from vaka.keys.roots import RootMissingError, RootStore
from vaka.keys.settling import StoreState
from vaka.keys.stored import (
    FIRST,
    Erasure,
    ListedAuthorityKey,
    WrappedAuthorityKey,
    WrappedLookupKey,
    change,
    fetch_all,
    fetch_one,
    fetch_value,
    read_page,
    rewrap_page,
)

Mark = Callable[[str], None]
"""Told of each step, so that a test can stop between any two."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be replaced. Without an authority the root alone."""

    authority: UUID | None = None
    replaces_root: bool = True
    order: UUID | None = None
    """Whose carrying out this is; without one, nobody is erased."""
    erased: Collection[UUID] = ()
    whole: bool = False
    """The authority itself ends."""


@dataclass(frozen=True, slots=True)
class Turned:
    """What was replaced."""

    key_destroyed: int | None
    key_new: int | None
    root_destroyed: int | None
    root_new: int
    generation: int
    subjects: int
    rewrapped: int


@dataclass(slots=True)
class _Work:
    """One turn under way."""

    connection: Connection
    root: RootStore
    store: StoreState
    root_new: int
    now: datetime


async def turn(
    connection: Connection, root: RootStore, store: StoreState, wanted: Turn, now: datetime, mark: Mark
) -> Turned:
    """Replace keys, and return what was done when it would outlast a power cut.

    After any error nobody knows how far it came: whoever called settles root and database before anything else.
    Raises KeyRefusedError, UnopenableError where a living key is damaged (then everything is as it was).
    """
    before = None if wanted.authority is None else await _read_key(connection, wanted.authority)  # or refused at once
    root_new = root.create() if wanted.replaces_root else store.root_version
    mark("root made")
    generation = store.generation + 1
    work = _Work(connection, root, store, root_new, now)
    async with connection.transaction():
        advanced = {"generation": generation, "root_version": root_new}
        if await fetch_value(connection, "advance_store", advanced) is None:
            raise KeyRefusedError("changed meanwhile")
        done = Turned(None, None, None, root_new, generation, 0, 0)
        if wanted.authority is not None:
            done = await _replace_authority(work, wanted, wanted.authority, done)
        mark("authority replaced")
        if wanted.replaces_root:
            await _rewrap_authorities(work, wanted.authority)
            done = replace(done, root_destroyed=store.root_version)
            entered = {"kind": "root", "owner": "platform", "purpose": "", "version": root_new, "now": now}
            await change(connection, "enter_key", entered)
            await change(connection, "enter_destruction", {**entered, "kept": root_new})
        if wanted.order is not None and wanted.authority is not None:
            await _enter_erasure(work, wanted, wanted.authority, done)
        mark("about to commit")
    mark("committed")
    root.keep_only(root_new, generation)
    mark("old root destroyed")
    if wanted.order is not None and wanted.authority is not None and before is not None:
        _require_unreadable(root, store, wanted.authority, before)
    return done


def _require_unreadable(root: RootStore, store: StoreState, authority: UUID, copy: WrappedAuthorityKey) -> None:
    """Try to open what every backup of the key database holds. Raises KeyRefusedError where that can be done."""
    with suppress(RootMissingError):
        root.unwrap(store.root_version, copy.wrapped, bind_authority(store.identifier, authority, copy.version))
        raise KeyRefusedError("root lives")


async def _replace_authority(work: _Work, wanted: Turn, authority: UUID, done: Turned) -> Turned:
    connection, store = work.connection, work.store
    found = await _read_key(connection, authority)
    entered = {"kind": "authority", "owner": str(authority), "purpose": "", "now": work.now}
    if wanted.whole:
        subjects = await fetch_value(connection, "drop_all_subject_keys", {"authority": authority})
        await change(connection, "drop_lookup_keys", {"authority": authority})
        await change(connection, "drop_authority_key", {"authority": authority})
        await change(connection, "enter_destruction", {**entered, "kept": 0})
        await change(connection, "enter_destruction", {**entered, "kind": "lookup", "kept": 0})
        return replace(done, key_destroyed=found.version, subjects=int(str(subjects)))
    bound = bind_authority(store.identifier, authority, found.version)
    old, new, version = work.root.unwrap(store.root_version, found.wrapped, bound), new_key(), found.version + 1
    dropped = 0
    if wanted.erased:
        gone = {"authority": authority, "subjects": list(wanted.erased)}
        rows = await fetch_all(connection, _Dropped, "drop_subject_keys", gone)
        dropped = len({row.subject_id for row in rows})
    rewrapped = await _rewrap_subjects(work, authority, old, new) + await _rewrap_lookups(work, authority, old, new)
    wrapped = work.root.wrap(work.root_new, new, bind_authority(store.identifier, authority, version))
    replaced = {"authority": authority, "version": version, "wrapped": wrapped, "now": work.now}
    await change(connection, "replace_authority_key", replaced)
    await change(connection, "enter_key", {**entered, "version": version})
    await change(connection, "enter_destruction", {**entered, "kept": version})
    return replace(done, key_destroyed=found.version, key_new=version, subjects=dropped, rewrapped=rewrapped)


async def _read_key(connection: Connection, authority: UUID) -> WrappedAuthorityKey:
    found = await fetch_one(connection, WrappedAuthorityKey, "read_authority_key", {"authority": authority})
    if found is None:
        raise KeyRefusedError("authority not open")
    return found


@dataclass(frozen=True, slots=True)
class _Dropped:
    subject_id: UUID


async def _rewrap_subjects(work: _Work, authority: UUID, old: bytes, new: bytes) -> int:
    count, after = 0, (FIRST, 0)
    while rows := await read_page(work.connection, authority, after):
        fresh = []
        for row in rows:
            bound = bind_subject(work.store.identifier, authority, row.subject_id, row.version, row.address)
            fresh.append(replace(row, wrapped=encrypt(new, decrypt(old, row.wrapped, bound), bound)))
        count += await rewrap_page(work.connection, authority, fresh)
        after = (rows[-1].subject_id, rows[-1].version)
    return count


async def _rewrap_lookups(work: _Work, authority: UUID, old: bytes, new: bytes) -> int:
    rows = await fetch_all(work.connection, WrappedLookupKey, "read_lookup_keys", {"authority": authority})
    for row in rows:
        bound = bind_lookup(work.store.identifier, authority, row.purpose)
        wrapped = encrypt(new, decrypt(old, row.wrapped, bound), bound)
        values = {"authority": authority, "purpose": row.purpose, "wrapped": wrapped}
        await change(work.connection, "rewrap_lookup_key", values)
    return len(rows)


async def _rewrap_authorities(work: _Work, done_already: UUID | None) -> None:
    """Put every other authority's key under the new root."""
    for row in await fetch_all(work.connection, ListedAuthorityKey, "list_authority_keys"):
        if row.authority_id == done_already:
            continue
        bound = bind_authority(work.store.identifier, row.authority_id, row.version)
        secret = work.root.unwrap(work.store.root_version, row.wrapped, bound)
        wrapped = work.root.wrap(work.root_new, secret, bound)
        values = {"authority": row.authority_id, "version": row.version, "wrapped": wrapped}
        await change(work.connection, "rewrap_authority_key", values)


async def _enter_erasure(work: _Work, wanted: Turn, authority: UUID, done: Turned) -> None:
    entered = {
        "order": wanted.order, "authority": authority, "whole": wanted.whole, "subjects": done.subjects,
        "rewrapped": done.rewrapped, "key_destroyed": done.key_destroyed, "key_new": done.key_new,
        "root_destroyed": done.root_destroyed, "root_new": done.root_new, "generation": done.generation,
        "now": work.now,
    }  # fmt: skip
    await change(work.connection, "add_erasure", entered)
    values = {"authority": authority, "subjects": list(wanted.erased), "order": wanted.order}
    await change(work.connection, "add_erased_subjects", values)


async def read_erasure(connection: Connection, wanted: Turn) -> Erasure | None:
    """Return what an order did, where it was carried out already. Raises KeyRefusedError where it was another's."""
    found = await fetch_one(connection, Erasure, "read_erasure", {"order": wanted.order})
    if found is None:
        return None
    erased = {row.subject_id for row in await fetch_all(connection, _Dropped, "list_erased_by", {"order": found.order})}
    if (found.authority, found.whole) != (wanted.authority, wanted.whole) or not erased <= set(wanted.erased):
        raise KeyRefusedError("order used")
    return found
