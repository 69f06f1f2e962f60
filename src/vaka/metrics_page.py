# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Metrics for Prometheus over a Unix socket: who may read them is a matter of the directory's rights, and devices never
see the port because there is none."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_LARGEST_REQUEST = 4_096
_PATIENCE_SECONDS = 5.0


async def open_metrics_page(path: Path, text: Callable[[], bytes]) -> asyncio.Server:
    """Answer every HTTP request on the socket ``path`` with ``text()``; a socket left by a killed process is replaced.

    Raises OSError where the socket cannot be made.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await reader.readuntil(b"\r\n\r\n")
                body = text()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n"
                    b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
                )
                await writer.drain()
        writer.close()

    await asyncio.to_thread(path.unlink, missing_ok=True)
    server = await asyncio.start_unix_server(answer, path, limit=_LARGEST_REQUEST, backlog=8)
    await asyncio.to_thread(path.chmod, 0o600)
    return server
