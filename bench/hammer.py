# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The load generator: one process, plain sockets, a tight loop, so that it costs little of the machine it measures.

`python -m bench.hammer` reads a plan (JSON, one line) on standard input, makes every datagram, says "ready", begins at
the next line, and prints the result (JSON). It behaves as devices do: repeats what is not answered after 0.5, 1, 2, 4 …
seconds, answers each mrs. Latency counts from the moment a message was *due*, so that waiting before it could be sent
is not forgotten (open loop), or from its sending (closed loop).
"""

import contextlib
import gc
import json
import resource
import select
import socket
import sys
import time
from array import array
from collections import deque
from dataclasses import asdict, dataclass

from bench.datagrams import Series, authorise, digest_ha1

T1, T2 = 0.5, 4.0
_AT_ONCE = 64
_LARGEST = 4096
_ANSWERED, _BUSY, _REFUSED = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send."""

    report: str
    run: int
    first_sender: int
    senders: int
    port: int
    seconds: float
    """How long new messages are sent."""
    most: int
    """Messages made beforehand; a closed loop may end earlier for want of them."""
    rate: float = 0.0
    """Messages a second in an open loop; 0: closed loop."""
    outstanding: int = 0
    """Messages under way in a closed loop."""
    linger: float = 3.0
    """How long to wait for the last answers."""
    sockets: int = 32
    digest: bool = False
    statuses: str = ""
    """File for what became of each message, one byte each."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it. Times in milliseconds."""

    offered: float
    """Messages a second that were due; 0 for a closed loop."""
    sent: int
    answered: int
    busy: int
    refused: int
    unanswered: int
    repeated: int
    """Retransmissions."""
    confirmed: int
    """mrs received and answered."""
    seconds: float
    rate: float
    """Answered 200 a second, while new messages were sent."""
    p50: float
    p95: float
    p99: float
    max: float
    generator_cores: float
    """Processor seconds a second that this process took."""
    behind: float
    """Longest time a message was sent after it was due."""
    begun: float
    """When it began, by the machine's monotonic clock, in seconds: message n was due n / offered later."""


