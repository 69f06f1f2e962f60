# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A small receiver with a script: answers each MESSAGE as the script says, over UDP, TCP and TLS on one port number."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import cast

from vaka.scaip.body import Mrs, build_mrs, parse_mrq
from vaka.sip.build import build_request, respond
from vaka.sip.digest import NonceBook, challenge_headers, ha1, parse_authorization, verify
from vaka.sip.framing import Framer, KeepAlive
from vaka.sip.message import Request, Response
from vaka.sip.parse import parse

Send = Callable[[bytes], None]


@dataclass(frozen=True)
class Answer:
    """What to do with one MESSAGE."""

    status: int | None = 200
    """None: say nothing."""
    headers: Sequence[tuple[str, str]] = ()
    confirm: int = 1
    """How many times the mrs is sent."""
    hang_up: bool = False


OK = Answer()
SILENCE = Answer(None)
UNCONFIRMED = Answer(confirm=0)


@dataclass
class Answerer:
    """What came, and what is to be answered: the script's entries in turn, then OK for ever."""

    script: list[Answer] = field(default_factory=list)
    require_digest: tuple[str, str, Sequence[str], bool] | None = None
    """User name, password, algorithms offered, and whether with qop."""
    realm: str = "test"
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    connections: "set[asyncio.Transport]" = field(default_factory=set)
    nonces: NonceBook = field(default_factory=lambda: NonceBook(b"test", 300, 1000))
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def take(self, message: Request | Response, send: Send, hang_up: Callable[[], None] = lambda: None) -> None:
        """Answer one message."""
        if isinstance(message, Response):
            self.responses.append(message)
            return
        self.requests.append(message)
        if self.require_digest and not self._is_authorised(message):
            _, _, algorithms, with_qop = self.require_digest
            headers = challenge_headers(self.realm, self.nonces.issue(1000.0), algorithms)
            if not with_qop:
                headers = [(name, value.replace(', qop="auth"', "")) for name, value in headers]
            send(respond(message, 401, source=None, to_tag="t", headers=headers))
            return
        answer = self.script.pop(0) if self.script else OK
        if answer.hang_up:
            hang_up()
        if answer.status is None:
            return
        send(respond(message, answer.status, source=None, to_tag="t", headers=answer.headers))
        if answer.status == 200:
            for _ in range(answer.confirm):
                self._confirm(message, send)

    def bodies(self) -> list[bytes]:
        """The bodies that came, in order."""
        return [request.body for request in self.requests]

    def _is_authorised(self, request: Request) -> bool:
        assert self.require_digest
        username, password, algorithms, _ = self.require_digest
        value = request.headers.first("authorization")
        if value is None:
            return False
        given = parse_authorization(value)
        return (
            given.username == username
            and given.algorithm in algorithms
            and verify(given, ha1(username, self.realm, password, given.algorithm), "MESSAGE")
            and self.nonces.check(given, 1000.0).value == "fresh"
        )

    def _confirm(self, request: Request, send: Send) -> None:
        number = next(self._numbers)
        send(
            build_request(
                "MESSAGE", "sip:device@127.0.0.1", via_transport="UDP", via_host="127.0.0.1", via_port=self.port,
                branch=f"z9hG4bKmrs{number}", from_uri="sip:test@127.0.0.1", from_tag="t", to_uri=request.from_.uri,
                call_id=f"mrs-{number}", cseq=1, body=build_mrs(Mrs(parse_mrq(request.body).ref or "0", 0)),
                content_type="application/scaip+xml",
            )
        )  # fmt: skip


@asynccontextmanager
async def answering(answerer: Answerer, context: ssl.SSLContext | None = None) -> AsyncIterator[Answerer]:
    """Listen on 127.0.0.1: UDP, and TCP (or TLS with a context) on the same number, given or free."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Stream(answerer), "127.0.0.1", answerer.port, ssl=context)
    answerer.port = server.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(answerer), local_addr=("127.0.0.1", answerer.port)
    )
    try:
        yield answerer
    finally:
        transport.close()
        server.close()
        for connection in answerer.connections:  # closing the server leaves them open
            connection.abort()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._answerer.take(parse(data), lambda answer: self._transport.sendto(answer, addr))


class _Stream(asyncio.Protocol):
    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer
        self._framer = Framer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._answerer.connections.add(self._transport)

    def data_received(self, data: bytes) -> None:
        for message in self._framer.feed(data):
            if not isinstance(message, KeepAlive):
                self._answerer.take(message, self._transport.write, self._transport.abort)
