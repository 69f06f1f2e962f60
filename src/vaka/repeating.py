# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rounds, made again and again; those that may wait long are broken off at the end."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

Work = Callable[[], Awaitable[int]]


async def repeat(seconds: float, work: Work, stopped: asyncio.Event) -> None:
    """Make a round, and the next one so many seconds after its end, until ``stopped`` is set."""
    while not stopped.is_set():
        await work()
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), seconds)


async def unless(stopped: asyncio.Event, work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Make a round, and break it off when ``stopped`` is set: each of its steps is a transaction, done or not."""
    round_, told = asyncio.create_task(work()), asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({round_, told}, return_when=asyncio.FIRST_COMPLETED)
        return round_.result() if round_.done() else 0
    finally:
        round_.cancel()
        told.cancel()
        await asyncio.gather(round_, told, return_exceptions=True)
