# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who has a desk open, noted where the scheduler sees it: what an absent operator holds goes back to everybody."""

import asyncio
from uuid import UUID

import structlog

from vaka.alarms.attendance import note_desks
from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.logs import describe_error
from vaka.web.live import Hub

NOTE_SECONDS = 15.0
LOOK_SECONDS = 1.0
"""An account that opens a desk is noted this soon."""

log = structlog.get_logger()


class Presence:
    """Notes every account with an open stream, each when it comes and all of them again and again."""

    def __init__(self, platform: Pool, hub: Hub, clock: Clock) -> None:
        self._platform = platform
        self._hub = hub
        self._clock = clock
        self._noted: frozenset[UUID] = frozenset()
        self._noted_at = -NOTE_SECONDS
        self._failing = False

    async def note(self) -> None:
        """Note them, for ever."""
        while True:
            try:
                await self._note_now()
                self._failing = False
            except Exception as error:  # while the platform's database is away nobody is said to be gone either
                if not self._failing:
                    log.warning("open desks were not noted", **describe_error(error))
                self._failing = True
            await asyncio.sleep(LOOK_SECONDS)

    async def _note_now(self) -> None:
        here = self._hub.at_desks()
        now = self._clock.monotonic()
        due = here if now - self._noted_at >= NOTE_SECONDS else here - self._noted
        if due:
            async with transaction(self._platform) as connection:
                await note_desks(connection, due, self._clock.now())
        self._noted = here
        if due == here:
            self._noted_at = now
