# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a receiver does again and again: each step on its own, so that none that fails or hangs stops another."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

import structlog

from vaka.logs import describe_error

_log = structlog.get_logger()


class Clockwork:
    """Tasks that run until ``stop``."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def every(self, seconds: float, name: str, step: Callable[[], Awaitable[None]]) -> None:
        """Do ``step`` with ``seconds`` between its end and its next beginning, whatever becomes of it."""
        self.follow(name, _repeat(seconds, name, step))

    def follow(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Run something that goes on by itself."""
        self._tasks.append(asyncio.create_task(work, name=name))

    async def stop(self) -> None:
        """End everything, in the middle of it if need be."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


async def _repeat(seconds: float, name: str, step: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await step()
        except Exception as error:
            _log.error("clockwork_failed", route=name, **describe_error(error))
