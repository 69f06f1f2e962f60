# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One POST to an address of the trust registry, or a look whether one answers there: bounded in time and size, over
TLS, and no redirect is followed.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11

SECONDS = 10.0
"""For all of it, from the name's look-up to the last byte."""
LARGEST_HEAD = 16_384
LARGEST_BODY = 65_536
_CHUNK = 16_384


class UnreachableError(Exception):
    """The other end does not answer, or not within the time."""


class UnusableAnswerError(Exception):
    """What came back is too large, or is no HTTP."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back."""

    status: int
    media_type: str
    body: bytes = field(repr=False)


async def post_form(address: str, body: bytes, *, tls: ssl.SSLContext, plain: bool = False) -> Fetched:
    """Send a form and return the answer, whatever its status. ``plain`` allows an address without TLS (a demo's).

    Raises UnreachableError or UnusableAnswerError.
    """
    return await post(address, body, "application/x-www-form-urlencoded", {}, tls=tls, plain=plain)


async def post(
    address: str, body: bytes, media_type: str, headers: Mapping[str, str], *, tls: ssl.SSLContext, plain: bool = False,
    connect_to: str = "",
) -> Fetched:  # fmt: skip
    """Send a body with further headers; ``connect_to`` is where the host was found to be, if somebody has looked.

    Raises UnreachableError or UnusableAnswerError.
    """
    parts = urlsplit(address)
    fields = [
        ("Host", parts.netloc), ("Accept", "application/json"), ("Connection", "close"),
        ("Content-Type", media_type), ("Content-Length", str(len(body))), *headers.items(),
    ]  # fmt: skip
    request = h11.Request(method="POST", target=_target(address), headers=fields)
    async with _asked(address, request, body, tls=tls, plain=plain, connect_to=connect_to, seconds=SECONDS) as (
        http, reader
    ):  # fmt: skip
        return await _read(http, reader)


async def ask_status(address: str, *, tls: ssl.SSLContext, plain: bool = False, seconds: float = SECONDS) -> int:
    """Return with which status a page is answered. Its body is not read, and no redirect is followed.

    Raises UnreachableError or UnusableAnswerError.
    """
    fields = [("Host", urlsplit(address).netloc), ("Accept", "*/*"), ("Connection", "close")]
    request = h11.Request(method="GET", target=_target(address), headers=fields)
    async with _asked(address, request, b"", tls=tls, plain=plain, connect_to="", seconds=seconds) as (http, reader):
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(_CHUNK))
            elif isinstance(event, h11.Response):
                return event.status_code
            elif not isinstance(event, h11.InformationalResponse):
                raise UnusableAnswerError


@asynccontextmanager
async def _asked(
    address: str, request: h11.Request, body: bytes, *, tls: ssl.SSLContext, plain: bool, connect_to: str,
    seconds: float,
) -> AsyncIterator[tuple[h11.Connection, asyncio.StreamReader]]:  # fmt: skip
    """Send a request, let the block read the answer within the same time, and close."""
    parts = urlsplit(address)
    encrypted = parts.scheme == "https"
    if not parts.hostname or not (encrypted or (plain and parts.scheme == "http")):
        raise UnreachableError
    port = parts.port or (443 if encrypted else 80)
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(
                connect_to or parts.hostname, port, ssl=tls if encrypted else None, limit=_CHUNK,
                server_hostname=parts.hostname if encrypted else None,
            )  # fmt: skip
            try:
                http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
                parts_sent = (request, *((h11.Data(data=body),) if body else ()), h11.EndOfMessage())
                writer.write(b"".join(http.send(event) or b"" for event in parts_sent))
                yield http, reader
            finally:
                writer.transport.abort()  # the answer is read as far as it is wanted
    except (OSError, TimeoutError):
        raise UnreachableError from None
    except (h11.RemoteProtocolError, h11.LocalProtocolError):
        raise UnusableAnswerError from None


def _target(address: str) -> str:
    parts = urlsplit(address)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


async def _read(http: h11.Connection, reader: asyncio.StreamReader) -> Fetched:
    status, media_type, body = 0, "", bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            status = event.status_code
            named = next((value for name, value in event.headers if name == b"content-type"), b"")
            media_type = named.decode("latin-1").partition(";")[0].strip().lower()
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > LARGEST_BODY:
                raise UnusableAnswerError
        elif isinstance(event, h11.EndOfMessage):
            return Fetched(status, media_type, bytes(body))
        elif not isinstance(event, h11.InformationalResponse):
            raise UnusableAnswerError
