# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""SIP over UDP: reads many datagrams at once, takes the urgent ones first, and answers from where it listens.

Under overload not everything can be read in time, and a life alarm may stand behind a thousand tests in the kernel's
buffer. So all that is at hand is fetched (cheap), and what is plainly a test or a heartbeat is laid aside unread until
the rest is done.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from vaka.receiver.counters import Reason, Repeat
from vaka.receiver.repeats import RepeatKey, RepeatMemory
from vaka.receiver.surroundings import Surroundings

Address = tuple[Any, ...]
"""What the socket calls its peer: (host, port), and two more for IPv6."""


class UdpFlow:
    """One datagram's way back."""

    __slots__ = ("_address", "_key", "_listener", "is_fresh", "source")

    transport: Literal["udp"] = "udp"
    fingerprint: None = None

    def __init__(self, listener: "UdpListener", address: Address, key: RepeatKey) -> None:
        self.source = key[0]
        self.is_fresh = True
        """Whether the datagram is still in its first hands: an answer now has waited for nothing."""
        self._address = address
        self._key = key
        self._listener = listener

    def send(self, data: bytes) -> None:
        """Send, or drop where the kernel has no room: the device repeats."""
        self._listener.send(data, self._address)

    def settle(self, answer: bytes | None) -> None:
        """Remember the answer for retransmissions of this very datagram."""
        self._listener.repeats.settle(self._key, answer, at_once=self.is_fresh)

    def turn_page(self) -> None:
        """Read anew whatever came from this source before: this message has changed what it would mean."""
        self._key = self._listener.turn_page(self._key)


class UdpListener:
    """One UDP socket. ``deliver`` gets each new request; ``acknowledge`` each response, unparsed."""

    def __init__(
        self,
        opened: socket.socket,
        deliver: Callable[[bytes, UdpFlow], None],
        acknowledge: Callable[[bytes], None],
        around: Surroundings,
    ) -> None:
        self.repeats = RepeatMemory(around.limits.remembered_answers, around.limits.remembered_bytes)
        self._socket = opened
        self._deliver = deliver
        self._acknowledge = acknowledge
        self._counters = around.counters
        self._clock = around.clock
        self._limits = around.limits
        self._buffer = bytearray(64 * 1024)
        self._view = memoryview(self._buffer)
        self._postponed: deque[tuple[float, bytes, Address]] = deque()
        self._postponed_bytes = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(opened, self._read)
        self._working_off = False

    def stop_reading(self) -> None:
        """Read no more; what is in work can still be answered."""
        self._loop.remove_reader(self._socket)
        self._postponed.clear()
        self._postponed_bytes = 0

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

    def send(self, data: bytes, address: Address) -> None:
        """Send one datagram, or drop it: nothing is ever queued here."""
        try:
            self._socket.sendto(data, address)
        except OSError:
            self._counters.refusals.add(Reason.SEND_FAILED)

    def turn_page(self, key: RepeatKey) -> RepeatKey:
        """Forget the answers to the source of ``key``; return what its own datagram is called now."""
        return self.repeats.turn_page(key, self._clock.monotonic())

    def _read(self) -> None:
        now = self._clock.monotonic()
        receive, buffer, view = self._socket.recvfrom_into, self._buffer, self._view
        urgent = 0
        for _ in range(self._limits.datagrams_at_once):
            try:
                size, address = receive(buffer)
            except BlockingIOError:
                break
            except OSError:  # an ICMP error about an earlier answer
                continue
            datagram = bytes(view[:size])
            if may_wait(datagram):
                self._postponed.append((now, datagram, address))
                self._postponed_bytes += size
                if self._postponed_bytes > self._limits.postponed_bytes:
                    self._drop_postponed()
            else:
                self._take(datagram, address, now)
                urgent += 1
                if urgent >= self._limits.urgent_at_once:
                    break
        if self._postponed and not self._working_off:
            self._work_off()

    def _work_off(self) -> None:
        """Take some of what was laid aside, then let urgent datagrams have their turn again."""
        now = self._clock.monotonic()
        postponed, oldest = self._postponed, now - self._limits.postponed_seconds
        while postponed and (postponed[0][0] < oldest or len(postponed) > self._limits.postponed):
            self._drop_postponed()
        for _ in range(min(len(postponed), self._limits.postponed_at_once)):
            _, datagram, address = postponed.popleft()
            self._postponed_bytes -= len(datagram)
            self._take(datagram, address, now)
        self._working_off = bool(postponed)
        if postponed:
            self._loop.call_soon(self._work_off)

    def _drop_postponed(self) -> None:
        self._postponed_bytes -= len(self._postponed.popleft()[1])
        self._counters.refusals.add(Reason.POSTPONED_DROPPED)

    def _take(self, datagram: bytes, address: Address, now: float) -> None:
        if datagram.startswith(b"SIP/2.0 "):
            self._acknowledge(datagram)
            return
        source = address if len(address) == 2 else address[:2]
        key = self.repeats.key(source, datagram)
        earlier = self.repeats.recall(key, now)
        if earlier is None:
            self.repeats.begin(key, now)
            flow = UdpFlow(self, address, key)
            self._deliver(datagram, flow)
            flow.is_fresh = False
        elif earlier:
            self._counters.repeats.add(Repeat.ANSWERED)
            self.send(earlier, address)
        else:
            self._counters.repeats.add(Repeat.IN_WORK)


def may_wait(datagram: bytes) -> bool:
    """Whether a datagram is plainly a heartbeat (`mty` PI) or a line test (`stc` 102 or 103).

    Only the usual spelling is looked for. A wrong guess costs a turn, and under overload a repetition by the device: it
    decides when something is read, never what it means.
    """
    return _begins(datagram, b"<mty>", (b"PI<",)) or _begins(datagram, b"<stc>", (b"102<", b"103<", b"0102<", b"0103<"))


def _begins(datagram: bytes, tag: bytes, values: tuple[bytes, ...]) -> bool:
    found = datagram.find(tag)
    return found >= 0 and datagram.startswith(values, found + len(tag))
