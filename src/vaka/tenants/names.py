# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The names of people in care, opened, so that they can be searched: in this process's memory, and nowhere else.

The database holds sealed names, which no statement can search. Whoever searches reads what was written since the last
time; the first reading, of everybody, is done when a process starts.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg
import structlog

from vaka.errors import Category, Sentence, VakaError
from vaka.keys.calls import MOST_SUBJECTS
from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.keys.opening import open_rows
from vaka.logs import describe_error
from vaka.tenants.authorities import QUERIES
from vaka.tenants.gateway import Gateway

MOST_FOUND = 5000
"""Whoever finds more has to say more of whom he looks for."""
MOST_TRIED_AGAIN = 200
"""Of those whose names could not be read, at each search: it waits for no more."""
START_AGAIN_SECONDS = 5.0

Connection = psycopg.AsyncConnection[Any]


class TooManyFoundError(VakaError):
    """So many have such a name that nothing was searched."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Alltför många heter så. Skriv mer av namnet.",
                en="Far too many have such a name. Write more of it.",
            ),
        )


@dataclass(frozen=True, slots=True)
class KnownName:
    """One person's name."""

    id: UUID
    given_name: str
    family_name: str
    protected_identity: bool

    @property
    def folded(self) -> str:
        """The whole name, so that capitals make no difference."""
        return f"{self.given_name} {self.family_name}".casefold()


class NameIndex:
    """The names of one authority's people."""

    def __init__(self, keys: AuthorityKeys) -> None:
        self._keys = keys
        self._names: dict[UUID, KnownName] = {}
        self._folded: dict[UUID, str] = {}
        self._locked: dict[UUID, tuple[Any, ...]] = {}
        """Who is in the register and could not be read: what stands there, sealed. Longest not tried comes first."""
        self._since: str | None = None
        self._turn = asyncio.Lock()

    async def refresh(self, gateway: Gateway) -> None:
        """Take in what was written since the last time. Raises DatabaseUnavailableError, KeysUnavailableError."""
        async with self._turn:
            async with gateway.transaction(self._keys.authority) as connection:
                mark, count = await _fetch_one(connection, "mark_people", {})
                rows = await _fetch(connection, "list_names", {"since": self._since})
            await self._try_locked_again()
            for start in range(0, len(rows), MOST_SUBJECTS):
                await self._take_in(rows[start : start + MOST_SUBJECTS])
                await asyncio.sleep(0)  # whoever else has something to do, does it now
            if len(self._names) + len(self._locked) != count:
                await self._let_go(gateway)
            self._since = mark

    def find(self, words: Iterable[str], *, protected: bool) -> list[KnownName]:
        """Return everybody in whose name all the words are, by name; ``protected`` also who has a protected identity.

        Raises TooManyFoundError.
        """
        wanted = [word.casefold() for word in words]
        found = [
            self._names[one]
            for one, name in self._folded.items()
            if all(word in name for word in wanted) and (protected or not self._names[one].protected_identity)
        ]
        if len(found) > MOST_FOUND:
            raise TooManyFoundError
        return sorted(found, key=lambda one: (one.family_name, one.given_name, one.id))

    async def _take_in(self, rows: Sequence[tuple[Any, ...]]) -> None:
        await self._keys.hold([row[0] for row in rows])
        await self._open(rows)

    async def _try_locked_again(self) -> None:
        """Their keys may be there now. Nobody's search fails, or waits long, for their sake."""
        rows = list(islice(self._locked.values(), MOST_TRIED_AGAIN))
        if rows and await self._keys.hold([row[0] for row in rows], hasty=True):
            await self._open(rows)

    async def _open(self, rows: Sequence[tuple[Any, ...]]) -> None:
        sealed = [(str(row[0]), row[0], {"given_name": row[1], "family_name": row[2]}) for row in rows]
        for row, opened in zip(rows, await open_rows(self._keys, "person", sealed), strict=True):
            identifier, is_protected = row[0], row[3]
            if opened is None:
                self._forget(identifier)  # erased a moment ago, or damaged: nobody is found by what cannot be read
                self._locked[identifier] = row
                continue
            name = KnownName(identifier, opened["given_name"], opened["family_name"], is_protected)
            self._locked.pop(identifier, None)
            self._names[identifier] = name
            self._folded[identifier] = name.folded

    async def _let_go(self, gateway: Gateway) -> None:
        """Forget who is in the register no more."""
        async with gateway.transaction(self._keys.authority) as connection:
            there = {row[0] for row in await _fetch(connection, "list_people", {})}
        for gone in (self._names.keys() | self._locked) - there:
            self._forget(gone)

    def _forget(self, identifier: UUID) -> None:
        self._names.pop(identifier, None)
        self._folded.pop(identifier, None)
        self._locked.pop(identifier, None)


class NameIndexes:
    """Every authority's names."""

    def __init__(self, gateway: Gateway, keyring: Keyring) -> None:
        self._gateway = gateway
        self._keyring = keyring
        self._indexes: dict[UUID, NameIndex] = {}

    async def find(self, authority: UUID, words: Iterable[str], *, protected: bool) -> list[KnownName]:
        """Return whom the words find in one authority. Raises what NameIndex raises."""
        index = self._indexes.setdefault(authority, NameIndex(self._keyring.of(authority)))
        await index.refresh(self._gateway)
        return index.find(words, protected=protected)

    async def read_all(self) -> None:
        """Read every authority's names once, so that the first search does not wait for it."""
        for authority in self._gateway.authorities:
            index = self._indexes.setdefault(authority.id, NameIndex(self._keyring.of(authority.id)))
            while True:
                try:
                    await index.refresh(self._gateway)
                    break
                except VakaError:
                    await asyncio.sleep(START_AGAIN_SECONDS)
                except Exception as error:  # whoever searches finds out
                    structlog.get_logger().warning("names were not read", **describe_error(error))
                    break


async def _fetch(connection: Connection, query: str, values: dict[str, object]) -> list[tuple[Any, ...]]:
    return await (await connection.execute(QUERIES[query], values)).fetchall()


async def _fetch_one(connection: Connection, query: str, values: dict[str, object]) -> tuple[Any, ...]:
    return (await _fetch(connection, query, values))[0]
