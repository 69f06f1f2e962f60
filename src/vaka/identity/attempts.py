# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Attempts to sign in that failed, for the ledger.

Anyone can make as many as he likes, so what is alike is counted together (``ledger.refusals``): the first after a quiet
minute is written before it is answered, the rest once a minute. Who it was is not known; what he called himself may be
another's name, or a password typed in the wrong field, and is never written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg
import structlog

from vaka.clock import Clock
from vaka.database.connections import DatabaseUnavailableError, Pool, transaction
from vaka.ledger.entries import append_many
from vaka.ledger.events import Event
from vaka.ledger.refusals import WINDOW_SECONDS, Refusal, RefusalCount, source_network
from vaka.logs import describe_error

ACTOR = "signin"
"""Nobody is signed in: the entry is the process's own."""
OBJECT = "process:signin"


class FailedAttempts:
    """Counts failed attempts, and writes them in the platform's ledger."""

    def __init__(self, platform: Pool, clock: Clock) -> None:
        self._platform = platform
        self._clock = clock
        self._count = RefusalCount(Event.SIGN_IN_REFUSED, ACTOR, clock.now)
        self._told_at: float | None = None

    async def note(self, reason: str, host: str) -> None:
        """Count one that came from `host`, and write it where none was written within a minute.

        `reason` is a code of ours. Never raises for a database that is away: the count is kept.
        """
        self._count.note(Refusal(reason, source_network(host), OBJECT))
        if self._told_at is None or self._clock.monotonic() - self._told_at >= WINDOW_SECONDS:
            await self.tell()

    async def tell(self) -> None:
        """Write what was counted."""
        refused = self._count.take()
        if not refused.entries:
            return
        self._told_at = self._clock.monotonic()
        try:
            async with transaction(self._platform) as connection:
                await append_many(connection, refused.entries)
        except (DatabaseUnavailableError, psycopg.Error) as error:
            refused.put_back()
            structlog.get_logger().warning("refusals kept", **describe_error(error))

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """Write once a minute while the block runs, and at its end."""
        task = asyncio.create_task(self._tell_again_and_again())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self.tell()

    async def _tell_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(WINDOW_SECONDS)
            await self.tell()
