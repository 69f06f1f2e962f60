# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A browser as the application meets it: headers, a cookie, forms, and streams that stay open."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message

from tests.web.furniture import Installation
from vaka.identity.sessions import open_session
from vaka.settings import Settings
from vaka.web.asker import SESSION_COOKIE
from vaka.web.desk.application import build_desk
from vaka.web.desk.desk import Desk

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def header(self, name: str) -> str:
        """The one header of this name, or nothing."""
        found = [value for key, value in self.headers if key == name.lower()]
        assert len(found) <= 1, f"{name} came {len(found)} times"
        return found[0] if found else ""

    @property
    def cookies(self) -> dict[str, SimpleCookie]:
        """The cookies that were set, with their attributes."""
        found = [SimpleCookie(value) for key, value in self.headers if key == "set-cookie"]
        return {name: cookie for cookie in found for name in cookie}


@dataclass
class Held:
    """A body that stays on its way: half of it is sent, and the rest once it is let go."""

    read: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody waits for the rest."""
    let_go: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Browser:
    """One browser. ``get`` and ``post`` behave like a page of ours unless headers say otherwise."""

    app: ASGIApp
    origin: str
    cookies: dict[str, str] = field(default_factory=dict)
    account: str = ""
    address: str = "127.0.0.1"
    """From where it asks."""

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page."""
        return await self.send("GET", path, {"accept": "text/html", **(headers or {})})

    async def part(self, path: str) -> Answer:
        """Ask for a part of a page, as HTMX does."""
        return await self.get(path, {"hx-request": "true"})

    async def post(
        self,
        path: str,
        fields: Sequence[tuple[str, str]] | Mapping[str, str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a form."""
        sent = {
            "accept": "text/html", "content-type": "application/x-www-form-urlencoded",
            "sec-fetch-site": "same-origin", **(headers or {}),
        }  # fmt: skip
        return await self.send("POST", path, sent, urlencode(fields).encode())

    async def search(self, path: str, fields: Sequence[tuple[str, str]] | Mapping[str, str] = ()) -> Answer:
        """Send what is looked for, and go where the answer is."""
        answer = await self.post(path, fields)
        return await self.get(answer.header("location")) if answer.status == 303 else answer

    async def act(self, path: str, fields: Sequence[tuple[str, str]] | Mapping[str, str] = ()) -> Answer:
        """Send a form as HTMX does."""
        return await self.post(path, fields, {"hx-request": "true"})

    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", held: Held | None = None
    ) -> Answer:
        """Send one request and return the whole answer."""
        messages: list[Message] = []

        async def send(message: Message) -> None:
            messages.append(message)

        half = len(body) // 2 if held else 0
        arriving: list[Message] = [{"type": "http.request", "body": body[half:], "more_body": False}]
        if held:
            arriving.insert(0, {"type": "http.request", "body": body[:half], "more_body": True})

        async def receive() -> Message:
            if held and len(arriving) == 1:
                held.read.set()
                await held.let_go.wait()
            return arriving.pop(0) if arriving else await asyncio.Future()

        await self.app(self._scope(method, path, headers), receive, send)
        start = messages[0]
        return Answer(
            start["status"],
            [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]],
            b"".join(message.get("body", b"") for message in messages[1:]),
        )

    @asynccontextmanager
    async def stream(self, path: str = "/stream", headers: Mapping[str, str] | None = None) -> AsyncIterator["Stream"]:
        """Open the live stream; leaving the block closes the connection."""
        chunks: asyncio.Queue[Message] = asyncio.Queue()
        gone = asyncio.Event()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        scope = self._scope("GET", path, {"accept": "text/event-stream", **(headers or {})})
        serving = asyncio.create_task(_serve(self.app, scope, receive, chunks))
        try:
            start = await asyncio.wait_for(chunks.get(), PATIENCE_SECONDS)
            yield Stream(start["status"], chunks)
        finally:
            gone.set()
            with suppress(asyncio.CancelledError):
                await asyncio.wait_for(serving, PATIENCE_SECONDS)

    def _scope(self, method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
        where, _, query = path.partition("?")
        host = self.origin.partition("://")[2]
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"host": host, **({"cookie": cookie} if cookie else {}), **headers}
        return {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": where, "raw_path": where.encode(), "query_string": query.encode(),
            "root_path": "", "client": (self.address, 50000), "server": ("127.0.0.1", 8401),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    name: str
    id: str
    data: Any

    @property
    def alarms(self) -> list[str]:
        """The alarms it puts."""
        return [card["id"] for card in self.data["put"]]


@dataclass
class Stream:
    """An open stream."""

    status: int
    _chunks: asyncio.Queue[Message]
    _text: str = ""

    async def next(self, *names: str) -> Event:
        """Return the next event (of one of these names)."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                while "\n\n" not in self._text:
                    self._text += (await self._chunks.get()).get("body", b"").decode()
                block, _, self._text = self._text.partition("\n\n")
                fields = dict(line.partition(": ")[::2] for line in block.split("\n"))
                if "event" in fields and (not names or fields["event"] in names):
                    data = fields["data"]
                    return Event(fields["event"], fields.get("id", ""), json.loads(data) if data[:1] == "{" else data)


async def _serve(app: ASGIApp, scope: Any, receive: Any, chunks: asyncio.Queue[Message]) -> None:
    await app(scope, receive, chunks.put)


async def sign_in(desk: Desk, settings: Settings, installation: Installation, persona: str) -> Browser:
    """Return a browser in which a persona is signed in, over a real session."""
    account = installation.accounts[persona]
    token = await open_session(await installation.signing_in(), account, "operator", "test", datetime.now(UTC))
    return Browser(build_desk(desk, settings), settings.desk.origin, {SESSION_COOKIE: token}, str(account))
