# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The sequencer as a process: it seals every log, outlives a killed database connection, and ends when told."""

import asyncio
import json
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

from tests.clusters import start_cluster
from tests.databases import provide_tenant
from tests.ledger import golang
from tests.ledger.attacks.scene import put_back_tables, save_tables
from tests.ledger.sealed import LogHouse
from tests.ledger.watched import another_running, new_witness, witness_key
from tests.ledger.watched import running as running_witness
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.database.cluster import Cluster
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_database
from vaka.identifiers import new_identifier
from vaka.ledger.cosignatures import Policy, verify_cosignatures
from vaka.ledger.note_keys import LogKey
from vaka.ledger.notes import parse_note
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
    cluster = start_cluster(directory)
    try:
        provide_tenant(cluster.server, AUTHORITY.database_name)
        with closing(psycopg.connect(cluster.server.conninfo(platform_role("setup"), PLATFORM_DATABASE))) as connection:
            connection.execute(
                "insert into vaka.authority (id, slug, name, database_name, address, created_at)"
                " values (%s, %s, %s, %s, %s, now())",
                (AUTHORITY.id, AUTHORITY.slug, AUTHORITY.name, AUTHORITY.database_name, bytes(32)),
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
        assert process.wait(60) == 0
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
            process.wait(60)
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


# --- witnesses --------------------------------------------------------------------------------------------------------


def witnessed(url: str, *, key: str = "") -> str:
    """Settings with a witness of the authority's log."""
    return f"""{SETTINGS}[[ledger.witnesses]]
url = "{url}"
key = "{key or witness_key().encode()}"
logs = ["authority/{AUTHORITY.slug}"]
"""


@contextmanager
def witness_of(whose: str, log: LogKey, directory: Path) -> Iterator[str]:
    """A new witness as a program of its own: ours, or another's with the same key. Gives its address."""
    if whose == "another's":
        with another_running(directory, log) as url:
            yield url
        return
    new_witness(directory, log)
    with running_witness(directory) as ours:
        yield ours.url


def cosigned(house: LogHouse) -> int:
    """The size of the newest checkpoint, where the witness has cosigned it; otherwise 0."""
    checkpoints = house.checkpoints()
    if not checkpoints:
        return 0
    size, note = checkpoints[-1]
    return size if verify_cosignatures(parse_note(note), Policy((witness_key(),), 1)) else 0


def first_key(data: Path) -> LogKey:
    """Let the sequencer make the log's key, which the witness is to be told."""
    (data / "vaka.toml").write_text(SETTINGS)
    house = house_in(data)
    with running(data):
        wait_for(lambda: published(house.server, AUTHORITY.database_name) > 0)
    return house.key


def memories_in(data: Path) -> dict[Path, bytes]:
    """What the signers remember."""
    return {path: path.read_bytes() for path in (data / "ledger").glob("*.signed")}


@pytest.mark.parametrize("whose", ["ours", "another's"])
def test_machine_put_back_from_a_backup_stands_still_until_the_right_copy_is_back(data: Path, whose: str) -> None:
    """The signer's memory is as old as the database: only the witness knows. Nothing is signed, and alarms go on."""
    house = house_in(data)
    log = first_key(data)
    with witness_of(whose, log, data / "witness") as url:
        (data / "vaka.toml").write_text(witnessed(url))
        with running(data):
            asyncio.run(house.write(SystemClock(), "alarm:1"))
            wait_for(lambda: cosigned(house) == house.size() > 1 and not house.waiting())
        save_tables(house, "backup")
        memories = memories_in(data)
        with running(data):
            asyncio.run(house.write(SystemClock(), "alarm:2"))
            wait_for(lambda: any(leaf.object == "alarm:2" for leaf in house.leaves()))
            wait_for(lambda: cosigned(house) == house.size() and not house.waiting())
        right = house.size()
        put_back_tables(house, "backup")
        for path, content in memories.items():
            path.write_bytes(content)
        before = house.checkpoints(), house.leaves()
        (data / "log").write_text("")
        with running(data) as process:
            wait_for(lambda: '"halted: older"' in (data / "log").read_text())
            asyncio.run(house.write(SystemClock(), "alarm:kept"))
            assert process.poll() is None
        assert (house.checkpoints(), house.leaves()) == before
        assert house.waiting() == 1
        memory = data / "ledger" / f"{AUTHORITY.database_name}.signed"
        assert memory.read_bytes() == memories[memory]
        assert before[0][-1][0] < right


@pytest.mark.parametrize("whose", ["ours", "another's"])
def test_witness_that_comes_late_holds_up_nothing_and_cosigns_when_it_is_there(data: Path, whose: str) -> None:
    house = house_in(data)
    log = first_key(data)
    with witness_of(whose, log, data / "gone") as url:
        pass  # it had this address, and is gone
    (data / "vaka.toml").write_text(witnessed(url))
    (data / "log").write_text("")
    with running(data):
        asyncio.run(house.write(SystemClock(), "alarm:1"))
        wait_for(lambda: any(leaf.object == "alarm:1" for leaf in house.leaves()))
        wait_for(lambda: house.checkpoints()[-1][0] == house.size())
        assert cosigned(house) == 0
        assert '"witness missing"' in (data / "log").read_text()
    with witness_of(whose, log, data / "witness") as url:
        (data / "vaka.toml").write_text(witnessed(url))
        with running(data):
            wait_for(lambda: cosigned(house) == house.size())
        receipt_is_handed_out(data, house)


def receipt_is_handed_out(data: Path, house: LogHouse) -> None:
    """As a user gets it, and as whoever verifies it has it."""
    number = next(leaf.id for leaf in house.leaves() if leaf.object == "alarm:1")
    (data / "receipts").mkdir()
    where = house.server  # started by the test, which no maintenance command knows of
    (data / "vaka.toml").write_text(f'{SETTINGS}[database]\nembedded = false\nhost = "{where.host}"\n')
    command = [sys.executable, "-c", "from vaka.commands.main import main; main()", "ledger", "receipt"]
    named = ["--data", str(data), "--authority", AUTHORITY.slug, "--to", str(data / "receipts"), str(number)]
    subprocess.run([*command, *named], check=True, capture_output=True)
    files = [data / "receipts" / f"{number}.{ending}" for ending in ("tlog-proof", "json")]
    verify = [sys.executable, "-c", "from vaka.commands.main import main; main()", "verify"]
    keys = ["--log", house.key.encode(), "--witness", witness_key().encode()]
    done = subprocess.run(
        [*verify, "--proof", files[0], "--entry", files[1], *keys], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(files[1].read_bytes())["object"] == "alarm:1"
    assert subprocess.run([*command, *named], check=False, capture_output=True).returncode == 1  # they are there
    missing = subprocess.run([*command, *named[:-1], "987654"], check=False, capture_output=True, text=True)
    assert (missing.returncode, "No entry has that number" in missing.stderr) == (1, True)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (witnessed("http://127.0.0.1:1", key="w+0a1b2c3d+AQ=="), "no witness's"),
        (witnessed("ftp://127.0.0.1:1"), "A witness's address"),
        (witnessed("http://127.0.0.1:1").replace("authority/", "authorities/"), "ledger.witnesses.0.logs.0"),
        (witnessed("http://a") + witnessed("http://b").removeprefix(SETTINGS), "names a witness of"),
    ],
)
def test_faulty_witness_stops_the_start_with_a_sentence(tmp_path: Path, settings: str, says: str) -> None:
    (tmp_path / "vaka.toml").write_text(settings)
    done = subprocess.run([*COMMAND, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, says in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr
