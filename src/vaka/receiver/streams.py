# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One TCP or TLS connection of a device: messages in, answers out, and little patience with who only holds it."""

import asyncio
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from vaka.receiver.countdown import Countdown
from vaka.receiver.counters import Reason
from vaka.receiver.limits import Limits
from vaka.receiver.surroundings import Surroundings
from vaka.sip.errors import SipError
from vaka.sip.framing import Framer, KeepAlive
from vaka.sip.message import Request, Response


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
    """How long connections may take, for all of them together."""

    def __init__(self, limits: Limits) -> None:
        self.first: Countdown[StreamFlow] = Countdown(limits.first_message_seconds)
        self.whole: Countdown[tuple[StreamFlow, int]] = Countdown(limits.whole_message_seconds)
        self.idle: Countdown[StreamFlow] = Countdown(limits.idle_seconds)

    def sweep(self, now: float) -> None:
        """Close the connections that have used it up."""
        for flow in self.first.due(now):
            if flow.messages == 0:
                flow.drop(Reason.SILENT)
        for flow, message in self.whole.due(now):
            if flow.is_inside(message):
                if flow.is_paused:  # it is we who do not read
                    self.whole.add((flow, message), now)
                else:
                    flow.drop(Reason.SLOW_MESSAGE)
        for flow in self.idle.due(now):
            if flow.is_open:
                if now - flow.heard_at >= self.idle.seconds:
                    flow.drop(Reason.SILENT)
                else:
                    self.idle.add(flow, now)


class StreamFlow(asyncio.Protocol):
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
        self.transport = transport
        self.fingerprint: str | None = None
        self.messages = 0
        """Whole messages so far."""
        # When it was last heard of, and since when it is here; monotonic seconds.
        self.heard_at = self.since = around.clock.monotonic()
        self.welcome: asyncio.Task[None] | None = None
        """The task that takes the connection in, as long as it does."""
        self._handlers = handlers
        self._patience = patience
        self._counters = around.counters
        self._clock = around.clock
        self._limits = around.limits
        self._framer = Framer(around.limits.largest_message)
        self._wire: asyncio.Transport | None = None
        self._timed_message = -1  # the message whose completion is being waited for
        self._unanswered = 0
        self._paused = False
        self._last_words = False  # close as soon as everything is answered
        self._is_lost = False  # the stream cannot be followed any more: nothing further is read

    @property
    def is_open(self) -> bool:
        """Whether anything can still be sent."""
        return self._wire is not None and not self._wire.is_closing()

    @property
    def is_paused(self) -> bool:
        """Whether we have stopped reading until earlier requests are answered."""
        return self._paused

    def is_inside(self, message: int) -> bool:
        """Whether the message of that number has begun and is not complete."""
        return self.is_open and self.messages == message and self._framer.pending > 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: the handshake, where there is one, is done."""
        self._wire = cast(asyncio.Transport, transport)
        encryption = transport.get_extra_info("ssl_object")
        if isinstance(encryption, ssl.SSLObject | ssl.SSLSocket):
            certificate = encryption.getpeercert(binary_form=True)
            if certificate:
                self.fingerprint = hashlib.sha256(certificate).hexdigest()
        self._patience.first.add(self, self.heard_at)
        self._patience.idle.add(self, self.heard_at)

    def data_received(self, data: bytes) -> None:
        """Take what came, however it was cut."""
        if self._is_lost:
            return
        self.heard_at = self._clock.monotonic()
        try:
            items = self._framer.feed(data)
        except SipError as error:
            self._refuse(error)
            return
        for item in items:
            if item is KeepAlive.PING:
                self.send(KeepAlive.PONG.value)
            elif isinstance(item, Request):
                self.messages += 1
                self._unanswered += 1
                self._handlers.request(item, self)
            elif isinstance(item, Response):
                self.messages += 1
                self._handlers.response(item)
        if self._framer.fault is not None:
            self._refuse(self._framer.fault)
            return
        if self._framer.pending and self._timed_message != self.messages:
            self._timed_message = self.messages
            self._patience.whole.add((self, self.messages), self.heard_at)
        if self._unanswered >= self._limits.unanswered_per_connection and not self._paused and self.is_open:
            self._paused = True
            cast(asyncio.Transport, self._wire).pause_reading()

    def eof_received(self) -> bool:
        """Stay half open for the answers that are owed; TLS cannot."""
        self._last_words = True
        return self.transport == "tcp" and self._unanswered > 0

    def connection_lost(self, exc: Exception | None) -> None:
        """End. What is being stored stays stored; the device will ask again and get its confirmation."""
        self._wire = None
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
        """Count the request as answered, and read on where reading was stopped."""
        self._unanswered -= 1
        if self._wire is None or self._wire.is_closing():
            return
        if self._last_words and self._unanswered <= 0:
            self._wire.close()
        elif self._paused and self._unanswered <= self._limits.unanswered_per_connection // 2:
            self._paused = False
            self._wire.resume_reading()

    def note_proof(self) -> None:
        """Say that a device has proved itself over this connection: it will be kept as long as there is any room."""
        self._handlers.proved(self)

    def drop(self, reason: Reason) -> None:
        """Close at once, keeping nothing for a peer that may never read it."""
        if self._wire is not None and not self._wire.is_closing():
            self._counters.refusals.add(reason)
            self._wire.abort()
        elif self._wire is None and self.welcome is not None:  # its handshake is not done
            self._counters.refusals.add(reason)
            self.welcome.cancel()

    def close(self) -> None:
        """Close after what is already written has been sent."""
        if self._wire is not None:
            self._wire.close()

    def _refuse(self, error: SipError) -> None:
        """A stream that cannot be followed has no second chance: say why, where possible, and close."""
        self._is_lost = True
        if self.is_open:
            self._unanswered += 1
            self._handlers.unreadable(error, self)
            self._last_words = True
            if self._unanswered <= 0:
                self.close()
