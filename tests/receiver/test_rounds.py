# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whose turn it is when connections are full of messages. Real sockets; all is sent before any of it is read."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.receiver.conftest import TurnableClock
from tests.receiver.devices import HOST, message, mrq
from tests.waiting import wait_until
from vaka.receiver.counters import Counters, Reason
from vaka.receiver.limits import Limits
from vaka.receiver.listeners import Admission, StreamListener
from vaka.receiver.rounds import Row, Waiting
from vaka.receiver.sockets import open_stream_socket
from vaka.receiver.streams import Patience, StreamFlow, StreamHandlers
from vaka.receiver.surroundings import Surroundings
from vaka.sip.framing import Framer
from vaka.sip.message import Request

pytestmark = pytest.mark.anyio

ALARM: dict[str, str] = {}
BEAT, TEST, FAULT, SIGNAL = {"mty": "PI"}, {"stc": "102"}, {"stc": "85"}, {"stc": "83"}


class Ears:
    """A listening socket that keeps what it hears, in the order in which it is heard."""

    def __init__(self, clock: TurnableClock, **limits: Any) -> None:
        self.heard: list[tuple[int, str]] = []
        """Port and kind of each message."""
        self.flows: dict[int, StreamFlow] = {}
        self.moments: Counter[int] = Counter()
        """How many were heard in each turn of the event loop."""
        self.answer = True
        self._moment = 0
        bounds = Limits(**limits)
        around = Surroundings(clock, bounds, Counters())
        opened = open_stream_socket(HOST, 0, "TCP")
        self._place = opened.getsockname()
        self.patience = Patience(bounds)
        handlers = StreamHandlers(self._hear, lambda _: None, lambda error, flow: None)
        self.guests = Admission(bounds.connections, bounds.connections_per_source, bounds.unproven_seconds)
        self._listener = StreamListener(opened, None, handlers, self.patience, self.guests, around)
        self._mouths: list[socket.socket] = []
        self._count()

    async def connect(self, count: int, source: str = HOST) -> list[socket.socket]:
        """So many connections, all taken in."""
        mouths = [socket.create_connection(self._place, source_address=(source, 0)) for _ in range(count)]
        self._mouths += mouths
        await wait_until(lambda: len(self._listener.flows) == len(self._mouths))
        await wait_until(lambda: all(flow.is_open for flow in self._listener.flows))
        self.flows = {flow.source[1]: flow for flow in self._listener.flows}
        return mouths

    async def close(self) -> None:
        """Stop listening."""
        await self._listener.stop_accepting()
        self._listener.close()
        for mouth in self._mouths:
            mouth.close()
        self._ticking.cancel()

    def _count(self) -> None:
        self._moment += 1
        self._ticking = asyncio.get_running_loop().call_soon(self._count)

    def _hear(self, request: Request, flow: StreamFlow) -> None:
        self.heard.append((flow.source[1], request.call_id))
        self.moments[self._moment] += 1
        if self.answer:
            flow.settle(b"200")


@pytest.fixture
async def listen(turnable: TurnableClock) -> AsyncIterator[Callable[..., Ears]]:
    """A function that opens Ears: ``listen(device_turns=…)``."""
    async with AsyncExitStack() as stack:

        def open_ears(**limits: Any) -> Ears:
            ears = Ears(turnable, **limits)
            stack.push_async_callback(ears.close)
            return ears

        yield open_ears


def many(count: int, name: str, fields: dict[str, str]) -> bytes:
    """So many messages of one kind, one after the other."""
    return b"".join(message("4711", mrq("4711", **fields), transport="TCP", call_id=name) for _ in range(count))


def port(mouth: socket.socket) -> int:
    """Where a connection comes from."""
    return int(mouth.getsockname()[1])


async def test_connections_take_turns_message_by_message(listen: Callable[..., Ears]) -> None:
    ears = listen(stranger_messages=1_000)
    mouths = await ears.connect(10)
    for mouth in mouths:
        mouth.sendall(many(25, "alarm", ALARM))
    await wait_until(lambda: len(ears.heard) == 250)
    assert Counter(source for source, _ in ears.heard) == dict.fromkeys(map(port, mouths), 25)
    said: Counter[int] = Counter()
    for source, _ in ears.heard[:100]:
        said[source] += 1
    assert max(said.values()) - min(said.values()) <= 2, "nobody is far ahead of another"


