# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Messages out of a stream (RFC 3261 18.3, keep-alives RFC 5626 4.4.1), however the network cut it into pieces."""

from __future__ import annotations

import re
from enum import Enum

from vaka.sip.errors import SipError, SipFault
from vaka.sip.message import Request, Response
from vaka.sip.parse import MAX_HEAD, content_length, find_head, read_head, refusal, require_answerable

_LINE_END = re.compile(rb"\r?\n")


class KeepAlive(Enum):
    """The bytes that keep a flow open between messages: a client sends PING, its server answers with PONG."""

    PING = b"\r\n\r\n"
    PONG = b"\r\n"


class Framer:
    """Collects the pieces of one connection and gives back whole messages.

    After `feed` it holds at most `max_message` bytes, after `add` also what was added and not yet taken; it looks at
    each byte a fixed number of times.
    A stream has no second chance to find its place: after the first fault every call raises it again, and the
    connection must be closed.
    """

    __slots__ = ("_awaiting_body", "_buffer", "_head", "_length", "_line_ends", "_searched", "fault", "max_message")

    def __init__(self, max_message: int = 64 * 1024) -> None:
        self.max_message = max_message
        self.fault: SipError | None = None
        self._buffer = bytearray()
        self._searched = 0  # the head does not end before this offset
        self._line_ends = 0  # seen since the last message or keep-alive
        self._awaiting_body: Request | Response | None = None
        self._length = 0
        self._head = 0  # bytes of the head whose body is awaited

    @property
    def pending(self) -> int:
        """Bytes held: of a message that is not complete, its head included, and of what was not taken yet."""
        return self._head + len(self._buffer)

    def add(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take in a piece, to be taken out with `take`."""
        if self.fault is None:
            self._buffer += chunk

    def take(self) -> Request | Response | KeepAlive | None:
        """The next of what is complete, in order; None where nothing more is.

        Raises SipError when the stream cannot be followed any further, and again with every call after that.
        """
        if self.fault is not None:
            raise self.fault
        try:
            return self._next()
        except SipError as error:
            self.fault = error
            self.clear()
            raise

    def clear(self) -> None:
        """Let go of everything that is held."""
        # A new buffer: an emptied one keeps its room.
        self._buffer = bytearray()
        self._awaiting_body = None
        self._head = 0

    def feed(self, chunk: bytes) -> list[Request | Response | KeepAlive]:
        """What this piece completed, in order: possibly nothing, possibly several.

        Raises SipError when the stream cannot be followed any further. Messages completed before the fault are never
        lost: if this call has some it returns them, sets `fault`, and the next call raises.
        """
        self.add(chunk)
        complete: list[Request | Response | KeepAlive] = []
        try:
            while (item := self.take()) is not None:
                complete.append(item)
        except SipError:
            if not complete:
                raise
        return complete

    def _next(self) -> Request | Response | KeepAlive | None:
        if self._awaiting_body is None:
            if self._skip_line_ends():
                return KeepAlive.PING
            self._awaiting_body = self._take_head()
        message = self._awaiting_body
        if message is None or len(self._buffer) < self._length:
            return None
        message.body = bytes(self._buffer[: self._length])
        del self._buffer[: self._length]
        self._awaiting_body = None
        self._head = 0
        return message

    def _skip_line_ends(self) -> bool:
        """Drop line ends between messages (RFC 3261 7.5); two in a row are a ping.

        The answers to pings of our own look the same: a side that sends pings ignores those it receives.
        """
        while match := _LINE_END.match(self._buffer):
            del self._buffer[: match.end()]
            self._line_ends += 1
            if self._line_ends == 2:
                self._line_ends = 0
                return True
        return False

    def _take_head(self) -> Request | Response | None:
        found = find_head(self._buffer, searched=self._searched)
        if found is None:
            if len(self._buffer) >= min(MAX_HEAD, self.max_message):
                raise SipError(SipFault.HEAD_TOO_LARGE)
            self._searched = max(0, len(self._buffer) - len(b"\n\r"))
            return None
        end, body = found
        message = read_head(self._buffer[:end])
        require_answerable(message)
        length = content_length(message)
        if length is None:
            # A stream cannot show where a body of unstated length ends; without a body nothing is in doubt.
            if "content-type" in message.headers:
                raise refusal(SipFault.LENGTH_REQUIRED, message)
            length = 0
        if body + length > self.max_message:
            raise refusal(SipFault.TOO_LARGE, message)
        del self._buffer[:body]
        self._searched = self._line_ends = 0
        self._length = length
        self._head = body
        return message
