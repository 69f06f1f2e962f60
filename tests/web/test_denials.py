# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Denials: the first at once, the rest as a number, nothing without bound."""

from uuid import UUID

from vaka.clock import TurnedClock
from vaka.ledger.events import Event
from vaka.web.denials import LARGEST_MEMORY, WINDOW_SECONDS, Denial, Denials

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
