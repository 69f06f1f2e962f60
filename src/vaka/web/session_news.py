# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Hears at once when a session ends or an account's roles change, so that what is open does not outlive it (term 13).

One listening connection to the platform's database, for ever. What it hears is a hint: the stream that it is about
reads its session anew, and ends only by what it reads. Whoever makes notifications of his own costs a reading and no
more. When the connection comes back every stream looks, for what was missed; and each looks every few seconds besides.
"""

import asyncio
from contextlib import aclosing
from uuid import UUID

import structlog

from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.logs import describe_error
from vaka.web.live import Hub

QUIET_SECONDS = 5.0
"""After so long without news the connection is tried."""
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0

log = structlog.get_logger()


class SessionNews:
    """Passes on to the open streams of one process what is said of their sessions."""

    def __init__(self, server: Server, component: str, hub: Hub) -> None:
        self._server = server
        self._component = component
        self._hub = hub

    async def follow(self) -> None:
        """Listen, for ever: when the connection breaks, come back and let every stream look."""
        failures = 0
        while True:
            try:
                connection = await open_connection(
                    self._server, platform_role(self._component), PLATFORM_DATABASE,
                    application=f"vaka-{self._component}-sessions",
                )  # fmt: skip
                try:
                    await connection.execute("listen session")
                    self._hub.doubt()
                    failures = 0
                    await self._listen(connection)
                finally:
                    await connection.close()
            except Exception as error:  # whatever it was, streams look by themselves meanwhile
                failures += 1
                if failures == 1:
                    log.warning("sessions are not followed", **describe_error(error))
            await asyncio.sleep(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(failures, 10)))

    async def _listen(self, connection: Connection) -> None:
        while True:
            heard = False
            async with aclosing(connection.notifies(timeout=QUIET_SECONDS)) as notifications:
                async for notification in notifications:
                    heard = True
                    self._pass_on(notification.payload)
            if not heard:
                await connection.execute("select 1")

    def _pass_on(self, said: str) -> None:
        kind, _, text = said.partition(":")
        try:
            named = UUID(text)
        except ValueError:  # of nobody's making here
            return
        if kind == "session":
            self._hub.doubt(session_id=named)
        elif kind == "account":
            self._hub.doubt(account_id=named)
