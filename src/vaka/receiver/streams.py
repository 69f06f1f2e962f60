# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One TCP or TLS connection of a device: messages in, answers out, and little patience with who only holds it."""

import asyncio
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from vaka.receiver.allowance import network_of
from vaka.receiver.countdown import Reminders
from vaka.receiver.counters import Reason
from vaka.receiver.limits import Limits
from vaka.receiver.precedence import Turn
from vaka.receiver.rounds import Rounds, Row
from vaka.receiver.surroundings import Surroundings
from vaka.receiver.unfinished import Unfinished
from vaka.sip.errors import SipError
from vaka.sip.framing import Framer, KeepAlive
from vaka.sip.message import Request, Response

_ROWS = {Turn.AT_ONCE: Row.DEVICE, Turn.LATER: Row.TECHNICAL, Turn.LAST: Row.PATIENT}
"""The best place there is for a message; who says it may have a worse one."""


@dataclass(frozen=True, slots=True)
class StreamHandlers:
    """What a connection hands its messages to."""

    request: Callable[[Request, "StreamFlow"], None]
    response: Callable[[Response], None]
    unreadable: Callable[[SipError, "StreamFlow"], None]
    """Answers what can be answered; the connection is closed after it."""
    closed: Callable[["StreamFlow"], None] = lambda _flow: None
    proved: Callable[["StreamFlow"], None] = lambda _flow: None


class Patience:
    """How long connections may take, how much they may hold, and in what order they are heard: of all of them together.

    A connection that is closed is called off at once: nothing here keeps it, or what it sent, any longer.
    """

    def __init__(self, limits: Limits) -> None:
        self.first: Reminders[StreamFlow] = Reminders(limits.first_message_seconds)
        self.whole: Reminders[StreamFlow] = Reminders(limits.whole_message_seconds)
        self.idle: Reminders[StreamFlow] = Reminders(limits.idle_seconds)
        self.unfinished = Unfinished(limits.unfinished_bytes)
        self.rounds = Rounds(limits)
        self.ear = memoryview(bytearray(limits.read_at_once))
        """Where each connection's bytes come in: they are taken out of it before the next one's do."""

    def begin(self, flow: "StreamFlow") -> None:
        """Start waiting for a new connection's first message."""
        self.first.add(flow, flow.heard_at)
        self.idle.add(flow, flow.heard_at)

    def end(self, flow: "StreamFlow") -> None:
        """Wait for nothing more from a connection that is closed."""
        for reminders in (self.first, self.whole, self.idle):
            reminders.call_off(flow)

    def sweep(self, now: float) -> None:
        """Close the connections that have used it up."""
        for flow in self.first.due(now):
            if flow.messages == 0:
                flow.drop(Reason.SILENT)
        for flow in self.whole.due(now):
            if flow.is_inside:
                if flow.is_paused:  # it is we who do not read
                    self.whole.add(flow, now)
                else:
                    flow.drop(Reason.SLOW_MESSAGE)
        for flow in self.idle.due(now):
            if flow.is_open:
                if now - flow.heard_at >= self.idle.seconds:
                    flow.drop(Reason.SILENT)
                else:
                    self.idle.add(flow, now)


