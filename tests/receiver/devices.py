# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Social alarm devices, as far as a receiver sees them."""

import asyncio
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from itertools import count
from typing import Any

from vaka.scaip.body import Mrs, build_mrq, parse_mrs
from vaka.sip.build import build_request, respond
from vaka.sip.digest import build_authorization, parse_challenge
from vaka.sip.framing import Framer
from vaka.sip.message import Request, Response
from vaka.sip.parse import parse

HOST = "127.0.0.1"
REALM = "vaka"
PATIENCE_SECONDS = 60.0

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a digest device knows."""

    sender: str
    username: str
    password: str


def mrq(sender: str | None, ref: str | None = None, **fields: str) -> bytes:
    """A device's body: a pressed button unless ``fields`` say otherwise."""
    values = {"ref": ref or f"r{next(_numbers)}", "cid": sender, "mty": "ME", "dty": "2", "stc": "10"} | fields
    return build_mrq([(tag, value) for tag, value in values.items() if value])


def message(
    sender: str | None,
    body: bytes,
    *,
    transport: str = "UDP",
    method: str = "MESSAGE",
    branch: str | None = None,
    call_id: str | None = None,
    via_host: str = "192.168.1.20",
    headers: tuple[tuple[str, str], ...] = (),
    **others: Any,
) -> bytes:
    """A request as a device behind address translation writes it: its Via names an address nobody can reach."""
    number = next(_numbers)
    user = f"{sender}@" if sender else ""
    arguments: dict[str, Any] = {
        "via_transport": transport, "via_host": via_host, "via_port": 5060, "branch": branch or f"z9hG4bK{number}",
        "from_uri": f"sip:{user}192.168.1.20", "from_tag": "1", "to_uri": f"sip:{user}receiver.example",
        "call_id": call_id or f"call-{number}", "cseq": 1, "body": body,
        "content_type": "application/scaip+xml", "headers": headers,
    } | others  # fmt: skip
    return build_request(method, "sip:alarm@receiver.example", **arguments)


def authorization(
    challenged: Response, credentials: Credentials, *, header: int = 0, number: int = 1, method: str = "MESSAGE"
) -> tuple[str, str]:
    """The header that answers a 401."""
    challenge = parse_challenge(challenged.headers.all("www-authenticate")[header])
    return "Authorization", build_authorization(
        challenge,
        username=credentials.username,
        password=credentials.password,
        method=method,
        uri="sip:alarm@receiver.example",
        cnonce="0a4f113b",
        count=number,
    )


class Device:
    """Sends, and keeps apart what it hears: answers, and requests (which it answers, as a good device does)."""

    def __init__(self) -> None:
        self.responses: deque[Response] = deque()
        self.requests: deque[Request] = deque()
        self.answers_requests = True

    async def send(self, data: bytes) -> None:
        """Send these bytes."""
        raise NotImplementedError

    async def hear(self) -> None:
        """Take in what comes next. Raises TimeoutError, and EOFError at the end of a connection."""
        raise NotImplementedError

    async def ask(self, data: bytes) -> Response:
        """Send a request and return its answer."""
        await self.send(data)
        return await self.response()

    async def response(self) -> Response:
        """Return the next answer."""
        while not self.responses:
            await self.hear()
        return self.responses.popleft()

    async def mrs(self) -> Mrs:
        """Return the next confirmation."""
        while not self.requests:
            await self.hear()
        return parse_mrs(self.requests.popleft().body)

    async def is_silent(self, seconds: float) -> bool:
        """Whether nothing at all comes for a while."""
        try:
            async with asyncio.timeout(seconds):
                await self.hear()
        except TimeoutError:
            return not (self.responses or self.requests)
        return False

    async def take(self, heard: object) -> None:
        """Sort what was heard."""
        if isinstance(heard, Response):
            self.responses.append(heard)
        elif isinstance(heard, Request):
            self.requests.append(heard)
            if self.answers_requests:
                await self.send(respond(heard, 200, source=None, to_tag="d"))


class UdpDevice(Device):
    """Over UDP, from a port of its own."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect((HOST, port))

    @property
    def source(self) -> tuple[str, int]:
        """Where it sends from."""
        host, port = self._socket.getsockname()
        return host, port

    async def send(self, data: bytes) -> None:
        """Send one datagram."""
        self._socket.send(data)

    async def hear(self) -> None:
        """Take in one datagram."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            data = await asyncio.get_running_loop().sock_recv(self._socket, 65536)
        await self.take(parse(data))

    async def close(self) -> None:
        """Go away."""
        self._socket.close()


class TcpDevice(Device):
    """Over one connection, with or without TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self.reader, self.writer = reader, writer
        self._framer = Framer()

    @classmethod
    async def connect(cls, port: int, context: ssl.SSLContext | None = None) -> "TcpDevice":
        """Connect, and shake hands where there is a context."""
        name = "receiver.example" if context is not None else None
        async with asyncio.timeout(PATIENCE_SECONDS):
            return cls(*await asyncio.open_connection(HOST, port, ssl=context, server_hostname=name))

    async def send(self, data: bytes) -> None:
        """Send bytes, whole messages or not."""
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self) -> None:
        """Take in what comes next."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            data = await self.reader.read(65536)
        if not data:
            raise EOFError
        for heard in self._framer.feed(data):
            await self.take(heard)

    async def is_closed(self) -> bool:
        """Wait until the receiver has closed the connection."""
        try:
            while True:
                await self.hear()
        except (EOFError, ConnectionError):
            return True
        except TimeoutError:
            return False

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
