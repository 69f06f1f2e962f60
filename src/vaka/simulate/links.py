# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The ways to a receiver: a UDP socket that devices may share, and a connection that each has for itself.

A link sends requests and waits for their answers, and answers what the receiver asks by itself: the `<mrs>` comes as a
MESSAGE of its own, over the same flow.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Protocol, cast

from vaka.scaip.body import Mrs, parse_mrs
from vaka.scaip.errors import ScaipError
from vaka.simulate.causes import BROKEN, REFUSED, SILENT, NoAnswerError, cause_of
from vaka.sip.build import respond
from vaka.sip.errors import SipError
from vaka.sip.framing import Framer, KeepAlive
from vaka.sip.message import Request, Response
from vaka.sip.parse import parse
from vaka.sip.transactions import TIMEOUT, retransmission_delays

CONNECT_SECONDS = 10.0
_RECEIVE_BUFFER = 4 * 1024 * 1024


class Link(Protocol):
    """What a device needs of its way to the receiver."""

    async def open(self) -> tuple[str, int]:
        """Make sure the way is there; return our own address. Raises NoAnswerError."""
        ...

    async def ask(self, call_id: str, request: bytes) -> Response:
        """Send a request and return its final answer.

        Raises NoAnswerError where the receiver says nothing in 32 seconds (RFC 3261 timer F), or the connection breaks.
        """
        ...

    def expect(self, ref: str) -> "asyncio.Future[Mrs]":
        """Return what will hold the `<mrs>` with this reference."""
        ...

    def forget(self, ref: str) -> None:
        """Expect it no longer."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Mailbox:
    """Who waits for what on one link, and the answers to what the receiver asks."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._asked: dict[str, asyncio.Future[Response]] = {}
        self._expected: dict[str, asyncio.Future[Mrs]] = {}

    def ask(self, call_id: str) -> "asyncio.Future[Response]":
        """Return what will hold the answer to the request with this Call-ID."""
        future = self._asked[call_id] = asyncio.get_running_loop().create_future()
        return future

    def asked_no_more(self, call_id: str) -> None:
        """Wait for it no longer."""
        self._asked.pop(call_id, None)

    def expect(self, ref: str) -> "asyncio.Future[Mrs]":
        """Return what will hold the `<mrs>` with this reference."""
        future = self._expected[ref] = asyncio.get_running_loop().create_future()
        return future

    def forget(self, ref: str) -> None:
        """Expect it no longer."""
        self._expected.pop(ref, None)

    def deliver(self, message: Request | Response, reply: Callable[[bytes], None]) -> None:
        """Hand a message to whoever waits for it; answer a request with ``reply``."""
        if isinstance(message, Response):
            waiting = self._asked.get(message.call_id)
            if waiting is not None and not waiting.done() and message.status >= 200:
                waiting.set_result(message)
            return
        if message.method == "ACK":
            return
        status = 200 if message.method in ("MESSAGE", "OPTIONS") else 405
        reply(respond(message, status, source=None, to_tag=f"{self._chance.getrandbits(32):08x}"))
        with suppress(ScaipError):
            mrs = parse_mrs(message.body)
            expected = self._expected.get(mrs.ref)
            if expected is not None and not expected.done():
                expected.set_result(mrs)

    def break_off(self, exc: Exception | None) -> None:
        """Tell everyone who waits for an answer that none will come this way, and why."""
        for future in self._asked.values():
            if not future.done():
                future.set_exception(NoAnswerError(cause_of(exc)))
                future.exception()  # whoever gave up waiting just now will not look at it


