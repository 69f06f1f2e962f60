# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A database that falls silent holds up nobody for ever, whoever asked it last."""

import os
import signal

import psycopg
import pytest

from vaka.clock import SystemClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.receiver.channel import Channel

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def test_telling_the_clock_state_gives_the_turn_back_where_the_database_is_silent(server: Server) -> None:
    """The backend is stopped as a machine is that vanishes: no answer, and no end of the connection."""

    async def connect() -> psycopg.AsyncConnection[object]:
        return await psycopg.AsyncConnection.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)

    channel = Channel(connect, SystemClock())
    ((silent,),) = await channel.run("select pg_backend_pid()", ())
    os.kill(silent, signal.SIGSTOP)
    try:
        await channel.tell_clock_state()
        ((other,),) = await channel.run("select pg_backend_pid()", ())
        assert other != silent
    finally:
        os.kill(silent, signal.SIGCONT)
        await channel.close()
