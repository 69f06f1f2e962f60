# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What somebody signed in asked for and was not allowed: an entry at once, and no more than one a minute of each kind.

A page that asks again and again, or a script that tries every door, must not fill the ledger. The first denial of an
account at an address is written before it is answered; those that follow within a minute are counted, and stand as a
number in the next entry. What is counted when the process ends is written then.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog

from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.logs import describe_error
from vaka.web.routes import Address

WINDOW_SECONDS = 60.0
LARGEST_MEMORY = 2_000
"""Kinds remembered; the oldest is written and forgotten."""

CLOSING_SECONDS = 2.0
"""How long the end of the process waits for what is counted to be written."""

Write = Callable[[UUID | None, Entry], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Denial:
    """One kind of denial."""

    actor: str
    session: UUID
    address: str
    """The address as the route table has it, never as the browser asked."""
    methods: str
    reason: str
    """The permission that the address takes."""
    authority: UUID | None
    """The authority of ours that the address named: it stands in its ledger. None: in the platform's."""


@dataclass(slots=True)
class _Window:
    began: float
    uncounted: int = 0


def name_need(address: Address) -> str:
    """Return the permission that an address takes, as entries name it."""
    return str(address.needs.value)


class Denials:
    """Remembers what was written lately."""

    def __init__(self, clock: Clock, process: str) -> None:
        self._clock = clock
        self._object = f"process:{process}"
        self._windows: OrderedDict[Denial, _Window] = OrderedDict()

    def note(self, denial: Denial) -> list[tuple[UUID | None, Entry]]:
        """Return the entries that are to be written now, each with the authority whose ledger it belongs to."""
        now = self._clock.monotonic()
        entries = list(self._forget(now))
        window = self._windows.get(denial)
        if window is None:
            self._windows[denial] = _Window(now)
            entries.append(self._entry(denial, 1))
        else:
            window.uncounted += 1
        return entries

    def take_counted(self) -> list[tuple[UUID | None, Entry]]:
        """Return what was counted in windows that are over, though nobody has been denied anything since."""
        return list(self._forget(self._clock.monotonic()))

    def take_everything(self) -> list[tuple[UUID | None, Entry]]:
        """Return all that was counted, and forget all windows."""
        windows, self._windows = self._windows, OrderedDict()
        return [self._entry(denial, window.uncounted) for denial, window in windows.items() if window.uncounted]

    @property
    def has_counted(self) -> bool:
        """Whether something is counted that no entry tells yet."""
        return any(window.uncounted for window in self._windows.values())

    def _forget(self, now: float) -> Iterator[tuple[UUID | None, Entry]]:
        """Drop windows that are over, the oldest first, and tell what was counted in them."""
        while self._windows:
            denial, window = next(iter(self._windows.items()))
            if now - window.began < WINDOW_SECONDS and len(self._windows) < LARGEST_MEMORY:
                return
            del self._windows[denial]
            if window.uncounted:
                yield self._entry(denial, window.uncounted)

    def _entry(self, denial: Denial, count: int) -> tuple[UUID | None, Entry]:
        facts: dict[str, str | int | bool | None] = {
            "reason": denial.reason, "address": denial.address, "methods": denial.methods,
            "session": str(denial.session), "count": count,
        }  # fmt: skip
        now = self._clock.now()
        return denial.authority, Entry(
            Event.ACCESS_DENIED, denial.actor, now, self._object, succeeded=False, detail=facts
        )


class Teller:
    """Writes denials where they belong: the first at once, what is counted after it when its minute is over."""

    def __init__(self, denials: Denials, write: Write, wait: Callable[[], Awaitable[None]] | None = None) -> None:
        """``write`` enters one in an authority's ledger, with None in the platform's; ``wait`` waits for a minute."""
        self._denials = denials
        self._write = write
        self._wait = wait or _wait_for_a_minute
        self._later: asyncio.Task[None] | None = None

    async def tell(self, denial: Denial) -> None:
        """Write what is to be written now. Raises what ``write`` does: what cannot be told is not answered."""
        for authority, entry in self._denials.note(denial):
            await self._write(authority, entry)
        if self._denials.has_counted and self._later is None:
            self._later = asyncio.create_task(self._tell_later())

    async def _tell_later(self) -> None:
        try:
            while self._denials.has_counted:
                await self._wait()
                await self._write_counted(self._denials.take_counted())
        finally:
            self._later = None

    async def close(self) -> None:
        """Write what is counted, for nobody comes any more; give up after CLOSING_SECONDS."""
        if self._later is not None:
            self._later.cancel()
            await asyncio.wait([self._later])
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._write_counted(self._denials.take_everything())
        except TimeoutError as error:
            log.warning("denials not counted", **describe_error(error))

    async def _write_counted(self, counted: list[tuple[UUID | None, Entry]]) -> None:
        for authority, entry in counted:
            try:
                await self._write(authority, entry)
            # Whatever it is: the first of its kind is in the ledger, how many followed is lost, the others are not.
            except Exception as error:
                log.warning("denials not counted", **describe_error(error))


@asynccontextmanager
async def telling(clock: Clock, process: str, write: Write) -> AsyncIterator[Teller]:
    """Return who tells of denials by ``write``; at the end of the block what is counted is written."""
    teller = Teller(Denials(clock, process), write)
    try:
        yield teller
    finally:
        await teller.close()


@asynccontextmanager
async def open_platform_teller(clock: Clock, process: str, platform: Pool) -> AsyncIterator[Teller]:
    """Return who tells of denials of a process that has no authority's database: all stand in the platform's log."""

    async def write(_authority: UUID | None, entry: Entry) -> None:
        async with transaction(platform) as connection:
            await append(connection, entry)

    async with telling(clock, process, write) as teller:
        yield teller


async def _wait_for_a_minute() -> None:
    await asyncio.sleep(WINDOW_SECONDS)