class UdpLink(asyncio.DatagramProtocol):
    """One UDP socket; repeats what is not answered, as RFC 3261 section 17.1.2 says."""

    def __init__(self, address: tuple[str, int], chance: Random) -> None:
        self._address = address
        self._mailbox = Mailbox(chance)
        self._transport: asyncio.DatagramTransport | None = None
        self._opening = asyncio.Lock()
        self._refused = False

    async def open(self) -> tuple[str, int]:
        """Open the socket. Raises NoAnswerError where there is no way to that address."""
        async with self._opening:
            if self._transport is None:
                loop = asyncio.get_running_loop()
                try:
                    await loop.create_datagram_endpoint(lambda: self, remote_addr=self._address)
                except OSError as error:
                    raise NoAnswerError(cause_of(error)) from error
        assert self._transport is not None  # noqa: S101  connection_made was called
        host, port, *_ = self._transport.get_extra_info("sockname")
        return host, port

    async def ask(self, call_id: str, request: bytes) -> Response:
        """Send, and send again after 0.5, 1, 2, 4, 4 … seconds until the answer is there."""
        answer = self._mailbox.ask(call_id)
        waited = 0.0
        try:
            for pause in (*retransmission_delays(), None):
                self._send(request)
                with suppress(TimeoutError):
                    return await asyncio.wait_for(asyncio.shield(answer), TIMEOUT - waited if pause is None else pause)
                waited += pause or 0.0
        finally:
            self._mailbox.asked_no_more(call_id)
        raise NoAnswerError(REFUSED if self._refused else SILENT)

    def expect(self, ref: str) -> "asyncio.Future[Mrs]":
        """Return what will hold the `<mrs>` with this reference."""
        return self._mailbox.expect(ref)

    def forget(self, ref: str) -> None:
        """Expect it no longer."""
        self._mailbox.forget(ref)

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()
        self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Hand on what can be read."""
        self._refused = False
        with suppress(SipError):
            self._mailbox.deliver(parse(data), self._send)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens at the moment: the next repeat may find somebody."""
        self._refused = isinstance(exc, ConnectionRefusedError)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell those who wait."""
        self._transport = None
        self._mailbox.break_off(exc)

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data)


class StreamLink:
    """One TCP or TLS connection, opened when it is needed and again when it broke."""

    def __init__(
        self, address: tuple[str, int], chance: Random, context: ssl.SSLContext | None = None, server_name: str = ""
    ) -> None:
        self._address = address
        self._context = context
        self._server_name = server_name if context is not None else None
        self._mailbox = Mailbox(chance)
        self._connection: _Connection | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> tuple[str, int]:
        """Connect. Raises NoAnswerError where the receiver does not take the connection."""
        async with self._opening:
            if self._connection is None or self._connection.is_closed:
                try:
                    async with asyncio.timeout(CONNECT_SECONDS):
                        _, self._connection = await asyncio.get_running_loop().create_connection(
                            lambda: _Connection(self._mailbox),
                            *self._address,
                            ssl=self._context,
                            server_hostname=self._server_name,
                        )
                except (OSError, TimeoutError) as error:
                    raise NoAnswerError(cause_of(error)) from error
            return self._connection.own_address

    async def ask(self, call_id: str, request: bytes) -> Response:
        """Send once; the connection sees to the rest."""
        if self._connection is None or self._connection.is_closed:
            raise NoAnswerError(BROKEN)
        answer = self._mailbox.ask(call_id)
        try:
            self._connection.send(request)
            async with asyncio.timeout(TIMEOUT):
                return await answer
        except TimeoutError:
            self.close()  # it may be dead without either end knowing: the next attempt makes another
            raise NoAnswerError(SILENT) from None
        finally:
            self._mailbox.asked_no_more(call_id)

    def expect(self, ref: str) -> "asyncio.Future[Mrs]":
        """Return what will hold the `<mrs>` with this reference."""
        return self._mailbox.expect(ref)

    def forget(self, ref: str) -> None:
        """Expect it no longer."""
        self._mailbox.forget(ref)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class _Connection(asyncio.Protocol):
    """One connection, from its beginning to its end."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport is None or self._transport.is_closing()

    @property
    def own_address(self) -> tuple[str, int]:
        """Our end of it."""
        assert self._transport is not None  # noqa: S101  asked only of an open connection
        host, port, *_ = self._transport.get_extra_info("sockname")
        return host, port

    def send(self, data: bytes) -> None:
        """Send, where it is still possible."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """End it from our side."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand on what is complete; close on a stream that cannot be followed."""
        try:
            messages = self._framer.feed(data)
        except SipError:
            self.close()
            return
        for message in messages:
            if not isinstance(message, KeepAlive):
                self._mailbox.deliver(message, self.send)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell those who wait; the next message connects again."""
        self._transport = None
        self._mailbox.break_off(exc)
