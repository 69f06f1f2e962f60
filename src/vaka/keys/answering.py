# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the keyholder does for each call of the table."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from vaka.clock import Clock
from vaka.crypto.policy import load_policy
from vaka.keys.calls import (
    MOST_SUBJECTS,
    Address,
    Addresses,
    Body,
    Edition,
    Editions,
    End,
    Ended,
    Erased,
    Gone,
    GoneOnes,
    Key,
    Keys,
    LookupKey,
    Lost,
    Metrics,
    Nothing,
    OfAuthority,
    OfCopies,
    OfEnd,
    OfErased,
    OfErasure,
    OfObjects,
    OfPage,
    OfPurpose,
    OfSubjects,
    OfTurn,
    OfWritten,
    Opened,
    Readmitted,
    Register,
    Registered,
    Replaced,
    State,
    Tried,
)
from vaka.keys.hierarchy import Hierarchy, SubjectKey
from vaka.keys.stored import Erasure, RegisteredKey, StoredEdition, WrappedSubjectKey
from vaka.keys.turning import Turned

Measure = Callable[[], str]
_KINDS_OF_POLICY = {"root": "root", "authority": "authority", "lookup": "person", "person": "person"}
"""How long a key of a kind may be used is in the policy; a lookup key lives as long as the people's it finds."""


class Answering:
    """Carries out calls whose caller may make them. Raises VakaError."""

    def __init__(self, hierarchy: Hierarchy, clock: Clock, measure: Measure) -> None:
        self._hierarchy = hierarchy
        self._clock = clock
        self._measure = measure

    async def open_authority(self, asked: OfAuthority) -> Opened:
        """See the table."""
        return Opened(version=await self._hierarchy.open_authority(asked.authority))

    async def create(self, asked: OfSubjects) -> Keys:
        """See the table."""
        return _as_keys(await self._hierarchy.create(asked.authority, asked.subjects))

    async def unwrap(self, asked: OfSubjects) -> Keys:
        """See the table."""
        return _as_keys(await self._hierarchy.unwrap(asked.authority, asked.subjects))

    async def unwrap_page(self, asked: OfPage) -> Keys:
        """See the table."""
        after = (asked.after_subject, asked.after_version)
        return _as_keys(await self._hierarchy.unwrap_page(asked.authority, after, asked.limit))

    async def public_keys(self, asked: OfSubjects) -> Addresses:
        """See the table. The keys are unwrapped all the same: what is stored proves its address by opening."""
        opened = await self._hierarchy.unwrap(asked.authority, asked.subjects)
        told = (Address(subject=one.subject, version=one.version, address=one.address) for one in opened)
        return Addresses(addresses=tuple(told))

    async def lookup_key(self, asked: OfPurpose) -> LookupKey:
        """See the table."""
        return LookupKey(key=await self._hierarchy.lookup_key(asked.authority, asked.purpose))

    async def issue_editions(self, asked: OfObjects) -> Editions:
        """See the table."""
        return _as_editions(await self._hierarchy.issue_editions(asked.authority, asked.objects))

    async def settle_editions(self, asked: OfWritten) -> Lost:
        """See the table."""
        newest: dict[UUID, int] = {}
        for one in asked.written:
            newest[one.object] = max(one.number, newest.get(one.object, 0))
        return Lost(objects=tuple(await self._hierarchy.settle_editions(asked.authority, newest)))

    async def readmit_editions(self, asked: OfAuthority) -> Readmitted:
        """See the table."""
        return Readmitted(objects=await self._hierarchy.readmit_editions(asked.authority))

    async def editions(self, asked: OfTurn) -> Editions:
        """See the table."""
        return _as_editions(await self._hierarchy.list_editions(asked.after_turn, MOST_SUBJECTS))

    async def rotate(self, asked: OfAuthority) -> Replaced:
        """See the table."""
        return _as_replaced(await self._hierarchy.rotate(asked.authority))

    async def rotate_root(self, _asked: Nothing) -> Replaced:
        """See the table."""
        return _as_replaced(await self._hierarchy.rotate_root())

    async def erase(self, asked: OfErasure) -> Erased:
        """See the table."""
        return _as_erased(await self._hierarchy.erase(asked.authority, asked.subjects, asked.order))

    async def erase_authority(self, asked: OfEnd) -> Erased:
        """See the table."""
        return _as_erased(await self._hierarchy.erase_authority(asked.authority, asked.order))

    async def erased(self, asked: OfErased) -> GoneOnes:
        """See the table."""
        found = await self._hierarchy.erased(asked.authority, asked.after_subject, asked.limit)
        return GoneOnes(gone=tuple(Gone(subject=one.subject, order=one.order) for one in found))

    async def try_copies(self, asked: OfCopies) -> Tried:
        """See the table."""
        copies = [
            WrappedSubjectKey(asked.subject, one.version, one.address, one.wrapped, asked.key_version)
            for one in asked.copies
        ]
        return Tried(opened=await self._hierarchy.try_copies(asked.authority, asked.key, copies))

    async def ended(self, asked: OfAuthority) -> Ended:
        """See the table."""
        found = await self._hierarchy.ended(asked.authority)
        return Ended(end=None if found is None else End(order=found.order, at=found.at))

    async def register(self, _asked: Nothing) -> Register:
        """See the table."""
        lifetimes, now = load_policy().rotate_after_days, self._clock.now()
        return Register(keys=tuple(_as_registered(row, lifetimes, now) for row in await self._hierarchy.register()))

    async def state(self, _asked: Nothing) -> State:
        """See the table."""
        counts, store = await self._hierarchy.count(), self._hierarchy.store
        return State(
            store=store.identifier, generation=store.generation, root_version=store.root_version,
            authorities=counts.authorities, subjects=counts.subjects, erasures=counts.erasures,
            turn=await self._hierarchy.newest_turn(),
        )  # fmt: skip

    async def metrics(self, _asked: Nothing) -> Metrics:
        """See the table."""
        return Metrics(text=self._measure())

    def by_name(self) -> Mapping[str, Callable[[Any], Awaitable[Body]]]:
        """Return what carries out each call."""
        mine = (
            self.open_authority, self.create, self.unwrap, self.unwrap_page, self.public_keys, self.lookup_key,
            self.rotate, self.rotate_root, self.erase, self.erase_authority, self.erased, self.ended, self.try_copies,
            self.register, self.state, self.metrics, self.issue_editions, self.settle_editions, self.editions,
            self.readmit_editions,
        )  # fmt: skip
        return MappingProxyType({one.__name__: one for one in mine})


