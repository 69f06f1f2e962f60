# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Follows the authorities' databases: one listening connection each, for ever.

The order matters. Listening begins before everything is read, so that no change falls between the two; one task does
both for its authority, so that older news never overwrites newer. A notification is only ever a hint to read.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from uuid import UUID

import psycopg
import structlog

from vaka.clock import Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.logs import describe_error
from vaka.tenants.authorities import Authority, list_authorities
from vaka.tenants.gateway import Gateway
from vaka.web.cards import Source
from vaka.web.live import Hub

GATHER_SECONDS = 0.02
"""Notifications within this time of one another are read together."""
QUIET_SECONDS = 5.0
"""After so long without news the connection is tried."""
REREAD_SECONDS = 30.0
"""Everything is read anew this often, whatever was notified."""
SOON_SECONDS = 4.0
"""And this often while a name is locked."""
LARGEST_READING = 200
"""Alarms read by one statement; a notification carries no more."""
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0
NEW_AUTHORITIES_SECONDS = 15.0

log = structlog.get_logger()


class Follower:
    """Starts a task for each authority, also for those that are registered later."""

    def __init__(self, gateway: Gateway, platform: Pool, source: Source, hub: Hub, clock: Clock) -> None:
        self._gateway = gateway
        self._platform = platform
        self._source = source
        self._hub = hub
        self._clock = clock

    async def follow_all(self) -> None:
        """Follow every authority, for ever."""
        followed: set[UUID] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                for authority in self._gateway.authorities:
                    if authority.id not in followed:
                        followed.add(authority.id)
                        tasks.create_task(self.follow(authority))
                await asyncio.sleep(NEW_AUTHORITIES_SECONDS)
                try:
                    async with transaction(self._platform) as connection:
                        self._gateway.admit(await list_authorities(connection))
                except Exception as error:
                    log.warning("authorities were not read", **describe_error(error))

    async def follow(self, authority: Authority) -> None:
        """Follow one authority, for ever: when its connection breaks, come back and read everything anew."""
        failures = 0
        while True:
            try:
                connection = await self._gateway.open_own_connection(authority.id, "listen")
                try:
                    await connection.execute("listen alarm")
                    await self._read_all(authority)
                    failures = 0
                    await self._listen(authority, connection)
                finally:
                    await connection.close()
            except Exception as error:  # whatever it was, the queue must come back
                self._hub.tell_down(authority)
                failures += 1
                if failures == 1:
                    log.warning("an authority is not followed", authority=str(authority.id), **describe_error(error))
            await asyncio.sleep(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(failures, 10)))

    async def _listen(self, authority: Authority, connection: Connection) -> None:
        read_at = self._clock.monotonic()
        while True:
            changed = await _next_changed(connection, QUIET_SECONDS, at_most=1)
            if changed:
                changed |= await _next_changed(connection, GATHER_SECONDS)
                await self._read_some(authority, list(changed))
            else:
                await connection.execute("select 1")
            patience = SOON_SECONDS if self._source.is_incomplete(authority) else REREAD_SECONDS
            if self._clock.monotonic() - read_at >= patience:
                await self._read_all(authority)
                read_at = self._clock.monotonic()

    async def _read_all(self, authority: Authority) -> None:
        self._hub.take_in_all(authority, await self._source.read_all(authority))

    async def _read_some(self, authority: Authority, ids: Sequence[UUID]) -> None:
        for start in range(0, len(ids), LARGEST_READING):
            some = ids[start : start + LARGEST_READING]
            self._hub.take_in_some(authority, some, await self._source.read_some(authority, some))
            await asyncio.sleep(0)


async def _next_changed(
    connection: psycopg.AsyncConnection[object], seconds: float, at_most: int | None = None
) -> set[UUID]:
    """Return the alarms named by notifications that arrive within ``seconds``."""
    changed: set[UUID] = set()
    async with aclosing(connection.notifies(timeout=seconds, stop_after=at_most)) as notifications:
        async for notification in notifications:
            changed.update(UUID(part) for part in notification.payload.split(",") if part)
    return changed
