# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Root → authority → person: the only place where a key-encryption key is ever unwrapped."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from vaka.clock import Clock
from vaka.crypto.aead import UnopenableError, decrypt, encrypt
from vaka.crypto.agreement import public_of
from vaka.crypto.chance import new_key
from vaka.database.connections import make_pool, transaction
from vaka.database.server import KEY_DATABASE, KEYHOLDER_ROLE, Server
from vaka.keys.binding import bind_authority, bind_lookup, bind_subject
from vaka.keys.editions import MOST_TRIED
from vaka.keys.envelope import seed_of
from vaka.keys.memory import Memory
from vaka.keys.pair import APPLICATION, Pair
from vaka.keys.refusals import KeyRefusedError
from vaka.keys.roots import RootMissingError, RootPlace, RootStore
from vaka.keys.settling import StoreState
from vaka.keys.stored import (
    Counts,
    ErasedAuthority,
    ErasedSubject,
    Erasure,
    LostObject,
    RegisteredKey,
    StoredEdition,
    WrappedAuthorityKey,
    WrappedLookupKey,
    WrappedSubjectKey,
    change,
    fetch_all,
    fetch_one,
    fetch_value,
    read_page,
)
from vaka.keys.turning import Mark, Turn, Turned, read_erasure, turn

PURPOSES = ("personal_number", "phone")
"""What is looked up blindly; each authority has a key for each."""
_READS = 5
"""Keys may be replaced while they are read; then they are read again."""


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A version of a person's data key, unwrapped."""

    subject: UUID
    version: int
    secret: bytes = field(repr=False)
    address: bytes


@dataclass(frozen=True, slots=True)
class _Held:
    """An authority's key-encryption key."""

    version: int
    secret: bytes = field(repr=False)


