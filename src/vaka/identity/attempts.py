# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Attempts to sign in that failed, for the ledger.

Each that came back from an issuer has an entry of its own, with what is known of it, up to so many a minute. Anyone can
make as many as he likes, so what is beyond that, and what came from nowhere, is counted together where it is alike
(``ledger.refusals``): the first after a quiet minute is written before it is answered, the rest once a minute. Who it
was is not known; what he called himself may be another's name, or a password typed in the wrong field, and is never
written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict

import psycopg
import structlog

from vaka.clock import Clock
from vaka.database.connections import DatabaseUnavailableError, Pool, transaction
from vaka.identity.assertion import Said
from vaka.ledger.entries import Entry, append, append_many
from vaka.ledger.events import Event
from vaka.ledger.refusals import WINDOW_SECONDS, Refusal, RefusalCount, source_network
from vaka.logs import describe_error

ACTOR = "signin"
"""Nobody is signed in: the entry is the process's own."""
OBJECT = "process:signin"
MOST_DESCRIBED = 60
"""Refusals a minute that have an entry each."""


class FailedAttempts:
    """Counts failed attempts, and writes them in the platform's ledger."""

    def __init__(self, platform: Pool, clock: Clock) -> None:
        self._platform = platform
        self._clock = clock
        self._count = RefusalCount(Event.SIGN_IN_REFUSED, ACTOR, clock.now)
        self._told_at: float | None = None
        self._described = (clock.monotonic(), 0)
        """Since when, and how many."""

    async def refuse(self, reason: str, host: str, said: Said) -> None:
        """Write one that came from `host` at once, with what is known of it; beyond MOST_DESCRIBED a minute, count it.

        Never raises for a database that is away: then it is counted too.
        """
        since, count = self._described
        if self._clock.monotonic() - since >= WINDOW_SECONDS:
            since, count = self._clock.monotonic(), 0
        self._described = (since, count + 1)
        if count >= MOST_DESCRIBED:
            await self.note(reason, host)
            return
        known = {name: value for name, value in asdict(said).items() if value is not None}
        detail = {"reason": reason, "source": source_network(host), "count": 1, "seconds": 0, **known}
        entry = Entry(Event.SIGN_IN_REFUSED, ACTOR, self._clock.now(), OBJECT, succeeded=False, detail=detail)
        try:
            async with transaction(self._platform) as connection:
                await append(connection, entry)
        except (DatabaseUnavailableError, psycopg.Error) as error:
            structlog.get_logger().warning("refusals kept", **describe_error(error))
            self._count.note(Refusal(reason, source_network(host), OBJECT))

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
