# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Fetching advisory data: one GET over TLS, bounded in time and size; no redirect is followed."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import h11

from vaka.errors import Category, Sentence, VakaError
from vaka.operations.vulnerabilities.reading import LARGEST_FILE

_CHUNK = 65_536
_LARGEST_HEAD = 16_384


class NotFetchedError(VakaError):
    """A source did not give its data; says why. What was taken in before stays, and grows old."""

    def __init__(self, url: str, sv: str, en: str) -> None:
        host = urlsplit(url).hostname or ""
        super().__init__(
            Category.UNAVAILABLE, Sentence(f"{host}: {sv} Inget har tagits in.", f"{host}: {en} Nothing was taken in.")
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source gave."""

    content: bytes = field(repr=False)
    changed_at: datetime | None
    """When it says that it was made."""


async def fetch(url: str, trusted: Path | None, *, seconds: float) -> Fetched:
    """Return what an address gives. Raises NotFetchedError."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = [("Host", parts.netloc), ("Accept", "*/*"), ("Accept-Encoding", "identity"), ("Connection", "close")]
    try:
        tls = ssl.create_default_context(cafile=None if trusted is None else str(trusted))
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port or 443, ssl=tls, server_hostname=parts.hostname, limit=_CHUNK
            )
            try:
                http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
                for event in (h11.Request(method="GET", target=target, headers=fields), h11.EndOfMessage()):
                    writer.write(http.send(event) or b"")
                return await _read(url, http, reader)
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError) as error:
        raise NotFetchedError(url, "svarar inte i tid.", "does not answer in time.") from error
    except (h11.RemoteProtocolError, h11.LocalProtocolError) as error:
        raise NotFetchedError(url, "svarar inte med HTTP.", "does not answer with HTTP.") from error


async def _read(url: str, http: h11.Connection, reader: asyncio.StreamReader) -> Fetched:
    content, headers = bytearray(), dict[str, str]()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            if event.status_code != 200:
                code = event.status_code
                raise NotFetchedError(url, f"svarar {code} i stället för 200.", f"answers {code} instead of 200.")
            headers = {name.decode("ascii").lower(): value.decode("latin-1") for name, value in event.headers}
        elif isinstance(event, h11.Data):
            content += event.data
            if len(content) > LARGEST_FILE:
                raise NotFetchedError(url, "svarar med för mycket.", "answers with too much.")
        elif isinstance(event, h11.EndOfMessage):
            return Fetched(bytes(content), _read_time(headers))
        elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise NotFetchedError(url, "bröt av.", "broke off.")


def _read_time(headers: Mapping[str, str]) -> datetime | None:
    try:
        at = parsedate_to_datetime(headers["last-modified"])
    except (KeyError, ValueError):
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
