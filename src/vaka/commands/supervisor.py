# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Keeps programs running: starts them in order, starts again what stops by itself, and ends them in reverse order."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from vaka.clock import Clock
from vaka.commands.child import Program, bound_log, last_line, start, stop
from vaka.errors import Category, Sentence, VakaError

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 5.0
"""Who worked that long before it stopped is started again at once."""
READY_SECONDS = 60.0
FIRST_TRIES = 3
"""So often may a program stop before it ever worked."""
REFUSED = 2
"""Exit code of a process to which the settings or the machine are at fault: trying again would not help its start."""
_POLL_SECONDS = 0.03
_LOG_CHECK_SECONDS = 30.0

log = structlog.get_logger()


class StartFailedError(VakaError):
    """A program did not come to work; the sentence quotes the last line of its log."""

    def __init__(self, name: str, why: str, log_file: Path) -> None:
        said = last_line(log_file)
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(
                sv=f"{name} {why}. Sista raden i {log_file}: {said or '(tom)'}",
                en=f"{name} {why}. The last line of {log_file}: {said or '(empty)'}",
            ),
        )


@dataclass(eq=False, slots=True)
class _Kept:
    program: Program
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None
    task: asyncio.Task[None] | None = None
    gave_up: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Starts programs in groups; what stops unasked is started again, soon at first, then less and less often."""

    def __init__(self, logs: Path, run: Path, clock: Clock, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._run = run
        self._clock = clock
        self._say = say
        self._groups: list[list[_Kept]] = []
        self._tidier: asyncio.Task[None] | None = None

    async def start(self, *programs: Program) -> None:
        """Start ``programs`` together and return when all of them work.

        Raises StartFailedError where one stops again and again, or does not come to work in time.
        """
        if self._tidier is None:
            self._tidier = asyncio.create_task(self._bound_logs())
        started = [_Kept(program) for program in programs]
        self._groups.append(started)
        for kept in started:
            kept.task = asyncio.create_task(self._keep(kept))
        await asyncio.gather(*map(self._require_ready, started))

    async def stop(self) -> None:
        """End everything, what was started last first; returns when no process is left."""
        if self._tidier is not None:
            self._tidier.cancel()
        while self._groups:
            await asyncio.gather(*map(self._end, self._groups.pop()))

    def process_id(self, name: str) -> int | None:
        """Return the process id of the program of that name, or None while it does not run."""
        for kept in self._all():
            if kept.program.name == name and kept.process is not None and kept.process.returncode is None:
                return kept.process.pid
        return None

    async def _end(self, kept: _Kept) -> None:
        if kept.task is not None:
            kept.task.cancel()
            with suppress(asyncio.CancelledError):
                await kept.task
        if kept.process is not None:
            await stop(kept.program, kept.process)
            log.info("stopped", instance=kept.program.name, exit_code=kept.process.returncode)
        self._pid_file(kept).unlink(missing_ok=True)

    async def _keep(self, kept: _Kept) -> None:
        delay, tries = FIRST_DELAY_SECONDS, 0
        name = kept.program.name
        while True:
            begun = self._clock.monotonic()
            try:
                kept.process = await start(kept.program, self._logs / f"{name}.log")
            except OSError as error:
                log.error("not started", reason=error.strerror, instance=name)
                code = -1
            else:
                log.info("started", instance=name, pid=kept.process.pid)
                # Only for people who look; a full disk is no reason to leave a process unwatched.
                with suppress(OSError):
                    self._pid_file(kept).write_text(f"{kept.process.pid}\n")
                code = await self._watch(kept, kept.process)
            was_ready = kept.ready.is_set()
            kept.ready.clear()
            lived = self._clock.monotonic() - begun
            tries += 1
            if lived >= STEADY_SECONDS:
                delay = FIRST_DELAY_SECONDS
            log.warning("stopped unasked", instance=name, exit_code=code, seconds=round(lived, 1), attempt=tries)
            if not was_ready and (tries >= FIRST_TRIES or code == REFUSED):
                kept.gave_up.set()
            elif was_ready:
                tries = 0
                self._say(f"{name} stopped unasked ({_describe(code)}); it is started again.")
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY_SECONDS)

    async def _watch(self, kept: _Kept, process: asyncio.subprocess.Process) -> int:
        """Wait until ``process`` ends, noting on the way when it came to work; return its exit code."""
        ended = asyncio.create_task(process.wait())
        try:
            while not ended.done() and not kept.program.is_ready(process.pid):
                await asyncio.wait({ended}, timeout=_POLL_SECONDS)
            if not ended.done():
                kept.ready.set()
                log.info("ready", instance=kept.program.name, pid=process.pid)
            return await ended
        finally:
            ended.cancel()

    async def _require_ready(self, kept: _Kept) -> None:
        waiting = [asyncio.create_task(event.wait()) for event in (kept.ready, kept.gave_up)]
        try:
            done, _ = await asyncio.wait(waiting, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        log_file = self._logs / f"{kept.program.name}.log"
        if not done:
            raise StartFailedError(kept.program.name, f"did not come to work within {READY_SECONDS:.0f} s", log_file)
        if waiting[0] not in done:
            raise StartFailedError(kept.program.name, "cannot be started", log_file)

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(_LOG_CHECK_SECONDS)
            for kept in self._all():
                bound_log(self._logs / f"{kept.program.name}.log")

    def _all(self) -> list[_Kept]:
        return [kept for group in self._groups for kept in group]

    def _pid_file(self, kept: _Kept) -> Path:
        return self._run / f"{kept.program.name}.pid"


def _describe(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