class Hammer:
    """Sends one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._series = Series(plan.report, plan.run, plan.first_sender, plan.senders, plan.port)
        self._sockets = [_connect(plan.port) for _ in range(plan.sockets)]
        self._poll = select.epoll()
        for opened in self._sockets:
            self._poll.register(opened, select.EPOLLIN)
        self._by_descriptor = {opened.fileno(): opened for opened in self._sockets}
        ports = [opened.getsockname()[1] for opened in self._sockets]
        self._datagrams = [self._series.render(n, ports[n % plan.sockets]) for n in range(plan.most)]
        self._ha1 = {}
        if plan.digest:
            names = {self._series.sender(n) for n in range(min(plan.most, plan.senders))}
            self._ha1 = {name: digest_ha1(name) for name in names}
        self._due = array("d", bytes(8 * plan.most))
        self._latencies = array("d")
        self._status = bytearray(plan.most)
        # For each pause those that wait so long, in order of time: (when, message).
        self._later: dict[float, deque[tuple[float, int]]] = {pause: deque() for pause in (T1, 2 * T1, 4 * T1, T2)}
        self._sent = self._answered = self._busy = self._refused = self._repeated = self._confirmed = 0
        self._behind = 0.0

    def run(self) -> Result:
        """Send for the plan's seconds, wait for the last answers, and return what came of it."""
        plan, now = self._plan, time.perf_counter
        before = resource.getrusage(resource.RUSAGE_SELF)
        begun = now()
        end = begun + plan.seconds
        while (at := now()) < end and self._sent < plan.most:
            if plan.rate:
                due = min(int((at - begun) * plan.rate) + 1, plan.most, self._sent + _AT_ONCE)
                while self._sent < due:
                    self._send_next(begun + self._sent / plan.rate, at)
                pause = begun + self._sent / plan.rate - now()
            else:
                free = min(plan.outstanding - (self._sent - self._answered - self._busy - self._refused), _AT_ONCE)
                for _ in range(min(free, plan.most - self._sent)):
                    self._send_next(at, at)
                pause = 0.05
            self._receive(min(max(pause, 0.0), 0.05))
            self._repeat(now())
        seconds, answered_in_time = now() - begun, self._answered
        after = resource.getrusage(resource.RUSAGE_SELF)
        until = now() + plan.linger
        while self._answered + self._busy + self._refused < self._sent and now() < until:
            self._receive(0.02)
            self._repeat(now())
        for _ in range(10):  # the last confirmations
            self._receive(0.02)
        if plan.statuses:
            with open(plan.statuses, "wb") as file:
                file.write(self._status[: self._sent])
        ordered = sorted(self._latencies) or [0.0]
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Result(
            offered=plan.rate,
            sent=self._sent,
            answered=self._answered,
            busy=self._busy,
            refused=self._refused,
            unanswered=self._sent - self._answered - self._busy - self._refused,
            repeated=self._repeated,
            confirmed=self._confirmed,
            seconds=seconds,
            rate=answered_in_time / seconds,
            **{name: ordered[round((len(ordered) - 1) * share)] * 1000
               for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))},
            generator_cores=spent / seconds,
            behind=self._behind * 1000,
            begun=begun,
        )  # fmt: skip

    def _send_next(self, due: float, now: float) -> None:
        number = self._sent
        self._sent += 1
        self._due[number] = due
        self._behind = max(self._behind, now - due)
        self._transmit(number)
        self._later[T1].append((now + T1, number))

    def _transmit(self, number: int) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):  # as lost on the way as any other
            self._sockets[number % self._plan.sockets].send(self._datagrams[number])

    def _repeat(self, now: float) -> None:
        """Timer E of RFC 3261: each pause has its queue, in order of time."""
        for pause, waiting in self._later.items():
            while waiting and waiting[0][0] <= now:
                _, number = waiting.popleft()
                if not self._status[number]:
                    self._transmit(number)
                    self._repeated += 1
                    following = min(2 * pause, T2)
                    self._later[following].append((now + following, number))

    def _receive(self, patience: float) -> None:
        for descriptor, _ in self._poll.poll(patience):
            opened = self._by_descriptor[descriptor]
            for _ in range(_AT_ONCE):
                try:
                    data = opened.recv(_LARGEST)
                except BlockingIOError:
                    break
                except ConnectionRefusedError:
                    continue
                if data.startswith(b"SIP/2.0 "):
                    self._take_response(data)
                elif data.startswith(b"MESSAGE "):
                    self._confirmed += 1
                    head = data[data.index(b"\r\n") : data.index(b"Content-Type:")]
                    opened.send(b"SIP/2.0 200 OK" + head + b"Content-Length: 0\r\n\r\n")

    def _take_response(self, data: bytes) -> None:
        at = data.find(b"Call-ID: b")
        number = int(data[at + 10 : at + 18])
        if self._status[number]:
            return  # an answer to a repeat
        status = data[8:11]
        if status == b"200":
            self._status[number] = _ANSWERED
            self._answered += 1
            self._latencies.append(time.perf_counter() - self._due[number])
        elif status == b"401" and self._plan.digest:
            sender = self._series.sender(number)
            self._datagrams[number] = authorise(self._datagrams[number], data, sender, self._ha1[sender])
            self._transmit(number)
        elif status == b"503":
            self._status[number] = _BUSY
            self._busy += 1
        elif status[:1] != b"1":
            self._status[number] = _REFUSED
            self._refused += 1


def _connect(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * 1024 * 1024)
    opened.bind(("127.0.0.1", 0))
    opened.connect(("127.0.0.1", port))
    opened.setblocking(False)
    return opened


def main() -> None:
    """Read the plan, wait for the word, send, print the result."""
    hammer = Hammer(Plan(**json.loads(sys.stdin.readline())))
    gc.disable()
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(asdict(hammer.run())), flush=True)


if __name__ == "__main__":
    main()
