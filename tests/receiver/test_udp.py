# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is read first, and how much is laid aside, when more datagrams come than can be read. Real sockets."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from typing import Any

import pytest

from tests.receiver.conftest import TurnableClock
from tests.receiver.devices import HOST, message, mrq
from tests.waiting import wait_until
from vaka.receiver.counters import Counters, Reason
from vaka.receiver.limits import Limits
from vaka.receiver.surroundings import Surroundings
from vaka.receiver.udp import UdpFlow, UdpListener

pytestmark = pytest.mark.anyio


class Ear:
    """A listening socket that keeps what it hears, in the order in which it is read."""

    def __init__(self, clock: TurnableClock, **limits: Any) -> None:
        self.heard: list[bytes] = []
        self.flows: list[UdpFlow] = []
        self.do: Callable[[UdpFlow], None] = lambda flow: flow.settle(b"200")
        """What is done with each."""
        self.counters = Counters()
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        opened.bind((HOST, 0))
        self._place = opened.getsockname()
        self.listener = UdpListener(
            opened, self._hear, lambda _: None, Surroundings(clock, Limits(**limits), self.counters)
        )
        self._mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def say(self, *datagrams: bytes) -> None:
        """Put datagrams into the kernel's buffer, all before any of them is read."""
        for datagram in datagrams:
            self._mouth.sendto(datagram, self._place)

    def close(self) -> None:
        """Stop listening."""
        self.listener.stop_reading()
        self.listener.close()
        self._mouth.close()

    def _hear(self, datagram: bytes, flow: UdpFlow) -> None:
        self.heard.append(datagram)
        self.flows.append(flow)
        self.do(flow)


@pytest.fixture
async def listen(turnable: TurnableClock) -> AsyncIterator[Callable[..., Ear]]:
    """A function that opens an Ear: ``listen(postponed_bytes=…)``."""
    with ExitStack() as stack:

        def open_ear(**limits: Any) -> Ear:
            ear = Ear(turnable, **limits)
            stack.callback(ear.close)
            return ear

        yield open_ear


def numbered(count: int, filling: int = 0, **fields: str) -> list[bytes]:
    """So many different messages of one kind."""
    return [
        message("4711", mrq("4711", ref=str(number), dte="x" * filling, **fields)) for number in range(1, count + 1)
    ]


async def test_an_alarm_behind_heartbeats_and_tests_is_read_before_them(listen: Callable[..., Ear]) -> None:
    ear = listen(postponed_seconds=60.0)
    beats, tests, signals, alarms = numbered(60, mty="PI"), numbered(60, stc="102"), numbered(30, stc="83"), numbered(5)
    ear.say(*beats, *tests, *signals, *alarms)
    await wait_until(lambda: len(ear.heard) == 155)
    assert ear.heard[:5] == alarms
    assert ear.heard[5:] == beats + tests + signals, "and nothing is lost, in the order in which it came"


async def test_an_alarm_behind_faults_is_read_before_them(listen: Callable[..., Ear]) -> None:
    ear = listen(postponed_seconds=60.0)
    faults, ends, alarms = numbered(60, stc="85"), numbered(60, mty="IN", stc="86"), numbered(5)
    ear.say(*faults, *ends, *alarms)
    await wait_until(lambda: len(ear.heard) == 125)
    assert ear.heard[:5] == alarms
    assert ear.heard[5:] == faults + ends, "a fault before its end"


async def test_faults_and_tests_take_turns_among_themselves(listen: Callable[..., Ear]) -> None:
    """Neither a flood of tests nor one of faults keeps the other from being read."""
    ear = listen(postponed_seconds=60.0, postponed=50)
    tests, faults, late = numbered(200, stc="102"), numbered(10, stc="85"), numbered(10, mty="PI")
    ear.say(*tests, *faults, *late)
    await wait_until(lambda: len(ear.heard) + ear.counters.refusals[Reason.POSTPONED_DROPPED] == 220)
    assert set(faults) < set(ear.heard[:20])
    assert ear.counters.refusals[Reason.POSTPONED_DROPPED] == 160


