# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Denials: the first at once, the rest as a number, nothing without bound."""

import asyncio
from uuid import UUID

import psycopg
import pytest

from vaka.clock import TurnedClock
from vaka.database.connections import DatabaseUnavailableError
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.web.denials import LARGEST_MEMORY, WINDOW_SECONDS, Denial, Denials, Teller

SESSION, AUTHORITY = UUID(int=1), UUID(int=2)


def denial(actor: str = "account:1", address: str = "/bulk", authority: UUID | None = None) -> Denial:
    return Denial(actor, SESSION, address, "GET", "desk.bulk_close", authority)


def test_the_first_is_written_at_once_and_the_rest_as_a_number(clock: TurnedClock) -> None:
    denials = Denials(clock, "desk")
    [(place, entry)] = denials.note(denial(authority=AUTHORITY))
    assert place == AUTHORITY
    assert (entry.event, entry.actor, entry.object) == (Event.ACCESS_DENIED, "account:1", "process:desk")
    assert not entry.succeeded
    assert (entry.detail["reason"], entry.detail["address"], entry.detail["count"]) == ("desk.bulk_close", "/bulk", 1)
    for _ in range(500):
        assert denials.note(denial(authority=AUTHORITY)) == []
    clock.turn(WINDOW_SECONDS)
    counted, anew = denials.note(denial(authority=AUTHORITY))
    assert (counted[0], counted[1].detail["count"]) == (AUTHORITY, 500)
    assert anew[1].detail["count"] == 1


def test_others_and_other_doors_are_told_apart(clock: TurnedClock) -> None:
    denials = Denials(clock, "desk")
    for other in (denial(), denial(actor="account:2"), denial(address="/history"), denial(authority=AUTHORITY)):
        assert len(denials.note(other)) == 1


def test_what_one_was_denied_is_told_when_another_is_denied_later(clock: TurnedClock) -> None:
    denials = Denials(clock, "desk")
    denials.note(denial())
    denials.note(denial())
    clock.turn(WINDOW_SECONDS)
    told = [(entry.actor, entry.detail["count"]) for _, entry in denials.note(denial(actor="account:2"))]
    assert told == [("account:1", 1), ("account:2", 1)]


def test_however_many_doors_are_tried_memory_is_bounded_and_no_count_lost(clock: TurnedClock) -> None:
    denials = Denials(clock, "desk")
    told = 0
    for number in range(LARGEST_MEMORY + 500):
        for _ in range(2):
            told += sum(int(entry.detail["count"] or 0) for _, entry in denials.note(denial(address=f"/{number}")))
    assert len(denials._windows) <= LARGEST_MEMORY
    clock.turn(WINDOW_SECONDS)
    told += sum(int(entry.detail["count"] or 0) for _, entry in denials.note(denial(address="/last")))
    assert told == 2 * (LARGEST_MEMORY + 500) + 1


@pytest.mark.anyio
async def test_what_is_counted_is_told_when_its_minute_is_over_though_nobody_comes_again(clock: TurnedClock) -> None:
    told: list[tuple[UUID | None, int]] = []
    over = asyncio.Event()

    async def write(authority: UUID | None, entry: Entry) -> None:
        told.append((authority, int(entry.detail["count"] or 0)))

    teller = Teller(Denials(clock, "desk"), write, wait=lambda: _passed(over))
    for _ in range(7):
        await teller.tell(denial(authority=AUTHORITY))
    assert told == [(AUTHORITY, 1)]
    clock.turn(WINDOW_SECONDS)
    over.set()
    while len(told) < 2:
        await asyncio.sleep(0)
    assert told == [(AUTHORITY, 1), (AUTHORITY, 6)]


@pytest.mark.anyio
async def test_what_is_counted_when_the_process_ends_is_written_then(clock: TurnedClock) -> None:
    told: list[tuple[str, int]] = []

    async def write(authority: UUID | None, entry: Entry) -> None:
        told.append((str(entry.detail["address"]), int(entry.detail["count"] or 0)))

    teller = Teller(Denials(clock, "desk"), write)
    for address, times in (("/a", 4), ("/b", 1), ("/c", 2)):
        for _ in range(times):
            await teller.tell(denial(address=address))
    await teller.close()
    assert told == [("/a", 1), ("/b", 1), ("/c", 1), ("/a", 3), ("/c", 1)]
    await teller.close()
    assert len(told) == 5


@pytest.mark.anyio
@pytest.mark.parametrize("fault", [DatabaseUnavailableError(), psycopg.errors.RaiseException(), OSError()])
async def test_no_fault_ends_the_counting_or_takes_the_others_with_it(clock: TurnedClock, fault: Exception) -> None:
    over, told, faults = asyncio.Event(), [], [fault]

    async def write(authority: UUID | None, entry: Entry) -> None:
        if entry.detail["count"] == 2 and faults:
            raise faults.pop()
        told.append((entry.detail["address"], entry.detail["count"]))

    teller = Teller(Denials(clock, "desk"), write, wait=lambda: _passed(over))
    for address, times in (("/a", 3), ("/b", 4)):
        for _ in range(times):
            await teller.tell(denial(address=address))
    clock.turn(WINDOW_SECONDS)
    over.set()
    while len(told) < 3:
        await asyncio.sleep(0)
    assert told == [("/a", 1), ("/b", 1), ("/b", 3)]


@pytest.mark.anyio
async def test_a_count_that_cannot_be_written_stops_nothing(clock: TurnedClock) -> None:
    over, tried = asyncio.Event(), []

    async def write(authority: UUID | None, entry: Entry) -> None:
        tried.append(entry.detail["count"])
        if len(tried) == 2:
            raise DatabaseUnavailableError

    teller = Teller(Denials(clock, "desk"), write, wait=lambda: _passed(over))
    for _ in range(3):
        await teller.tell(denial())
    clock.turn(WINDOW_SECONDS)
    over.set()
    while len(tried) < 2:
        await asyncio.sleep(0)
    clock.turn(WINDOW_SECONDS)
    await teller.tell(denial())
    assert tried == [1, 2, 1]


async def _passed(event: asyncio.Event) -> None:
    await event.wait()