@pytest.mark.parametrize("fields", [ALARM, BEAT], ids=["alarms", "heartbeats"])
async def test_no_more_is_heard_at_once_than_others_can_wait_for(
    listen: Callable[..., Ears], fields: dict[str, str]
) -> None:
    ears = listen(device_turns=4, stranger_turns=3, patient_turns=2)
    for mouth in await ears.connect(60):
        mouth.sendall(many(5, "x", fields))
    await wait_until(lambda: len(ears.heard) == 300)
    # A round, and what is heard at once between it and the next.
    assert max(ears.moments.values()) <= 2 * (4 + 3 + 2)
    assert len(ears.patience.rounds) == 0


@pytest.mark.parametrize("fields", [BEAT, TEST, FAULT, SIGNAL], ids=["heartbeats", "tests", "faults", "signals"])
async def test_an_alarm_is_heard_before_what_is_none_of_other_connections(
    listen: Callable[..., Ears], fields: dict[str, str]
) -> None:
    ears = listen(stranger_turns=8, technical_turns=1, patient_turns=1)
    *others, mine = await ears.connect(61)
    for mouth in others:
        mouth.sendall(many(5, "beat", fields))
    mine.sendall(many(1, "alarm", ALARM))
    await wait_until(lambda: len(ears.heard) == 301)
    # In the eighth round, at the latest, it is looked at; one of the others is heard in each.
    assert ears.heard.index((port(mine), "alarm")) < 30


async def test_a_fault_is_heard_while_other_connections_are_full_of_tests(listen: Callable[..., Ears]) -> None:
    ears = listen(stranger_turns=8, technical_turns=1, patient_turns=1)
    *others, mine = await ears.connect(61)
    for mouth in others:
        mouth.sendall(many(5, "test", TEST))
    mine.sendall(many(1, "fault", FAULT))
    await wait_until(lambda: len(ears.heard) == 301)
    assert ears.heard.index((port(mine), "fault")) < 30


async def test_who_has_said_much_and_proved_nothing_gains_no_turn_by_a_fault(listen: Callable[..., Ears]) -> None:
    ears = listen(stranger_messages=1)
    [mouth] = await ears.connect(1)
    mouth.sendall(many(1, "alarm", ALARM))
    await wait_until(lambda: len(ears.heard) == 1)
    flow = ears.flows[port(mouth)]
    flow._next = next(iter(Framer().feed(many(1, "fault", FAULT))))
    assert flow.look() is Row.PATIENT
    flow.note_proof()
    assert flow.look() is Row.TECHNICAL


async def test_who_says_much_and_proves_nothing_waits_for_who_has(listen: Callable[..., Ears]) -> None:
    ears = listen(stranger_messages=3, device_turns=2, stranger_turns=2, patient_turns=1)
    *others, mine = await ears.connect(11)
    ears.flows[port(mine)].note_proof()
    for mouth in others:
        mouth.sendall(many(25, "stranger", ALARM))
    mine.sendall(many(25, "device", ALARM))
    await wait_until(lambda: len(ears.heard) == 275)
    last = max(place for place, (source, _) in enumerate(ears.heard) if source == port(mine))
    assert last < 100
    first = [place for place, (source, _) in enumerate(ears.heard) if source == port(others[0])]
    assert first[2] < 80, "a stranger's first messages are as good as anybody's"


async def test_alarms_that_keep_coming_do_not_starve_what_waits(listen: Callable[..., Ears]) -> None:
    ears = listen(device_turns=4, patient_turns=1)
    beating, *others = await ears.connect(8)
    for flow in ears.flows.values():
        flow.note_proof()
    for mouth in others:
        mouth.sendall(many(25, "alarm", ALARM))
    beating.sendall(many(10, "beat", BEAT))
    await wait_until(lambda: len(ears.heard) == 185)
    assert ears.heard.index((port(beating), "beat")) < 60


