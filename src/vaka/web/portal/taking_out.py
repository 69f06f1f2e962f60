# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entering once that a whole log is taken out, file by file."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from vaka.clock import Clock

WINDOW_SECONDS = 600.0
"""How long one entry covers what the same session goes on taking."""
LARGEST_MEMORY = 1_000
"""Sessions remembered; one that is forgotten too soon only has another entry."""


@dataclass(slots=True)
class _Window:
    until: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class TakingOut:
    """Which sessions have an entry already about taking a log out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: OrderedDict[tuple[UUID, UUID], _Window] = OrderedDict()

    def __len__(self) -> int:
        """How many sessions are remembered."""
        return len(self._windows)

    async def enter(self, session: UUID, authority: UUID, write: Callable[[], Awaitable[None]]) -> None:
        """Let ``write`` enter it, unless that was done lately. Who comes meanwhile waits until it is written."""
        window = self._windows.setdefault((session, authority), _Window())
        while len(self._windows) > LARGEST_MEMORY:
            self._windows.popitem(last=False)
        async with window.lock:
            if self._clock.monotonic() < window.until:
                return
            await write()
            window.until = self._clock.monotonic() + WINDOW_SECONDS
