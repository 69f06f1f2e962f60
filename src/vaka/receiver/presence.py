# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Telling supervision that this receiver listens: a device's silence means something only while somebody could hear."""

from collections.abc import Awaitable, Callable

import psycopg
import structlog

from vaka.clock import Clock
from vaka.database.connections import Connection, DatabaseUnavailableError
from vaka.database.queries import load_queries
from vaka.receiver.channel import Channel, InterruptedStatementError

_log = structlog.get_logger()

QUERIES = load_queries("vaka.receiver")


class Presence:
    """This receiver's row among those that are up."""

    def __init__(self, instance: str, connect: Callable[[], Awaitable[Connection]], clock: Clock) -> None:
        self._instance = instance
        self._channel = Channel(connect, clock)
        self._clock = clock
        self._started = False

    async def beat(self) -> None:
        """Say that we are up. Where the database is away nothing is said, which then is the truth."""
        name = "beat" if self._started else "start_presence"
        try:
            await self._channel.run(QUERIES[name], {"instance": self._instance, "now": self._clock.now()})
            self._started = True
        except (DatabaseUnavailableError, InterruptedStatementError, psycopg.Error) as error:
            _log.warning("presence_not_written", error_type=type(error).__name__)

    async def close(self) -> None:
        """Give the connection back."""
        await self._channel.close()
