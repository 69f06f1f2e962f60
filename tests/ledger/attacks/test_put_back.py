# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A database put back from a real backup: the files of a whole cluster, or a dump of one database.

Who finds it: the signer, by its memory, which no backup of the database holds; where the memory is put back as well,
the witnesses. A backup that nothing happened after is put back without accusing anybody.
"""

import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.ledger.attacks.scene import Scene, open_scene, save_tables, with_since
from tests.ledger.sealed import LogHouse
from vaka.database.binaries import find_server_binaries
from vaka.database.cluster import Cluster
from vaka.database.provision import provision_platform, provision_tenant
from vaka.database.server import SUPERUSER, tenant_database
from vaka.identifiers import new_identifier
from vaka.ledger.findings import Wrong
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture(scope="module")
def own() -> Iterator[tuple[Cluster, Authority]]:
    """A cluster of its own with one authority: what is put back is the whole of it."""
    with tempfile.TemporaryDirectory(prefix="vaka-backup-") as name:
        root = Path(name)
        root.chmod(0o755)
        cluster = Cluster(root / "cluster", root / "credentials")
        cluster.create()
        cluster.start()
        try:
            provision_platform(cluster.server)
            made = datetime.now(UTC)
            authority = Authority(new_identifier(made), "alma", "Alma", "authority", tenant_database("alma"))
            provision_tenant(cluster.server, authority.database_name)
            save_tables(LogHouse(cluster.server, authority, root), "fresh")
            yield cluster, authority
        finally:
            cluster.stop(immediately=True)


@pytest.fixture
async def scene(own: tuple[Cluster, Authority], tmp_path: Path) -> AsyncIterator[Scene]:
    """A clean log in that cluster."""
    cluster, authority = own
    async with open_scene(LogHouse(cluster.server, authority, tmp_path), tmp_path) as scene:
        yield scene


class Files:
    """The files of a stopped cluster, copied with their owners; and put in the place of what came after."""

    def __init__(self, cluster: Cluster, _database: str) -> None:
        self._cluster = cluster

    def take(self) -> None:
        self._between("cp", "-a", self._cluster.data, self._cluster.data.with_name("backup"))

    def put_back(self) -> None:
        backup, data = self._cluster.data.with_name("backup"), self._cluster.data
        self._between("bash", "-c", 'rm -rf "$1" && mv "$0" "$1"', backup, data)

    def _between(self, *command: str | Path) -> None:
        self._cluster.stop()
        subprocess.run(command, check=True)
        self._cluster.start()


class Dump:
    """`pg_dump` and `pg_restore` of the authority's database, as its superuser."""

    def __init__(self, cluster: Cluster, database: str) -> None:
        self._cluster, self._database = cluster, database
        self._file = cluster.credentials / "dump"

    def take(self) -> None:
        self._run("pg_dump", "--format=custom", "--file", self._file, "--dbname", self._conninfo(self._database))

    def put_back(self) -> None:
        name = sql.Identifier(self._database)
        with closing(psycopg.connect(self._conninfo("postgres"), autocommit=True)) as superuser:
            superuser.execute(sql.SQL("drop database {} with (force)").format(name))
            superuser.execute(sql.SQL("create database {} owner vaka_owner template template0").format(name))
        self._run("pg_restore", "--exit-on-error", "--dbname", self._conninfo(self._database), self._file)

    def _conninfo(self, database: str) -> str:
        return self._cluster.server.conninfo(SUPERUSER, database)

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run([find_server_binaries() / program, *arguments], check=True, env={**os.environ, "PGTZ": "UTC"})


Backup = Callable[[Cluster, str], Files | Dump]
HOWS = pytest.mark.parametrize("how", [Files, Dump])


@HOWS
async def test_newest_backup_put_back_accuses_nobody(own: tuple[Cluster, Authority], scene: Scene, how: Backup) -> None:
    backup = how(own[0], own[1].database_name)
    backup.take()
    backup.put_back()
    await scene.require_clean()
    await scene.live()
    assert (await scene.require_clean()).entries == 26 + 13


@HOWS
async def test_older_backup_put_back(own: tuple[Cluster, Authority], scene: Scene, how: Backup) -> None:
    """Found by the signer at its first round, and as often as it is tried; alarms go on, their entries wait.

    With its memory from the same backup the witnesses find it. The reviewer finds it by what he kept.
    """
    backup, memory = how(own[0], own[1].database_name), scene.house.files.memory
    backup.take()
    older = memory.read_bytes()
    await scene.live()
    kept, newer = scene.keep(), memory.read_bytes()
    backup.put_back()
    assert await scene.found(with_since(scene, kept)) == (Wrong.OLDER, "checkpoint (26 after 39)")
    async with scene.house.as_("desk") as desk:
        await scene.write(desk)
    for _ in range(2):
        assert await scene.halts() == "older"
    assert scene.house.waiting() == 1

    memory.write_bytes(older)
    async with scene.house.as_("desk") as desk:
        for _ in range(20):
            await scene.write(desk)
    assert await scene.halts() == "older"
    assert memory.read_bytes() == older  # nothing was signed again
    assert await scene.halts(scene.start()) == "different"  # it has grown past what the witnesses saw
    memory.write_bytes(newer)
    assert await scene.halts() == "different"  # than what was signed
