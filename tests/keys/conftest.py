# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An empty key database and a place for a root store, for each test its own."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.clusters import start_cluster
from tests.keys.keyring import TABLES, Keyring
from vaka.clock import TurnedClock
from vaka.database.cluster import Cluster
from vaka.database.server import KEY_DATABASE, SUPERUSER, Server


@pytest.fixture(scope="session")
def key_cluster() -> Iterator[Cluster]:
    """A cluster for keys alone: what is done here to the key database, no running keyholder would stand."""
    root = Path(tempfile.mkdtemp(prefix="vaka-keys-"))
    root.chmod(0o755)
    cluster = start_cluster(root)
    try:
        yield cluster
    finally:
        cluster.stop(immediately=True)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def key_server(key_cluster: Cluster) -> Server:
    """How it is reached."""
    return key_cluster.server


@pytest.fixture
def key_database(key_server: Server) -> Server:
    """The server, with nothing in its key database."""
    with closing(psycopg.connect(key_server.conninfo(SUPERUSER, KEY_DATABASE), autocommit=True)) as connection:
        connection.execute(f"truncate {', '.join(TABLES)}".encode())
    return key_server


@pytest.fixture
async def keyring(key_database: Server, clock: TurnedClock, tmp_path: Path) -> AsyncIterator[Keyring]:
    """Everything that makes up a key store, not opened yet; what a test opens is closed in the end."""
    made = Keyring(key_database, clock, tmp_path)
    yield made
    await made.close()