async def test_what_is_written_oddly_is_read_at_once(listen: Callable[..., Ear]) -> None:
    """The status that is found first is not the one that counts: a life alarm, and nobody can tell without reading."""
    ear = listen(postponed_seconds=60.0)
    odd = [
        message("4711", body)
        for body in (
            b"<mrq><ref>1</ref><cid>4711</cid><STC>10</STC><stc>85</stc></mrq>",
            b"<mrq><ref>1</ref><cid>4711</cid><ite><![CDATA[<stc>85</stc>]]></ite><stc>10</stc></mrq>",
            b"<mrq><ref>1</ref><cid>4711</cid><!-- <mty>PI</mty> --><stc>10</stc></mrq>",
        )
    ]
    odd.append(message("4711", mrq("4711"), headers=(("Subject", "<mrq><stc>85</stc></mrq>"),)))
    faults = numbered(60, stc="85")
    ear.say(*faults, *odd)
    await wait_until(lambda: len(ear.heard) == 64)
    assert ear.heard[:4] == odd


async def test_alarms_that_keep_coming_do_not_starve_what_waits(listen: Callable[..., Ear]) -> None:
    ear = listen(postponed_seconds=60.0, urgent_at_once=4, postponed_at_once=4)
    beats, alarms = numbered(40, mty="PI"), numbered(200)
    ear.say(*beats, *alarms)
    await wait_until(lambda: len(ear.heard) == 240)
    assert ear.heard[:4] == alarms[:4]
    assert set(beats) < set(ear.heard[:100]), "turn and turn about"


@pytest.mark.parametrize(
    ("limits", "filling", "kept"),
    [({"postponed": 10}, 0, 10), ({"postponed_bytes": 20_000}, 400, None), ({"postponed_bytes": 0}, 0, 0)],
    ids=["by number", "by size", "none"],
)
async def test_what_is_laid_aside_is_bounded_and_the_oldest_goes(
    listen: Callable[..., Ear], limits: dict[str, Any], filling: int, kept: int | None
) -> None:
    ear = listen(postponed_seconds=60.0, **limits)
    beats = numbered(100, filling, mty="PI")
    if kept is None:
        kept = limits["postponed_bytes"] // len(beats[-1])
    ear.say(*beats)
    await wait_until(lambda: len(ear.heard) + ear.counters.refusals[Reason.POSTPONED_DROPPED] == 100)
    assert ear.heard == beats[100 - kept :]
    assert all(row._bytes == 0 for row in ear.listener._postponed.values())


async def test_what_has_waited_too_long_is_dropped_unread(listen: Callable[..., Ear], turnable: TurnableClock) -> None:
    def take_long(flow: UdpFlow) -> None:
        turnable.ahead_seconds += 0.3

    ear, beats = listen(postponed_at_once=1), numbered(10, mty="PI")
    ear.do = take_long
    ear.say(*beats)
    await wait_until(lambda: len(ear.heard) + ear.counters.refusals[Reason.POSTPONED_DROPPED] == 10)
    assert ear.heard == beats[:2]
    assert all(row._bytes == 0 for row in ear.listener._postponed.values())


async def test_an_answer_given_later_stands_longer(listen: Callable[..., Ear], turnable: TurnableClock) -> None:
    """One that was stored first is remembered as long as copies may come; one given at once for four seconds."""
    ear = listen()
    beat, alarm, last = numbered(3)
    ear.say(beat)
    await wait_until(lambda: len(ear.heard) == 1)
    ear.do = lambda _: None
    ear.say(alarm)
    await wait_until(lambda: len(ear.heard) == 2)
    ear.flows[-1].settle(b"200")
    turnable.ahead_seconds += 5
    ear.say(alarm, beat, last)
    await wait_until(lambda: last in ear.heard)
    assert ear.heard == [beat, alarm, beat, last]
