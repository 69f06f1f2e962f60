# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Open desks: signed-in sessions that follow the live queue, and note when each person's name first came.

`python -m bench.viewers` reads a plan (JSON, one line), opens the streams, says "ready", and at the next line prints
what was seen: for each desk a mapping from the person's number to seconds on the machine's monotonic clock.
"""

import asyncio
import json
import re
import sys
import time
from typing import Any, cast

import uvloop

_NAME = re.compile(rb"Bench(\d{7})")
_CARRY = 16


class Viewer(asyncio.Protocol):
    """One open desk."""

    def __init__(self, port: int, token: str) -> None:
        self.seen: dict[int, float] = {}
        self.began = asyncio.Event()
        self.ended = ""
        self._tail = b""
        self._request = (
            f"GET /stream HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/event-stream\r\n"
            f"Cookie: __Host-vaka-operator={token}\r\n\r\n"
        ).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note whose names came."""
        now = time.perf_counter()
        if not self.began.is_set():
            if not data.startswith(b"HTTP/1.1 200"):
                self.ended = data[:200].decode(errors="replace")
            self.began.set()
        for digits in _NAME.findall(self._tail + data):
            self.seen.setdefault(int(digits), now)
        self._tail = data[-_CARRY:]

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it ended, which it must not."""
        self.ended = self.ended or "the stream ended"
        self.began.set()


async def watch(plan: dict[str, Any]) -> list[dict[int, float]]:
    """Follow until the next line on standard input."""
    loop = asyncio.get_running_loop()
    port = plan["port"]
    viewers = [Viewer(port, token) for token in plan["tokens"]]
    for viewer in viewers:
        await loop.create_connection(lambda viewer=viewer: viewer, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(viewer.began.wait() for viewer in viewers))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    ended = {viewer.ended for viewer in viewers if viewer.ended}
    if ended:
        raise SystemExit(f"a desk's stream ended: {ended}")
    return [viewer.seen for viewer in viewers]


if __name__ == "__main__":
    print(json.dumps(uvloop.run(watch(json.loads(sys.stdin.readline())))), flush=True)