async def test_what_was_sent_is_heard_though_its_sender_is_gone(listen: Callable[..., Ears]) -> None:
    ears = listen(stranger_turns=1, patient_turns=1)
    ears.answer = False  # so it is soon full, and reads on only when somebody has been answered
    for mouth in await ears.connect(5):
        mouth.sendall(many(20, "alarm", ALARM))
        mouth.close()
    await wait_until(lambda: len(ears.heard) >= 5 * 16)
    await asyncio.sleep(0.05)
    assert len(ears.heard) == 5 * 16, "no further than can be answered"
    ears.answer = True
    for flow in ears.flows.values():
        for _ in range(16):
            flow.settle(b"200")
    await wait_until(lambda: len(ears.heard) == 100)
    await wait_until(lambda: ears.guests.count == 0)
    assert ears.patience.unfinished.size == 0
    assert (len(ears.patience.unfinished), len(ears.patience.rounds)) == (0, 0)


async def test_a_fault_of_ours_costs_one_connection_and_no_other_its_turn(listen: Callable[..., Ears]) -> None:
    ears = listen()
    bad, good = await ears.connect(2)

    class BrokenError(Exception):
        pass

    def fail() -> None:
        raise BrokenError

    ears.flows[port(bad)].speak = fail  # type: ignore[method-assign]
    bad.sendall(many(5, "bad", ALARM))
    good.sendall(many(25, "good", ALARM))
    await wait_until(lambda: len(ears.heard) == 25)
    await wait_until(lambda: ears.guests.count == 1)
    assert {name for _, name in ears.heard} == {"good"}


class Mouth:
    """Somebody who waits."""

    def __init__(self, share: str, name: int) -> None:
        self.share, self.name = share, name
        self.row, self.is_done = Row.STRANGER, False

    def look(self) -> Row | None:
        return self.row

    def speak(self) -> None: ...
    def wait(self) -> None: ...
    def rest(self) -> None: ...
    def drop(self, reason: Reason) -> None: ...


def test_a_network_with_many_connections_keeps_no_other_waiting() -> None:
    waiting = Waiting(is_shared=True)
    for name in range(4_000):
        waiting.append(Mouth("192.0.2.1", name))
    waiting.append(Mouth("198.51.100.7", 0))
    waiting.append(Mouth("203.0.113.9", 0))
    waiting.append(Mouth("198.51.100.7", 1))
    order = [waiting.popleft() for _ in range(6)]
    assert [mouth.share for mouth in order] == [
        "192.0.2.1", "198.51.100.7", "203.0.113.9", "192.0.2.1", "198.51.100.7", "192.0.2.1"
    ]  # fmt: skip
    names = [mouth.name for mouth in order if isinstance(mouth, Mouth)]
    assert names == [0, 0, 0, 1, 1, 2], "each network's own in the order in which they came"
    assert len(waiting) == 3_997
    while waiting:
        waiting.popleft()


def test_those_that_have_proved_themselves_share_with_nobody() -> None:
    waiting = Waiting(is_shared=False)
    mouths = [Mouth("192.0.2.1", 1), Mouth("192.0.2.1", 2), Mouth("198.51.100.7", 3)]
    for mouth in mouths:
        waiting.append(mouth)
    assert [waiting.popleft() for _ in mouths] == mouths


async def test_a_new_connection_is_heard_next_though_another_address_has_hundreds(
    listen: Callable[..., Ears],
) -> None:
    """From two addresses of the loopback network; the one with many has said everything before the other comes."""
    ears = listen(stranger_messages=1_000, connections_per_source=1_000, stranger_turns=2)
    crowd = await ears.connect(300)
    for mouth in crowd:
        mouth.sendall(many(20, "crowd", ALARM))
    await wait_until(lambda: len(ears.heard) > 100)
    [alone] = await ears.connect(1, source="127.0.0.2")
    heard = len(ears.heard)
    alone.sendall(many(3, "alone", ALARM))
    await wait_until(lambda: [name for _, name in ears.heard].count("alone") == 3)
    names = [name for _, name in ears.heard]
    last = len(names) - 1 - names[::-1].index("alone")
    assert last < 300 * 20 - 1, "before the crowd has finished"
    between = names[names.index("alone") : last]
    assert between.count("crowd") <= 12, "and then every other turn is its own"
    assert heard < 300 * 20
