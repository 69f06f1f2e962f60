# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One persistent connection to one authority's database, opened when first needed and again whenever it breaks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg

from vaka.clock import Clock
from vaka.database.connections import STATEMENT_TIMEOUT_MILLISECONDS, Connection, tell_clock_state

_LOST_SECONDS = STATEMENT_TIMEOUT_MILLISECONDS / 1000 + 5
"""The server ends a statement that takes too long. No word after that: the network between us is gone."""

_TELL_SECONDS = 2.0


class InterruptedStatementError(Exception):
    """The database did not finish: whether the statement committed may be unknown. It may be sent again."""


class Channel:
    """Statements over one connection, in autocommit: each is a transaction of its own."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], clock: Clock) -> None:
        self._connect = connect
        self._clock = clock
        self._connection: Connection | None = None
        self._used_at = clock.monotonic()
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Connect where that is not done yet. Raises DatabaseUnavailableError."""
        if self._connection is None:
            async with self._turn:
                await self._open()

    async def run(self, statement: str, parameters: Sequence[object] | Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows, where it gives any.

        Raises DatabaseUnavailableError before anything was sent, InterruptedStatementError where the outcome may be
        unknown or the database had to give up, and another psycopg.Error where it refuses the statement itself.
        """
        async with self._turn:
            await self._open()
            assert self._connection is not None  # noqa: S101  just opened
            try:
                async with asyncio.timeout(_LOST_SECONDS):
                    cursor = await self._connection.execute(statement, parameters, binary=True)
                    return await cursor.fetchall() if cursor.description else []
            except (psycopg.OperationalError, OSError) as error:
                if isinstance(error, TimeoutError) or self._connection.closed:
                    await self._close()
                raise InterruptedStatementError from error
            except asyncio.CancelledError:
                # Cancelled in the middle of an answer: the connection is in no state to be used again.
                await self._close()
                raise
            finally:
                self._used_at = self._clock.monotonic()

    async def tell_clock_state(self) -> None:
        """Say again how well our clock keeps time, where the connection is open and nobody uses it just now."""
        if self._connection is not None and not self._turn.locked():
            async with self._turn:
                try:
                    if self._connection is not None:
                        # An alarm may come meanwhile and waits for the turn: a dead network is left soon.
                        async with asyncio.timeout(_TELL_SECONDS):
                            await tell_clock_state(self._connection)
                except (psycopg.Error, OSError):
                    await self._close()
                except asyncio.CancelledError:
                    await self._close()
                    raise

    async def close_idle(self, seconds: float) -> None:
        """Close the connection where it was not used for ``seconds``; the next use opens it again."""
        if self._connection is not None and not self._turn.locked():
            async with self._turn:
                if self._clock.monotonic() - self._used_at >= seconds:
                    await self._close()

    async def close(self) -> None:
        """Close the connection when the statement under way is done."""
        async with self._turn:
            await self._close()

    async def _open(self) -> None:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
            self._used_at = self._clock.monotonic()

    async def _close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error, OSError):
                await self._connection.close()
            self._connection = None