class StreamFlow(asyncio.BufferedProtocol):
    """The connection, and the way back for each request that came over it."""

    def __init__(
        self,
        source: tuple[str, int],
        transport: Literal["tcp", "tls"],
        handlers: StreamHandlers,
        patience: Patience,
        around: Surroundings,
    ) -> None:
        self.source = source
        self.share = network_of(source[0])
        self.transport = transport
        self.fingerprint: str | None = None
        self.messages = 0
        """Whole messages so far."""
        self.is_proved = False
        """Whether a device has proved itself over it."""
        # When it was last heard of, and since when it is here; monotonic seconds.
        self.heard_at = self.since = around.clock.monotonic()
        self.welcome: asyncio.Task[None] | None = None
        """The task that takes the connection in, as long as it does."""
        self._handlers = handlers
        self._patience = patience
        self._counters = around.counters
        self._rejections = around.rejections
        self._clock = around.clock
        self._limits = around.limits
        self._turn = around.turn
        self._framer = Framer(around.limits.largest_message)
        self._wire: asyncio.Transport | None = None
        self._timed_message = -1  # the message whose completion is being waited for
        self._next: Request | Response | KeepAlive | None = None  # made ready for its turn
        self._unanswered = 0
        self._in_round = False  # waits for its turn, or has it
        self._is_full = False  # so much is unanswered that nothing more is looked at
        self._paused = False
        self._last_words = False  # close as soon as everything is answered
        self._is_lost = False  # the stream cannot be followed any more: nothing further is read

    @property
    def is_open(self) -> bool:
        """Whether anything can still be sent."""
        return self._wire is not None and not self._wire.is_closing()

    @property
    def is_paused(self) -> bool:
        """Whether we have stopped reading until what is there has had its turn and is answered."""
        return self._paused

    @property
    def is_inside(self) -> bool:
        """Whether a message has begun and is not complete."""
        return self.is_open and self._framer.pending > 0

    @property
    def row(self) -> Row:
        """Where it waits for its turn."""
        if not self.is_open:  # what came before its end is looked at all the same
            return Row.PATIENT
        if self.is_proved:
            return Row.DEVICE
        return Row.STRANGER if self.messages < self._limits.stranger_messages else Row.PATIENT

    @property
    def is_done(self) -> bool:
        """Whether nothing more is there, or nothing more may be taken until something is answered."""
        return (
            self._is_lost
            or self._unanswered >= self._limits.unanswered_per_connection
            or (self._next is None and not self._framer.pending)
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: the handshake, where there is one, is done."""
        self._wire = cast(asyncio.Transport, transport)
        encryption = transport.get_extra_info("ssl_object")
        if isinstance(encryption, ssl.SSLObject | ssl.SSLSocket):
            certificate = encryption.getpeercert(binary_form=True)
            if certificate:
                self.fingerprint = hashlib.sha256(certificate).hexdigest()
        self._patience.begin(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where to put what comes."""
        return self._patience.ear

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came, however it was cut."""
        if self._is_lost:
            return
        self.heard_at = self._clock.monotonic()
        self._framer.add(self._patience.ear[:nbytes])
        self._weigh()
        self._join()

    def look(self) -> Row | None:
        """Make the next message ready and say where it waits; None where none is complete."""
        if self._next is None and not self._is_lost:
            try:
                self._next = self._framer.take()
            except SipError as error:
                self._refuse(error)
        if self._next is None:
            return None
        if not isinstance(self._next, Request):
            return self.row
        return max(self.row, _ROWS[self._turn(self._next.body)])

    def speak(self) -> None:
        """Hand on the message made ready."""
        item, self._next = self._next, None
        if item is KeepAlive.PING:
            self.send(KeepAlive.PONG.value)
            return
        self.messages += 1
        if self.messages == 1:
            self._patience.first.call_off(self)
        if isinstance(item, Request):
            self._unanswered += 1
            self._handlers.request(item, self)
        elif isinstance(item, Response):
            self._handlers.response(item)

    def wait(self) -> None:
        """Read no further until it has had its turn."""
        if not self._paused and self.is_open:
            self._paused = True
            cast(asyncio.Transport, self._wire).pause_reading()

    def rest(self) -> None:
        """Read on, unless too much is unanswered; time what has begun and is not complete."""
        self._in_round = False
        if self._wire is None and self._unanswered < self._limits.unanswered_per_connection:
            self._let_go()  # its peer is gone, and there is nothing more
            return
        self._weigh()
        if not self._framer.pending:
            self._patience.whole.call_off(self)
        elif self._timed_message != self.messages and self.is_open:
            self._timed_message = self.messages
            self._patience.whole.add(self, self.heard_at)
        if self._unanswered >= self._limits.unanswered_per_connection:
            self._is_full = True
            self.wait()
        else:
            self._read_on()
        self._end_if_done()

    def eof_received(self) -> bool:
        """Stay half open for the answers that are owed; TLS cannot."""
        self._last_words = True
        return self.transport == "tcp" and (self._in_round or self._unanswered > 0)

    def connection_lost(self, exc: Exception | None) -> None:
        """End. What is being stored stays stored; the device will ask again and get its confirmation."""
        self._wire = None
        self._patience.end(self)
        if not self._in_round and not self._is_full:
            self._let_go()
        self._handlers.closed(self)

    def send(self, data: bytes) -> None:
        """Send, unless the peer is gone; a peer that does not read what it asked for is cut off."""
        if self._wire is None or self._wire.is_closing():
            self._counters.refusals.add(Reason.SEND_FAILED)
            return
        self._wire.write(data)
        if self._wire.get_write_buffer_size() > self._limits.unsent_bytes:
            self.drop(Reason.UNREAD_ANSWERS)

    def settle(self, answer: bytes | None) -> None:
        """Count the request as answered, and go on where that was waited for."""
        self._unanswered -= 1
        if self._is_full and self._unanswered <= self._limits.unanswered_per_connection // 2:
            self._is_full = False
            if self._framer.pending:
                self._join()
            elif self._wire is None:
                self._let_go()
            else:
                self._read_on()
        self._end_if_done()

    def note_proof(self) -> None:
        """Say that a device has proved itself over this connection: it will be kept as long as there is any room."""
        if not self.is_proved:
            self._patience.unfinished.keep(self)
            self.is_proved = True
        self._handlers.proved(self)

    def dismiss(self) -> None:
        """Close as soon as all is answered and look at nothing more; unless a device has proved itself over it."""
        if not self.is_proved:
            self._is_lost = self._last_words = True
            self._let_go()
            self._end_if_done()

    def drop(self, reason: Reason) -> None:
        """Close at once, keeping nothing for a peer that may never read it."""
        self._is_lost = True
        self._let_go()
        if self._wire is not None and not self._wire.is_closing():
            self._refuse_for(reason)
            self._wire.abort()
        elif self._wire is None and self.welcome is not None:  # its handshake is not done
            self._refuse_for(reason)
            self.welcome.cancel()

    def close(self) -> None:
        """Close after what is already written has been sent."""
        if self._wire is not None:
            self._wire.close()

    def _refuse_for(self, reason: Reason) -> None:
        self._counters.refusals.add(reason)
        self._rejections.note(reason, self.source[0])

    def _join(self) -> None:
        if not (self._in_round or self._is_full or self._is_lost):
            self._in_round = True
            self._patience.rounds.join(self)

    def _weigh(self) -> None:
        ready = len(self._next.body) if isinstance(self._next, Request) else 0
        self._patience.unfinished.weigh(self, self._framer.pending + ready)

    def _read_on(self) -> None:
        if self._paused and self.is_open:
            self._paused = False
            cast(asyncio.Transport, self._wire).resume_reading()

    def _let_go(self) -> None:
        """Hold nothing of what was sent any more."""
        self._next = None
        self._framer.clear()
        self._patience.unfinished.forget(self)

    def _end_if_done(self) -> None:
        """Close once all is answered: in the next moment, since an answer may be followed by its confirmation."""
        if self._last_words and self._unanswered <= 0 and not self._in_round and self.is_open:
            asyncio.get_running_loop().call_soon(self.close)

    def _refuse(self, error: SipError) -> None:
        """A stream that cannot be followed has no second chance: say why, where possible, and close."""
        self._is_lost = True
        if self.is_open:
            self._unanswered += 1
            self._last_words = True
            self._handlers.unreadable(error, self)
