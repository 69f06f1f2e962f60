# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Two database servers, one a synchronous standby of the other: the primary is killed while there is work, the standby
takes over, and nothing is missing that was acknowledged.

Who promotes a standby is no process of ours (Patroni, or whoever is on call): the test does it by hand.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.conftest import START
from tests.waiting import wait_for, wait_until
from vaka.database.binaries import find_server_binaries
from vaka.database.cluster import Cluster, server_account, server_identity
from vaka.database.connections import DatabaseUnavailableError, Pool, make_pool, transaction
from vaka.database.provision import provision_platform
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

pytestmark = [pytest.mark.anyio, pytest.mark.database]
WRITERS = 4


@dataclass
class Pair:
    """A primary and its standby."""

    first: Cluster
    second: Cluster

    @property
    def server(self) -> Server:
        """How clients reach whichever of them takes writes; the standby is asked first, to begin with."""
        return Server(f"{self.second.directory},{self.first.directory}", self.first.port, self.first.credentials)

    def as_server(self, program: str, *arguments: str | Path) -> None:
        command = [find_server_binaries() / program, *arguments]
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        identity = server_identity(server_account())
        done = subprocess.run(
            command, cwd="/", env=environment, capture_output=True, text=True, check=False, umask=0o077, **identity
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def pair() -> Iterator[Pair]:
    root = Path(tempfile.mkdtemp(prefix="vaka-pair-"))
    root.chmod(0o755)
    pair = Pair(Cluster(root / "one", root / "credentials"), Cluster(root / "two", root / "credentials"))
    pair.first.create()
    pair.first.start()
    try:
        provision_platform(pair.first.server)
        pair.second.directory.mkdir()
        account = server_account()
        passwords = root / "standby.pgpass"
        shutil.copy(pair.first.server.credential_file(SUPERUSER), passwords)
        if account is not None:
            for path in (pair.second.directory, passwords):
                shutil.chown(path, account, account)
        source = f"host={pair.first.directory} port={pair.first.port} user={SUPERUSER} passfile={passwords}"
        pair.as_server(
            "pg_basebackup", "--pgdata", pair.second.data, "--write-recovery-conf", "--wal-method=stream",
            "--checkpoint=fast", "--dbname", source,
        )  # fmt: skip
        pair.second.start()
        with closing(psycopg.connect(pair.first.server.conninfo(SUPERUSER, "postgres"), autocommit=True)) as superuser:
            superuser.execute("alter system set synchronous_standby_names = '*'")
            superuser.execute("select pg_reload_conf()")
            wait_for(lambda: superuser.execute("select sync_state from pg_stat_replication").fetchall() == [("sync",)])
        yield pair
    finally:
        pair.second.stop(immediately=True)
        pair.first.stop(immediately=True)
        shutil.rmtree(root, ignore_errors=True)


def test_several_hosts_ask_for_the_one_that_takes_writes() -> None:
    """One alone is asked as before."""
    one = Server("db1.example", 5432, Path("/c")).conninfo("vaka_desk", "x")
    two = Server("db1.example,db2.example", 5432, Path("/c")).conninfo("vaka_desk", "x")
    for said in (one, two):
        assert "sslmode=verify-full" in said
    assert "target_session_attrs" not in one
    assert "target_session_attrs=read-write" in two
    assert "sslmode" not in Server("/run/one,/run/two", 5432, Path("/c")).conninfo("vaka_desk", "x")
    assert "sslmode=verify-full" in Server("/run/one,db2.example", 5432, Path("/c")).conninfo("vaka_desk", "x")


async def test_nothing_acknowledged_is_lost_when_the_primary_is_killed(pair: Pair) -> None:
    pool = make_pool(pair.server, platform_role("office"), PLATFORM_DATABASE, application="test", largest=WRITERS)
    await pool.open()
    acknowledged: set[str] = set()
    stopped = asyncio.Event()
    writers = [asyncio.create_task(write(pool, number, acknowledged, stopped)) for number in range(WRITERS)]
    try:
        await wait_until(lambda: len(acknowledged) >= 100)
        # The whole server, as a machine that loses its power: no session ends in order.
        postmaster = pair.first.process_id()
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for process in (postmaster, *map(int, children)):
            os.kill(process, signal.SIGKILL)
        await asyncio.sleep(0.5)
        before = len(acknowledged)
        await asyncio.to_thread(pair.as_server, "pg_ctl", "promote", "--pgdata", pair.second.data, "--wait")
        await wait_until(lambda: len(acknowledged) >= before + 100)
    finally:
        stopped.set()
        await asyncio.gather(*writers)
        await pool.close()
    with closing(psycopg.connect(pair.second.server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as superuser:
        rows = superuser.execute("select object from ledger.inbox where object like 'test:%'").fetchall()
        assert superuser.execute("select pg_is_in_recovery()").fetchone() == (False,)
    assert acknowledged <= {row[0] for row in rows}


async def write(pool: Pool, number: int, acknowledged: set[str], stopped: asyncio.Event) -> None:
    """Write entries, one after the other, and note each whose commit was answered; without an answer try the next."""
    count = 0
    while not stopped.is_set():
        count += 1
        name = f"test:{number}-{count}"
        try:
            async with transaction(pool) as connection:
                await append(connection, Entry(Event.SESSION_ENDED, "office", START, name))
        except DatabaseUnavailableError:
            await asyncio.sleep(0.05)
        else:
            acknowledged.add(name)
