# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Telling supervision that this receiver listens: a device's silence means something only while somebody could hear."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import psycopg
import structlog

from vaka.clock import Clock
from vaka.database.connections import Connection, DatabaseUnavailableError
from vaka.database.queries import load_queries
from vaka.receiver.channel import Channel, InterruptedStatementError

_log = structlog.get_logger()

QUERIES = load_queries("vaka.receiver")
_END_SECONDS = 2.0
_NO_NAME_OF_A_MACHINE = re.compile(r"[^A-Za-z0-9._-]")


def name_machine(hostname: str) -> str:
    """Return what a machine is called where receivers tell of it: as it calls itself, in letters that settings have."""
    return _NO_NAME_OF_A_MACHINE.sub("-", hostname)[:64] or "unnamed"


class Presence:
    """This receiver's row among those that are up: every machine may have a receiver of the same name."""

    def __init__(self, instance: str, machine: str, connect: Callable[[], Awaitable[Connection]], clock: Clock) -> None:
        self._instance = f"{instance}@{machine}"
        self._machine = machine
        self._channel = Channel(connect, clock)
        self._clock = clock
        self._started = False

    async def beat(self) -> None:
        """Say that we are up. Where the database is away nothing is said, which then is the truth."""
        row = {"instance": self._instance, "machine": self._machine, "now": self._clock.now()}
        try:
            # A row that is gone, for whatever reason, is made anew.
            if not self._started or not await self._channel.run(QUERIES["beat"], row):
                await self._channel.run(QUERIES["start_presence"], row)
            self._started = True
        except (DatabaseUnavailableError, InterruptedStatementError, psycopg.Error) as error:
            _log.warning("presence_not_written", error_type=type(error).__name__)

    async def end(self) -> None:
        """Say that we end in order. Where that cannot be said soon, our silence is one that nobody wanted."""
        if not self._started:
            return
        row = {"instance": self._instance, "now": self._clock.now()}
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._channel.run(QUERIES["end_presence"], row)
        except (DatabaseUnavailableError, InterruptedStatementError, psycopg.Error, TimeoutError) as error:
            _log.warning("presence_not_written", error_type=type(error).__name__)

    async def close(self) -> None:
        """Give the connection back."""
        await self._channel.close()
