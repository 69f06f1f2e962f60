# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An empty key database and a place for a root store, for each test its own."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.keys.keyring import TABLES, Keyring
from vaka.clock import TurnedClock
from vaka.database.server import KEY_DATABASE, SUPERUSER, Server


@pytest.fixture
def key_database(server: Server) -> Server:
    """The server, with nothing in its key database."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, KEY_DATABASE), autocommit=True)) as connection:
        connection.execute(f"truncate {', '.join(TABLES)}".encode())
    return server


@pytest.fixture
async def keyring(key_database: Server, clock: TurnedClock, tmp_path: Path) -> AsyncIterator[Keyring]:
    """Everything that makes up a key store, not opened yet; what a test opens is closed in the end."""
    made = Keyring(key_database, clock, tmp_path)
    yield made
    await made.close()
