# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An installation for the commands that maintain one, made once and copied for each file."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.clusters import copy, start_cluster
from tests.databases import provide_tenant
from tests.identities import keep_key
from tests.keys.running import running_keyholder
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role, tenant_database
from vaka.keys.keyring import open_keyring
from vaka.settings import Settings
from vaka.tenants.registration import register_authority


@pytest.fixture(scope="session")
def installed() -> Iterator[DataDirectory]:
    """An installation with one authority, stopped; nothing happens in it."""
    with _directory() as path:
        (path / "vaka.toml").write_text("[receiver]\ntls_port = false\n")
        data = DataDirectory(path)
        data.prepare()
        start_cluster(path)
        try:
            keep_key(data.cluster.server.credentials)
            with running_keyholder(path):
                asyncio.run(_register(data))
        finally:
            data.cluster.stop()
        yield data


@pytest.fixture(scope="module")
def made(installed: DataDirectory) -> Iterator[DataDirectory]:
    """The same, in a place of the file's own."""
    with _directory() as path:
        copy(installed.root, path)
        yield DataDirectory(path)


@contextmanager
def _directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="vaka-maintenance-"))
    try:
        path.chmod(0o755)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


async def _register(data: DataDirectory) -> None:
    server = data.cluster.server
    async with (
        await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="test") as connection,
        open_keyring(server, Settings(), "setup", SystemClock()) as keyring,
    ):
        provide_tenant(server, tenant_database("ekbacka"))  # which is then registered as one that is there
        await register_authority(server, connection, keyring, "ekbacka", "Ekbacka kommun", now=datetime.now(UTC))
