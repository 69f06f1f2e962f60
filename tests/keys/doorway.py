# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A keyholder that listens on a real socket in this process, and those who knock."""

import asyncio
import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.keys.keyring import Keyring
from vaka.clock import SystemClock
from vaka.keys.client import KeyClient
from vaka.keys.credentials import credential_file, issue_credentials, read_credential, read_credentials
from vaka.keys.frames import LARGEST_ANSWER, LARGEST_REQUEST, Hello, Introduction, Welcome, frame, prove, read_frame
from vaka.keys.holder import Keyholder


class Doorway:
    """Opened, closed and opened again as often as a test likes."""

    def __init__(self, keyring: Keyring, accounts: frozenset[int] | None = None) -> None:
        self.keyring = keyring
        self.now: datetime = keyring.clock.now()
        self.socket = keyring.directory / "door.sock"
        self._accounts = accounts if accounts is not None else frozenset({os.geteuid()})
        self._credentials = keyring.directory / "credentials"
        self._clients: list[KeyClient] = []
        self._holder: Keyholder | None = None
        self._server: asyncio.Server | None = None
        issue_credentials(self._credentials)

    async def open(self) -> None:
        """Let people in."""
        self.hierarchy = await self.keyring.open()
        self._holder = Keyholder(self.hierarchy, read_credentials(self._credentials), self._accounts, SystemClock())
        self._server = await self._holder.listen(self.socket)

    async def close(self) -> None:
        """End the keyholder, as a restart does. Clients stay as they are."""
        if self._server is not None and self._holder is not None:
            self._server.close()
            self._holder.close()
            self._server = None
        await self.keyring.close()

    def client(self, component: str, *, wait_seconds: float = 5) -> KeyClient:
        """A component's client."""
        client = KeyClient(
            self.socket, component, credential_file(self._credentials, component), SystemClock(),
            wait_seconds=wait_seconds,
        )  # fmt: skip
        self._clients.append(client)
        return client

    def same_client(self, client: KeyClient) -> KeyClient:
        """The client that was there before: what it has seen, it has seen."""
        assert client in self._clients
        return client

    def credential(self, component: str) -> bytes:
        """A component's credential."""
        return read_credential(credential_file(self._credentials, component))

    def refused(self, reason: str) -> int:
        """How often somebody was sent away for a reason."""
        assert self._holder is not None
        line = f'vaka_keyholder_refusals_total{{reason="{reason}"}} '
        return int(float(self._holder.measures.text().split(line)[1].split("\n")[0]))

    async def greeted(
        self, component: str, *, credential: bytes | None = None, is_expected: bool = True
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect by hand, and say who we are."""
        reader, writer = await asyncio.open_unix_connection(self.socket)
        hello = await read_frame(reader, Hello, LARGEST_REQUEST)
        mine = os.urandom(32)
        proof = prove(credential or self.credential(component), "component", component, hello.challenge, mine)
        writer.write(frame(Introduction(component=component, challenge=mine, proof=proof), LARGEST_REQUEST))
        if is_expected:
            await read_frame(reader, Welcome, LARGEST_ANSWER)
        return reader, writer

    async def ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, call: str, body: Mapping[str, object]
    ) -> dict[str, Any]:
        """Ask by hand."""
        content = json.dumps({"call": call, "body": body}).encode()
        writer.write(len(content).to_bytes(4, "big") + content)
        length = int.from_bytes(await reader.readexactly(4), "big")
        answer: dict[str, Any] = json.loads(await reader.readexactly(length))
        return answer
