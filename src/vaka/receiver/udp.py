# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""SIP over UDP: reads many datagrams at once, takes the urgent ones first, and answers from where it listens.

Under overload not everything can be read in time, and a life alarm may stand behind a thousand tests or faults in the
kernel's buffer. So all that is at hand is fetched (cheap), and what is plainly no alarm is laid aside unread until the
rest is done.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Literal

from vaka.receiver.counters import Reason, Repeat
from vaka.receiver.postponed import Address, Postponed
from vaka.receiver.precedence import Turn
from vaka.receiver.repeats import RepeatKey, RepeatMemory
from vaka.receiver.surroundings import Surroundings
from vaka.sip.parse import find_head

_LENGTHS = (b"\nContent-Length:", b"\nl:")
_LONGEST_LENGTH = 16  # bytes
_LARGEST_PLAIN = 8 * 1024
"""Bytes of a datagram that is looked at before it is read: many are fetched at once, so none may take long."""


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
        self._turn = around.turn
        self._postponed = {turn: Postponed(around.limits, self._note_dropped) for turn in (Turn.LATER, Turn.LAST)}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(opened, self._read)
        self._working_off = False

    def stop_reading(self) -> None:
        """Read no more; what is in work can still be answered."""
        self._loop.remove_reader(self._socket)
        for row in self._postponed.values():
            row.clear()

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
            turn = self._turn(plain_body(datagram))
            if turn is Turn.AT_ONCE:
                self._take(datagram, address, now)
                urgent += 1
                if urgent >= self._limits.urgent_at_once:
                    break
            else:
                self._postponed[turn].add(now, datagram, address)
        if not self._working_off and any(self._postponed.values()):
            self._work_off()

    def _work_off(self) -> None:
        """Take some of what was laid aside, of each row in its turn, then let urgent datagrams have theirs again."""
        now = self._clock.monotonic()
        rows = self._postponed.values()
        for row in rows:
            row.tidy(now)
        left = self._limits.postponed_at_once
        while left and any(rows):
            for row in rows:
                if row and left:
                    left -= 1
                    self._take(*row.take(), now)
        self._working_off = any(rows)
        if self._working_off:
            self._loop.call_soon(self._work_off)

    def _note_dropped(self) -> None:
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


def plain_body(datagram: bytes) -> bytes:
    """Return the body of a message whose head says in the usual way how long it is; otherwise nothing.

    A body with bytes after its stated end is cut there when it is read, and means what is left of it.
    """
    if len(datagram) > _LARGEST_PLAIN or datagram[:1] in b"\r\n" or (found := find_head(datagram)) is None:
        return b""
    end, begin = found
    for name in _LENGTHS:
        at = datagram.find(name, 0, end)
        if at >= 0:
            stated = datagram[at + len(name) : at + len(name) + _LONGEST_LENGTH].split(None, 1)
            return datagram[begin:] if stated and stated[0] == b"%d" % (len(datagram) - begin) else b""
    return b""
