# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Root store and key database as one thing: held by one keyholder at a time, and brought together before it is used.

Everything that changes goes through one connection, which holds a lock that keeps every other keyholder out, one after
the other. Whenever that connection is new, or something failed half-way, the two are first brought together
(``vaka.keys.settling``): starting and recovering are the same.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import psycopg

from vaka.clock import Clock
from vaka.crypto.chance import random_bytes
from vaka.database.connections import Connection, DatabaseUnavailableError, open_connection
from vaka.database.server import KEY_DATABASE, KEYHOLDER_ROLE, Server
from vaka.errors import Category, VakaError
from vaka.keys.memory import Memory
from vaka.keys.refusals import KeyholderHeldError
from vaka.keys.roots import RootMissingError, RootPlace, RootStore, RootUnavailableError
from vaka.keys.settling import Beginning, Completion, RootState, StoreState, judge
from vaka.keys.stored import change, fetch_value, read_store
from vaka.keys.turning import Mark

APPLICATION = "vaka-keyholder"
_CLAIMS = 50
_CLAIM_SECONDS = 0.1


class Pair:
    """The two. ``forget`` is called whenever nothing that was read from them may be used any more."""

    def __init__(
        self, server: Server, place: RootPlace, memory: Memory, clock: Clock, mark: Mark, forget: Callable[[], None]
    ) -> None:
        self._server = server
        self._place = place
        self._memory = memory
        self._clock = clock
        self._mark = mark
        self._forget = forget
        self._lock = asyncio.Lock()
        self._connection: Connection | None = None
        self._root: RootStore | None = None
        self._store: StoreState | None = None

    @property
    def store(self) -> StoreState:
        """What the store says of itself. Raises DatabaseUnavailableError while that is not known."""
        if self._store is None:
            raise DatabaseUnavailableError
        return self._store

    async def close(self) -> None:
        """Let both go."""
        async with self._lock:
            await self._let_go()

    def advance(self, generation: int, root_version: int) -> None:
        """Know from now on what a turn has brought about. Raises RootUnavailableError."""
        self._store = StoreState(self.store.identifier, generation, root_version)
        self._remember()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[RootStore]:
        """Lend the root store, while nobody changes anything."""
        async with self._lock:
            if self._root is None:
                await self._settle()
            if self._root is None:
                raise DatabaseUnavailableError
            yield self._root

    @asynccontextmanager
    async def writing(self, *, half_done: bool = False) -> AsyncIterator[tuple[Connection, RootStore]]:
        """Lend the connection and the root store to one at a time. Where something failed, both are begun anew.

        A refusal leaves everything as it was, save where it comes ``half_done``.
        """
        async with self._lock:
            if self._connection is None or self._connection.closed:
                await self._settle()
            if self._connection is None or self._root is None:
                raise DatabaseUnavailableError
            try:
                yield self._connection, self._root
            except BaseException as error:
                is_clean = isinstance(error, VakaError) and error.category is not Category.UNAVAILABLE
                if half_done or not is_clean:
                    await self._let_go()
                if isinstance(error, psycopg.OperationalError):
                    raise DatabaseUnavailableError from error
                if isinstance(error, OSError):
                    raise RootUnavailableError from error
                raise

    async def _settle(self) -> None:
        await self._let_go()
        connection = await open_connection(self._server, KEYHOLDER_ROLE, KEY_DATABASE, application=APPLICATION)
        root: RootStore | None = None
        try:
            await _claim(connection)
            root = self._place.open()
            stored, seen = await read_store(connection), self._memory.recall()
            found = judge(None if root is None else _state_of(root), stored, seen)
            if found is Beginning.MAKE_ROOT:
                root = self._place.make(UUID(bytes=random_bytes(16), version=4))
                self._mark("first root made")
            if root is None:
                raise RootMissingError
            if isinstance(found, Beginning):
                found = await self._begin(connection, root)
            self._mark("store found")
            root.keep_only(found.root_version, found.generation)
            self._connection, self._root = connection, root
            self._store = StoreState(root.identifier, found.generation, found.root_version)
            self._remember()
        except BaseException as error:
            self._connection = self._root = None
            await connection.close()
            if root is not None:
                root.close()
            if isinstance(error, psycopg.OperationalError):
                raise DatabaseUnavailableError from error
            raise

    async def _begin(self, connection: Connection, root: RootStore) -> Completion:
        """Write in an empty database which root it belongs to. Nothing was ever under it."""
        version = root.versions[-1]
        async with connection.transaction():
            await change(connection, "begin_store", {"identifier": root.identifier, "root_version": version})
            entered = {"kind": "root", "owner": "platform", "purpose": "", "version": version}
            await change(connection, "enter_key", {**entered, "now": self._clock.now()})
        self._mark("store begun")
        return Completion(version, 1)

    def _remember(self) -> None:
        try:
            self._memory.remember(self.store.identifier, self.store.generation)
        except OSError as error:
            raise RootUnavailableError from error

    async def _let_go(self) -> None:
        self._forget()
        self._store = None
        if self._root is not None:
            self._root.close()
            self._root = None
        if self._connection is not None:
            with suppress(psycopg.Error):
                await self._connection.close()
            self._connection = None


async def _claim(connection: Connection) -> None:
    """Keep every other keyholder out. One that was killed may hold the lock for a moment longer than it lives."""
    for _ in range(_CLAIMS):
        if await fetch_value(connection, "claim_store"):
            return
        await asyncio.sleep(_CLAIM_SECONDS)
    raise KeyholderHeldError


def _state_of(root: RootStore) -> RootState:
    return RootState(root.identifier, root.generation, root.versions)
