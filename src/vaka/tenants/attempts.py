# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Attempts to read an erased person in a restored backup, one at a time, beside the rounds and in a process of its own.

Restoring takes as long as copying a cluster does. Nobody's alarm, and nobody else's erasure, waits for it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from vaka.clock import Clock
from vaka.database.restoring import sweep
from vaka.errors import Category, Sentence, VakaError
from vaka.settings import Settings
from vaka.tenants.attempting import Outcome, Question

_END_SECONDS = 60.0
"""How long an attempt that is broken off has to remove what it restored."""
_LARGEST_ANSWER = 65_536
_SHORTEST_PAUSE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 3600.0
"""After each attempt of an order that broke its pause is twice as long: each restores a whole cluster."""

Attempt = Callable[[Question], Awaitable[Outcome]]


class AttemptFailedError(VakaError):
    """Nobody knows whether anything can be read: the attempt itself broke. It may be made again."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(
                sv="Försöket att läsa i en återläst säkerhetskopia kunde inte slutföras. Se programmets logg.",
                en="The attempt to read in a restored backup could not be completed. See the program's log.",
            ),
        )


async def attempt_apart(root: Path, settings: Settings, question: Question) -> Outcome:
    """Make an attempt in a child process, for at most as long as the settings allow. Raises AttemptFailedError."""
    if settings.erasure.backups is None:
        return Outcome(backup="not_configured")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "vaka.processes.attempt", "--data", str(root), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, cwd="/", start_new_session=True, limit=_LARGEST_ANSWER,
    )  # fmt: skip
    try:
        async with asyncio.timeout(settings.erasure.attempt_seconds):
            said, _ = await child.communicate(question.model_dump_json().encode())
    except TimeoutError:
        return Outcome(backup="too_long")
    finally:
        await _end(child)
        await asyncio.to_thread(sweep, root / settings.erasure.restored)
    try:
        return Outcome.model_validate_json(said)
    except ValidationError:
        raise AttemptFailedError from None


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    with suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), _END_SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()


class Attempts:
    """Those under way. What one of them finds is asked for again and again, until it is there."""

    def __init__(self, attempt: Attempt, clock: Clock) -> None:
        self._attempt = attempt
        self._clock = clock
        self._alone = asyncio.Lock()
        self._tasks: dict[UUID, asyncio.Task[Outcome]] = {}
        self._broken: dict[UUID, tuple[float, float]] = {}
        """By order whose last attempt broke: when the next one may begin (monotonic), and its pause in seconds."""

    def ask(self, order: UUID, question: Question) -> Outcome | None:
        """Return the outcome for an order; None while it is not known. Begins the attempt where there is none.

        Raises what the attempt raised, once; after a pause it begins anew.
        """
        not_before, pause = self._broken.get(order, (float("-inf"), 0.0))
        if order not in self._tasks:
            if self._clock.monotonic() < not_before:
                return None
            self._tasks[order] = asyncio.create_task(self._make(question))
        if not self._tasks[order].done():
            return None
        try:
            outcome = self._tasks.pop(order).result()
        except Exception:
            pause = min(max(2 * pause, _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
            self._broken[order] = (self._clock.monotonic() + pause, pause)
            raise
        self._broken.pop(order, None)
        return outcome

    async def settle(self) -> None:
        """Wait until every attempt that has begun has ended."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def close(self) -> None:
        """Break off what is under way; what was restored is removed."""
        for task in self._tasks.values():
            task.cancel()
        await self.settle()

    async def _make(self, question: Question) -> Outcome:
        async with self._alone:
            return await self._attempt(question)


@asynccontextmanager
async def open_attempts(root: Path, settings: Settings, clock: Clock) -> AsyncIterator[Attempts]:
    """Make attempts below the data directory `root` until the block ends. What a killed one left is removed first."""
    sweeping = asyncio.create_task(asyncio.to_thread(sweep, root / settings.erasure.restored))  # nobody waits for it
    attempts = Attempts(partial(attempt_apart, root, settings), clock)
    try:
        yield attempts
    finally:
        await attempts.close()
        await asyncio.gather(sweeping, return_exceptions=True)
