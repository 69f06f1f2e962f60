# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Makes the devices do what a timetable says, in time, and shows how it goes."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress

from vaka.simulate.device import Outcome
from vaka.simulate.fleet import Fleet
from vaka.simulate.timetable import Event

MOST_AT_ONCE = 20_000
"""Reports under way; a receiver that no longer answers must not fill our memory."""
STOP_SECONDS = 2.0


async def follow(
    fleet: Fleet, timetable: Iterator[Event], *, stop: asyncio.Event, seen: Callable[[Outcome], None] = lambda _: None
) -> None:
    """Return when the last report of the timetable is done, or soon after ``stop`` was set.

    Raises VakaError where a device cannot be set up as its record says.
    """
    clock = fleet.clock
    begun = clock.monotonic()
    turns = asyncio.Semaphore(MOST_AT_ONCE)
    under_way: set[asyncio.Task[None]] = set()
    failures: list[Exception] = []

    async def send(event: Event) -> None:
        try:
            seen(await fleet.device(event.device).report(event.report))
        except Exception as error:
            failures.append(error)
            stop.set()
        finally:
            turns.release()

    try:
        for event in timetable:
            while (early := event.at - (clock.monotonic() - begun)) > 0 and not stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), early)
            if stop.is_set():
                break
            await turns.acquire()
            task = asyncio.create_task(send(event))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await _finish(under_way, stop)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
    if failures:
        raise failures[0]


async def _finish(under_way: "set[asyncio.Task[None]]", stop: asyncio.Event) -> None:
    """Wait for what is under way; after ``stop`` only as long as an answer may reasonably take."""
    if not under_way:
        return
    everything = asyncio.create_task(asyncio.wait(under_way))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((everything, stopped), return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait((everything,), timeout=STOP_SECONDS)
    everything.cancel()
    stopped.cancel()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Ctrl-C, or the supervisor, ends a run in order; a second one at once."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):

        def ask_to_stop(number: int = number) -> None:
            stop.set()
            loop.remove_signal_handler(number)

        loop.add_signal_handler(number, ask_to_stop)
