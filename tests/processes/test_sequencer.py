# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The sequencer as a process: it seals every log, outlives a killed database connection, and ends when told."""

import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.ledger import golang
from tests.ledger.sealed import LogHouse
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.database.cluster import Cluster
from vaka.database.provision import provision_platform, provision_tenant
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_database
from vaka.identifiers import new_identifier
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

AUTHORITY = Authority(
    new_identifier(datetime(2026, 3, 14, tzinfo=UTC)), "berta", "Berta", "authority", tenant_database("berta")
)
COMMAND = (sys.executable, "-m", "vaka.processes.sequencer", "--data")


SETTINGS = '[ledger]\norigin = "vaka.example"\nseal_seconds = 0.2\n'


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory with a server of its own: the process works on every authority that it finds."""
    directory = Path(tempfile.mkdtemp(prefix="vaka-sequencer-"))
    directory.chmod(0o755)
    (directory / "vaka.toml").write_text(SETTINGS)
    cluster = Cluster(directory / "cluster", directory / "credentials")
    cluster.create()
    cluster.start()
    try:
        provision_platform(cluster.server)
        provision_tenant(cluster.server, AUTHORITY.database_name)
        with closing(psycopg.connect(cluster.server.conninfo(platform_role("setup"), PLATFORM_DATABASE))) as connection:
            connection.execute(
                "insert into vaka.authority (id, slug, name, database_name, created_at) values (%s, %s, %s, %s, now())",
                (AUTHORITY.id, AUTHORITY.slug, AUTHORITY.name, AUTHORITY.database_name),
            )
            connection.commit()
        yield directory
    finally:
        cluster.stop(immediately=True)
        shutil.rmtree(directory, ignore_errors=True)


def house_in(data: Path) -> LogHouse:
    return LogHouse(Cluster(data / "cluster", data / "credentials").server, AUTHORITY, data / "ledger")


@contextmanager
def running(data: Path) -> Iterator[subprocess.Popen[str]]:
    with (data / "log").open("a") as log, subprocess.Popen([*COMMAND, str(data)], stderr=log, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def published(server: Server, database: str) -> int:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, database), autocommit=True)) as onlooker:
        row = onlooker.execute("select coalesce(max(size), 0) from ledger.checkpoint").fetchone()
    assert row is not None
    return int(row[0])


def test_it_seals_every_log_until_it_is_told_to_stop(data: Path) -> None:
    golang.require_go()
    house, database = house_in(data), AUTHORITY.database_name
    server = house.server
    with running(data) as process:
        wait_for(lambda: published(server, PLATFORM_DATABASE) > 0 and published(server, database) > 0)
        asyncio.run(house.write(SystemClock(), "alarm:1", "alarm:2"))
        wait_for(lambda: published(server, database) >= 3)

        with house.superuser() as superuser:  # its connection is cut; it comes back by itself
            superuser.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s",
                              (f"{database}_sequencer",))  # fmt: skip
        asyncio.run(house.write(SystemClock(), "alarm:3"))
        wait_for(lambda: published(server, database) >= 4 and not house.waiting())

        other = subprocess.run([*COMMAND, str(data)], capture_output=True, text=True, timeout=60, check=False)
        assert (other.returncode, "Another sequencer" in other.stderr) == (2, True)

        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    said = (data / "log").read_text()
    assert "Traceback" not in said
    assert [leaf.object for leaf in house.leaves() if leaf.event == "alarm.read"] == ["alarm:1", "alarm:2", "alarm:3"]

    pack = asyncio.run(house.export(data / "pack"))
    key = (data / "ledger" / f"{database}.vkey").read_text().removesuffix("\n")
    assert key.startswith(f"vaka.example/authority/{AUTHORITY.slug}+")
    told = golang.ask("log", directory=str(pack), keys=[key], indexes=[0], sizes=[1])
    assert told.get("error") is None
    assert told["size"] == house.size()


def test_killed_again_and_again_it_keeps_one_history(data: Path) -> None:
    golang.require_go()
    house, database = house_in(data), AUTHORITY.database_name
    for life in range(5):
        asyncio.run(house.write(SystemClock(), *(f"alarm:{life}-{number}" for number in range(50))))
        with running(data) as process:
            wait_for(lambda: house.waiting() == 0)  # committed; signing and publishing may be under way
            process.kill()
            process.wait(30)
    with running(data):
        wait_for(lambda: published(house.server, database) == house.size() > 250 and house.waiting() == 0)
    objects = [leaf.object for leaf in house.leaves() if leaf.event == "alarm.read"]
    assert objects == [f"alarm:{life}-{number}" for life in range(5) for number in range(50)]
    assert '"ledger stands still"' not in (data / "log").read_text()
    pack = asyncio.run(house.export(data / "pack"))
    key = (data / "ledger" / f"{database}.vkey").read_text().removesuffix("\n")
    told = golang.ask("log", directory=str(pack), keys=[key], indexes=[0], sizes=[1])
    assert told.get("error") is None


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), ('[ledger]\norigin = "https://vaka.example"\n', "ledger.origin"), ("x = ", "TOML")],
)
def test_faulty_settings_stop_the_start_with_a_sentence(tmp_path: Path, content: str | None, says: str) -> None:
    if content is not None:
        (tmp_path / "vaka.toml").write_text(content)
    done = subprocess.run([*COMMAND, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
