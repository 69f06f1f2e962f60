# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who may hold a connection when there are many, and who gives way. No socket, no database."""

from dataclasses import dataclass, field

import pytest

from vaka.clock import TurnedClock
from vaka.receiver.counters import Counters, Reason
from vaka.receiver.limits import Limits
from vaka.receiver.listeners import Admission
from vaka.receiver.streams import Patience, StreamFlow, StreamHandlers
from vaka.receiver.surroundings import Surroundings


@dataclass
class Door:
    """An admission, and guests who come from addresses of our choosing."""

    clock: TurnedClock
    total: int = 100
    per_source: int = 100
    shown_out: list[StreamFlow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admission = Admission(self.total, self.per_source, 5.0)
        self._around = Surroundings(self.clock, Limits(), Counters())

    def guest(self, host: str = "198.51.100.7") -> StreamFlow:
        """Somebody who has not yet asked to come in."""
        door = self

        class Guest(StreamFlow):
            def drop(self, reason: Reason) -> None:
                assert reason is Reason.MADE_ROOM
                door.shown_out.append(self)

        def ignore(*_: object) -> None: ...

        handlers = StreamHandlers(ignore, ignore, ignore)
        return Guest((host, 40_000), "tcp", handlers, Patience(Limits()), self._around)

    def let_in(self, host: str = "198.51.100.7") -> StreamFlow:
        """Somebody who gets in."""
        guest = self.guest(host)
        assert self.admission.enter(guest) is None
        return guest


def test_so_many_in_all_and_of_one_address(clock: TurnedClock) -> None:
    door = Door(clock, total=4, per_source=2)
    first, _ = [door.let_in("198.51.100.7") for _ in range(2)]
    assert door.admission.enter(door.guest("198.51.100.7")) is Reason.SOURCE_LIMIT
    _, last = [door.let_in("198.51.100.8") for _ in range(2)]
    assert door.admission.enter(door.guest("198.51.100.9")) is Reason.CONNECTION_LIMIT
    assert door.admission.count == 4
    for _ in range(2):  # going twice frees one place
        door.admission.leave(last)
    assert door.admission.count == 3
    door.let_in("198.51.100.9")
    door.admission.leave(first)
    door.let_in("198.51.100.7")
    assert door.shown_out == []


@pytest.mark.parametrize(
    ("hosts", "refused"),
    [
        (["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3"], True),
        (["2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"], False),
        (["::ffff:198.51.100.7", "198.51.100.7", "::ffff:198.51.100.7"], True),
        (["198.51.100.7", "198.51.100.8", "198.51.100.9"], False),
    ],
    ids=["one IPv6 network", "three networks", "IPv4 in both forms", "three addresses"],
)
def test_an_ipv6_network_is_one_source(clock: TurnedClock, hosts: list[str], refused: bool) -> None:
    door = Door(clock, per_source=2)
    door.let_in(hosts[0])
    door.let_in(hosts[1])
    assert (door.admission.enter(door.guest(hosts[2])) is Reason.SOURCE_LIMIT) is refused


@pytest.mark.parametrize(("total", "per_source"), [(3, 100), (100, 3)], ids=["in all", "from one address"])
def test_who_has_proved_nothing_gives_way_the_longest_first(clock: TurnedClock, total: int, per_source: int) -> None:
    door = Door(clock, total, per_source)
    proven = door.let_in()
    door.admission.keep(proven)
    silent = []
    for _ in range(2):
        clock.turn(1)
        silent.append(door.let_in())
    clock.turn(3.9)
    assert door.admission.enter(door.guest()) is not None, "all have had too little time"
    clock.turn(0.1)
    newcomer = door.let_in()
    assert door.shown_out == silent[:1]
    assert door.admission.enter(door.guest()) is not None
    clock.turn(1)
    door.let_in()
    assert door.shown_out == silent
    assert door.admission.count == 3
    for flow in silent:  # their ends are heard of later, and free nothing more
        door.admission.leave(flow)
    assert door.admission.count == 3
    door.admission.keep(newcomer)
    clock.turn(60)
    door.let_in()
    assert door.admission.enter(door.guest()) is not None, "the only one left to go has just come"
    assert proven not in door.shown_out
    assert newcomer not in door.shown_out


def test_those_of_other_sources_do_not_give_way_for_one_that_has_its_share(clock: TurnedClock) -> None:
    door = Door(clock, per_source=1)
    door.let_in("198.51.100.7")
    clock.turn(10)
    door.admission.keep(door.let_in("198.51.100.8"))
    clock.turn(10)
    assert door.admission.enter(door.guest("198.51.100.8")) is Reason.SOURCE_LIMIT
    assert door.shown_out == []


def test_nothing_is_kept_of_those_who_left(clock: TurnedClock) -> None:
    door = Door(clock)
    guests = [door.let_in(f"198.51.100.{number}") for number in range(50)]
    for guest in guests[::2]:
        door.admission.keep(guest)
    for guest in guests:
        door.admission.leave(guest)
        door.admission.keep(guest)
    admission = door.admission
    assert admission.count == 0
    assert not admission._inside
    assert not admission._unproven
    assert not admission._unproven_of