class Hierarchy:
    """The keys of one installation, opened. Calls raise VakaError and nothing else that is foreseen."""

    def __init__(
        self, server: Server, place: RootPlace, memory: Memory, clock: Clock, mark: Mark = lambda _step: None
    ) -> None:
        self._clock = clock
        self._mark = mark
        self._pool = make_pool(server, KEYHOLDER_ROLE, KEY_DATABASE, application=APPLICATION)
        self._held: dict[UUID, _Held] = {}
        self._pair = Pair(server, place, memory, clock, mark, self._held.clear)

    async def open(self) -> None:
        """Bring root store and database together, or refuse.

        Raises RevivedStoreError, KeyholderHeldError, ConfigurationError, DatabaseUnavailableError.
        """
        await self._pool.open()
        async with self._pair.reading():
            pass

    async def close(self) -> None:
        """Forget every key and let the database go."""
        await self._pair.close()
        await self._pool.close()

    @property
    def store(self) -> StoreState:
        """What the store says of itself. Raises DatabaseUnavailableError while that is not known."""
        return self._pair.store

    # Reading

    async def unwrap(self, authority: UUID, subjects: Collection[UUID]) -> list[SubjectKey]:
        """Return every version of these people's keys; who has none is not among them."""
        values = {"authority": authority, "subjects": list(subjects)}
        for _ in range(_READS):
            async with transaction(self._pool) as connection:
                rows = await fetch_all(connection, WrappedSubjectKey, "read_subject_keys", values)
            if (opened := await self._open_subjects(authority, rows)) is not None:
                return opened
        raise KeyRefusedError("changed meanwhile")

    async def unwrap_page(self, authority: UUID, after: tuple[UUID, int], limit: int) -> list[SubjectKey]:
        """Return up to `limit` keys of an authority's people, in order, that come after one."""
        for _ in range(_READS):
            async with transaction(self._pool) as connection:
                rows = await read_page(connection, authority, after, limit)
            if (opened := await self._open_subjects(authority, rows)) is not None:
                return opened
        raise KeyRefusedError("changed meanwhile")

    async def lookup_key(self, authority: UUID, purpose: str) -> bytes:
        """Return the key of blind lookups for a purpose. Raises KeyRefusedError."""
        if purpose not in PURPOSES:
            raise KeyRefusedError("unknown purpose")
        for _ in range(_READS):
            async with transaction(self._pool) as connection:
                rows = await fetch_all(connection, WrappedLookupKey, "read_lookup_keys", {"authority": authority})
            row = next((row for row in rows if row.purpose == purpose), None)
            if row is None:
                raise KeyRefusedError("authority not open")
            held = await self._hold(authority, row.key_version)
            if held is not None:
                return decrypt(held.secret, row.wrapped, bind_lookup(self.store.identifier, authority, purpose))
        raise KeyRefusedError("changed meanwhile")

    async def register(self) -> list[RegisteredKey]:
        """Return which keys there are and were."""
        async with transaction(self._pool) as connection:
            return await fetch_all(connection, RegisteredKey, "list_keys")

    async def count(self) -> Counts:
        """Return how much there is."""
        async with transaction(self._pool) as connection:
            counted = await fetch_one(connection, Counts, "count_keys")
        return counted or Counts(0, 0, 0)

    async def erased(self, authority: UUID, after: UUID, limit: int) -> list[ErasedSubject]:
        """Return up to `limit` people of an authority who were erased, in order, that come after one."""
        values = {"authority": authority, "subject": after, "limit": limit}
        async with transaction(self._pool) as connection:
            return await fetch_all(connection, ErasedSubject, "list_erased", values)

    async def try_copies(self, authority: UUID, key: bytes, copies: Sequence[WrappedSubjectKey]) -> int:
        """Return how many wrapped keys from a copy of the database could be unwrapped, by any key that there is.

        `key` is the authority's, as it was wrapped there: it is tried with every version of the root key, and the
        people's with what comes of that, and with the authority's key of today.
        """
        if not copies:
            return 0
        async with self._pair.reading() as root:
            async with transaction(self._pool) as connection:
                found = await fetch_one(connection, WrappedAuthorityKey, "read_authority_key", {"authority": authority})
            bound = bind_authority(self.store.identifier, authority, copies[0].key_version)
            wrapped = [(version, key, bound) for version in root.versions]
            if found is not None:
                today = bind_authority(self.store.identifier, authority, found.version)
                wrapped.append((found.root_version, found.wrapped, today))
            held = []
            for version, sealed, place in wrapped:
                with suppress(RootMissingError, UnopenableError):
                    held.append(_Held(version, root.unwrap(version, sealed, place)))
        return sum(any(self._can_unwrap(one, authority, row) for one in held) for row in copies)

    async def ended(self, authority: UUID) -> ErasedAuthority | None:
        """Return by which order and when all of an authority's keys were destroyed; None where they were not."""
        async with transaction(self._pool) as connection:
            return await fetch_one(connection, ErasedAuthority, "find_end", {"authority": authority})

    # Changing

    async def open_authority(self, authority: UUID) -> int:
        """Give an authority its keys, or those it lacks; return its key's version. Raises KeyRefusedError."""
        async with self._pair.writing() as (connection, root), connection.transaction():
            now, store = self._clock.now(), self.store
            if await fetch_value(connection, "was_authority_erased", {"authority": authority}):
                raise KeyRefusedError("authority erased")
            found = await fetch_one(connection, WrappedAuthorityKey, "read_authority_key", {"authority": authority})
            entered = {"owner": str(authority), "version": 1, "now": now}
            if found is None:
                wrapped = root.wrap(store.root_version, new_key(), bind_authority(store.identifier, authority, 1))
                values = {"authority": authority, "version": 1, "wrapped": wrapped, "now": now}
                await change(connection, "add_authority_key", values)
                await change(connection, "enter_key", {"kind": "authority", "purpose": "", **entered})
                found = WrappedAuthorityKey(1, wrapped, store.root_version)
            held = self._unwrap_held(root, authority, found)
            there = await fetch_all(connection, WrappedLookupKey, "read_lookup_keys", {"authority": authority})
            for purpose in sorted(set(PURPOSES) - {row.purpose for row in there}):
                wrapped = encrypt(held.secret, new_key(), bind_lookup(store.identifier, authority, purpose))
                values = {"authority": authority, "purpose": purpose, "wrapped": wrapped, "now": now}
                await change(connection, "add_lookup_key", values)
                await change(connection, "enter_key", {"kind": "lookup", "purpose": purpose, **entered})
            return found.version

    async def create(self, authority: UUID, subjects: Sequence[UUID]) -> list[SubjectKey]:
        """Make keys for those who have none; return everybody's. Raises KeyRefusedError."""
        asked = {"authority": authority, "subjects": list(subjects)}
        async with self._pair.writing() as (connection, root), connection.transaction():
            if await fetch_value(connection, "are_any_erased", asked):
                raise KeyRefusedError("subject erased")
            found = await fetch_one(connection, WrappedAuthorityKey, "read_authority_key", {"authority": authority})
            if found is None:
                raise KeyRefusedError("authority not open")
            held, identifier = self._unwrap_held(root, authority, found), self.store.identifier
            rows = await fetch_all(connection, WrappedSubjectKey, "read_subject_keys", asked)
            known = [self._unwrap_subject(held, authority, row) for row in rows]
            missing = dict.fromkeys(subjects)
            for one in known:
                missing.pop(one.subject, None)
            made = [_make_subject(subject) for subject in missing]
            bound = [bind_subject(identifier, authority, one.subject, 1, one.address) for one in made]
            await change(
                connection,
                "add_subject_keys",
                {
                    "authority": authority,
                    "subjects": [one.subject for one in made],
                    "addresses": [one.address for one in made],
                    "wrapped": [
                        encrypt(held.secret, one.secret, place) for one, place in zip(made, bound, strict=True)
                    ],
                    "now": self._clock.now(),
                },
            )
        return known + made

    # Editions

    async def issue_editions(self, authority: UUID, objects: Collection[UUID]) -> list[StoredEdition]:
        """Let the next edition of these objects be written, each with a number that was never issued before."""
        values = {"authority": authority, "objects": sorted(set(objects))}
        async with self._pair.writing() as (connection, _root), connection.transaction():
            if await fetch_one(connection, WrappedAuthorityKey, "read_authority_key", {"authority": authority}) is None:
                raise KeyRefusedError("authority not open")
            return await fetch_all(connection, StoredEdition, "issue_editions", values)

    async def settle_editions(self, authority: UUID, numbers: Mapping[UUID, int]) -> list[UUID]:
        """Let nothing count that is older than these editions, which were written.

        Returns the objects of which such an edition was never issued: the key database was put back.
        """
        values = {"authority": authority, "objects": list(numbers), "numbers": list(numbers.values())}
        async with self._pair.writing() as (connection, _root), connection.transaction():
            lost = await fetch_all(connection, LostObject, "lost_editions", values)
            await change(connection, "settle_editions", values)
        return [one.object for one in lost]

    async def readmit_editions(self, authority: UUID) -> int:
        """Let the last editions of everything in an authority count again; return of how many objects."""
        async with self._pair.writing() as (connection, _root), connection.transaction():
            return await change(connection, "readmit_editions", {"authority": authority, "most": MOST_TRIED})

    async def list_editions(self, turn: int, limit: int) -> list[StoredEdition]:
        """Return up to `limit` of those that changed after a turn, in the order of their changes."""
        async with transaction(self._pool) as connection:
            return await fetch_all(connection, StoredEdition, "list_editions", {"turn": turn, "limit": limit})

    async def newest_turn(self) -> int:
        """Return the turn of the newest change of any edition."""
        async with transaction(self._pool) as connection:
            return int(str(await fetch_value(connection, "newest_turn")))

    async def rotate(self, authority: UUID) -> Turned:
        """Replace an authority's key; nobody has to stop reading. Raises KeyRefusedError, UnopenableError."""
        return await self._turn(Turn(authority, replaces_root=False))

    async def rotate_root(self) -> Turned:
        """Replace the root key, and destroy the old one."""
        return await self._turn(Turn())

    async def erase(self, authority: UUID, subjects: Collection[UUID], order: UUID) -> Erasure:
        """Destroy these people's keys in every copy there is; done once for an order. Raises KeyRefusedError."""
        return await self._erase(Turn(authority, order=order, erased=frozenset(subjects)))

    async def erase_authority(self, authority: UUID, order: UUID) -> Erasure:
        """Destroy all of an authority's keys in every copy there is; done once for an order."""
        return await self._erase(Turn(authority, order=order, whole=True))

    async def _erase(self, wanted: Turn) -> Erasure:
        done = await self._read_done(wanted)
        if done is None:
            await self._turn(wanted)
            done = await self._read_done(wanted)
        if done is None:
            raise LookupError("an erasure that was committed is not there")
        return done

    async def _read_done(self, wanted: Turn) -> Erasure | None:
        """Return what an order did, where it was carried out, and the root key above it is truly nowhere."""
        async with self._pair.writing() as (connection, root):
            done = await read_erasure(connection, wanted)
            if done is not None and done.root_destroyed in root.versions:
                raise KeyRefusedError("root lives")
        return done

    async def _turn(self, wanted: Turn) -> Turned:
        async with self._pair.writing(half_done=True) as (connection, root):
            done = await turn(connection, root, self.store, wanted, self._clock.now(), self._mark)
            if wanted.authority is not None:
                self._held.pop(wanted.authority, None)
            self._pair.advance(done.generation, done.root_new)
            self._mark("remembered")
        return done

    # What is held

    async def _open_subjects(self, authority: UUID, rows: Sequence[WrappedSubjectKey]) -> list[SubjectKey] | None:
        """Return the keys of one snapshot; None where the authority's key was replaced since."""
        if not rows:
            return []
        held = await self._hold(authority, rows[0].key_version)
        return None if held is None else [self._unwrap_subject(held, authority, row) for row in rows]

    async def _hold(self, authority: UUID, version: int) -> _Held | None:
        """Return an authority's key of this version; None where another is its key by now."""
        held = self._held.get(authority)
        if held is not None and held.version == version:
            return held
        async with self._pair.reading() as root:
            async with transaction(self._pool) as connection:
                found = await fetch_one(connection, WrappedAuthorityKey, "read_authority_key", {"authority": authority})
            if found is None or found.version != version:
                return None
            try:
                held = self._held[authority] = self._unwrap_held(root, authority, found)
            except RootMissingError:
                return None
        return held

    def _unwrap_held(self, root: RootStore, authority: UUID, found: WrappedAuthorityKey) -> _Held:
        bound = bind_authority(self.store.identifier, authority, found.version)
        return _Held(found.version, root.unwrap(found.root_version, found.wrapped, bound))

    def _can_unwrap(self, held: _Held, authority: UUID, row: WrappedSubjectKey) -> bool:
        try:
            self._unwrap_subject(held, authority, row)
        except UnopenableError:
            return False
        return True

    def _unwrap_subject(self, held: _Held, authority: UUID, row: WrappedSubjectKey) -> SubjectKey:
        bound = bind_subject(self.store.identifier, authority, row.subject_id, row.version, row.address)
        return SubjectKey(row.subject_id, row.version, decrypt(held.secret, row.wrapped, bound), row.address)


def _make_subject(subject: UUID) -> SubjectKey:
    secret = new_key()
    return SubjectKey(subject, 1, secret, public_of(seed_of(secret)))
