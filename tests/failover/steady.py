# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""So many alarms a second, whatever becomes of those before: each from a device that goes on until somebody has it.

A device sends the same bytes again as SIP prescribes it over UDP; where it is told to come back later (503), or nobody
answers at all, it begins anew, at its other receiver where it has two.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, pairwise
from typing import Self

from tests.end_to_end.stream import Flow, message_text

FIRST_WAIT, LONGEST_WAIT = 0.5, 4.0
LONE_ATTEMPTS, WITH_ANOTHER = 7, 3
"""How often the same bytes are sent until an attempt is given up: after 19.5 s, or 3.5 s with another at hand."""
LIFE = "10"


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


@dataclass(slots=True)
class Sent:
    """One alarm."""

    sender: str
    ref: str
    begun: float
    answered: float | None = None
    refused: int = 0
    moved: int = 0
    """How often it went on at the other receiver."""


class Steady:
    """The devices, their alarms and when each was answered 200."""

    def __init__(
        self, senders: Sequence[str], ports: Sequence[int], per_second: float, mark: str = "S", pause: float = 1.0,
        make_socket: Callable[[], socket.socket] = _datagrams,
    ) -> None:  # fmt: skip
        self.sent: list[Sent] = []
        self._senders, self._ports, self._per_second, self._mark = senders, ports, per_second, mark
        self._pause, self._make_socket = pause, make_socket
        self._flows: dict[tuple[str, int], Flow] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()
        self._offering: asyncio.Task[None] | None = None

    @property
    def answered(self) -> list[Sent]:
        """What was answered 200 so far."""
        return [one for one in self.sent if one.answered is not None]

    @property
    def waiting(self) -> int:
        """How many alarms nobody has yet."""
        return len(self._tasks)

    def answered_since(self, moment: float) -> int:
        """How many have been answered since then."""
        return sum(one.answered >= moment for one in self.sent if one.answered is not None)

    def summary(self, since: float) -> str:
        """What became of the alarms, and the longest time after ``since`` in which nobody was answered."""
        times = sorted(one.answered for one in self.sent if one.answered is not None)
        before = [moment for moment in times if moment < since]
        times = before[-1:] + [moment for moment in times if moment >= since]
        silence = max((later - earlier for earlier, later in pairwise(times)), default=0.0)
        waits = sorted(one.answered - one.begun for one in self.answered if one.answered is not None)
        return (
            f"nobody answered for {silence:.1f} s; {len(self.sent)} alarms, {len(waits)} answered,"
            f" the last after {waits[-1]:.1f} s; {sum(one.refused for one in self.sent)} times 503"
        )

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, whatever is under way."""
        ending = [*self._tasks, *([] if self._offering is None else [self._offering])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        for flow in self._flows.values():
            flow.close()

    async def begin(self) -> None:
        """Start sending."""
        loop = asyncio.get_running_loop()
        for sender in self._senders:
            for port in self._ports:
                opened = self._make_socket()
                opened.connect(("127.0.0.1", port))
                opened.setblocking(False)
                _, flow = await loop.create_datagram_endpoint(Flow, sock=opened)
                self._flows[sender, port] = flow
        self._offering = asyncio.create_task(self._offer())

    async def end(self, seconds: float = 90.0) -> None:
        """Send nothing new, and wait until each alarm has been answered."""
        self._ending.set()
        assert self._offering is not None
        await self._offering
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        assert not self._tasks, f"{len(self._tasks)} alarms were never answered"

    async def _offer(self) -> None:
        loop = asyncio.get_running_loop()
        due, senders = loop.time(), cycle(self._senders)
        while not self._ending.is_set():
            one = Sent(next(senders), f"{self._mark}{len(self.sent)}", loop.time())
            self.sent.append(one)
            task = asyncio.create_task(self._deliver(one))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            due += 1 / self._per_second
            await asyncio.sleep(due - loop.time())

    async def _deliver(self, one: Sent) -> None:
        attempt, ports = 0, cycle(self._ports)
        while one.answered is None:
            attempt += 1
            port = next(ports)
            one.moved += attempt > 1 and len(self._ports) > 1
            code = await self._attempt(one, self._flows[one.sender, port], f"{one.sender}-{one.ref}-{attempt}")
            if code == 200:
                one.answered = asyncio.get_running_loop().time()
            elif code is not None:
                assert code == 503, code
                one.refused += 1
                if len(self._ports) == 1:
                    await asyncio.sleep(self._pause)

    async def _attempt(self, one: Sent, flow: Flow, call_id: str) -> int | None:
        """One transaction. Return what it was answered, or None where nobody did."""
        answer = flow.answers[call_id] = asyncio.get_running_loop().create_future()
        text, wait = message_text(one.sender, one.ref, LIFE, call_id), FIRST_WAIT
        try:
            for _ in range(LONE_ATTEMPTS if len(self._ports) == 1 else WITH_ANOTHER):
                flow.send(text)
                try:
                    return await asyncio.wait_for(asyncio.shield(answer), wait)
                except TimeoutError:
                    wait = min(2 * wait, LONGEST_WAIT)
            return None
        finally:
            del flow.answers[call_id]