def _as_keys(opened: list[SubjectKey]) -> Keys:
    return Keys(
        keys=tuple(
            Key(subject=one.subject, version=one.version, secret=one.secret, address=one.address) for one in opened
        )
    )


def _as_editions(rows: list[StoredEdition]) -> Editions:
    return Editions(editions=tuple(Edition(**asdict(row)) for row in rows))


def _as_replaced(done: Turned) -> Replaced:
    return Replaced(
        key_destroyed=done.key_destroyed, key_new=done.key_new, root_destroyed=done.root_destroyed,
        root_new=done.root_new, generation=done.generation, rewrapped=done.rewrapped,
    )  # fmt: skip


def _as_erased(done: Erasure) -> Erased:
    return Erased(
        subjects=done.subjects, rewrapped=done.rewrapped, key_destroyed=done.key_destroyed, key_new=done.key_new,
        root_destroyed=done.root_destroyed, root_new=done.root_new, generation=done.generation,
    )  # fmt: skip


def _as_registered(row: RegisteredKey, lifetimes: Mapping[str, int], now: datetime) -> Registered:
    rotate_by = row.created_at + timedelta(days=lifetimes[_KINDS_OF_POLICY[row.kind]])
    is_destroyed = row.destroyed_at is not None
    parts = [row.kind, *([row.owner] if row.kind != "root" else []), *([row.purpose] if row.purpose else [])]
    return Registered(
        id="/".join([*parts, str(row.version)]), kind=row.kind, purpose=row.purpose, owner=row.owner, keys=row.keys,
        created=row.created_at, rotate_by=None if is_destroyed else rotate_by,
        state="destroyed" if is_destroyed else "due" if rotate_by <= now else "current",
    )  # fmt: skip
