# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The keyholder as a process: it answers, outlives what it depends on, keeps to itself, and halts on old copies."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.clusters import start_cluster
from tests.keys.keyring import TABLES
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.commands.programs import answers
from vaka.database.cluster import Cluster
from vaka.database.server import KEY_DATABASE, SUPERUSER
from vaka.keys.client import KeyClient
from vaka.keys.credentials import credential_file, issue_credentials

pytestmark = [pytest.mark.anyio, pytest.mark.database]
EKBACKA = UUID(int=0xE)
PEOPLE = [UUID(int=number) for number in range(1, 4)]


class House:
    """A data directory with a cluster, and the keyholder that was started last."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cluster = Cluster(root / "cluster", root / "credentials")
        self.log = root / "keyholder.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.client = KeyClient(
            root / "run" / "keyholder.sock", "setup", credential_file(root / "credentials", "setup"), SystemClock(),
            wait_seconds=20,
        )  # fmt: skip

    def start(self) -> None:
        """Start it, and return when somebody is let in, or when it has given up."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vaka.processes.keyholder", "--data", self.root], stdout=log, stderr=log
            )
        process = self.process
        wait_for(lambda: process.poll() is not None or answers(self.root / "run" / "keyholder.sock"))

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def sql(self, statement: str) -> None:
        """Do something to the key database behind its back."""
        import psycopg

        with psycopg.connect(self.cluster.server.conninfo(SUPERUSER, KEY_DATABASE), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="module")
def cluster_root() -> Iterator[Path]:
    """A data directory with a running cluster, for all tests of this module."""
    root = Path(tempfile.mkdtemp(prefix="vaka-keyholder-"))
    root.chmod(0o755)
    (root / "vaka.toml").write_text("")
    for name in ("run", "ledger"):
        (root / name).mkdir(mode=0o700)
    cluster = start_cluster(root)
    try:
        issue_credentials(root / "credentials")
        yield root
    finally:
        cluster.stop(immediately=True)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
async def house(cluster_root: Path) -> AsyncIterator[House]:
    """A keyholder that has just made its first root key."""
    made = House(cluster_root)
    made.sql(f"truncate {', '.join(TABLES)}")
    for left in ("keys/root", "credentials/root.key", "ledger/keys.seen", "keyholder.log"):
        (cluster_root / left).unlink(missing_ok=True)
    made.start()
    yield made
    await made.client.close()
    if made.process is not None and made.process.poll() is None:
        made.end()


async def test_it_answers_and_goes_on_after_every_kill(house: House) -> None:
    assert await house.client.open_authority(EKBACKA) == 1
    made = await house.client.create(EKBACKA, PEOPLE)
    for _ in range(3):
        assert house.end(signal.SIGKILL) == -signal.SIGKILL
        house.start()
        assert await house.client.unwrap(EKBACKA, PEOPLE) == made
    assert house.end() == 0
    assert "Traceback" not in house.log.read_text()


async def test_it_goes_on_when_its_database_was_gone(house: House) -> None:
    await house.client.open_authority(EKBACKA)
    made = await house.client.create(EKBACKA, PEOPLE)
    house.cluster.stop(immediately=True)
    house.cluster.start()
    assert await house.client.unwrap(EKBACKA, PEOPLE) == made
    await house.client.rotate(EKBACKA)
    assert await house.client.unwrap(EKBACKA, PEOPLE) == made


async def test_its_memory_is_kept_out_of_core_dumps_and_swap(house: House) -> None:
    assert house.process is not None
    proc = Path(f"/proc/{house.process.pid}")
    assert int((proc / "coredump_filter").read_text(), 16) == 0
    limits = {line[:25].strip(): line[25:].split() for line in (proc / "limits").read_text().splitlines()}
    assert limits["Max core file size"][:2] == ["0", "0"]
    locked = next(line for line in (proc / "status").read_text().splitlines() if line.startswith("VmLck"))
    told = house.log.read_text()
    # Either it is locked, or it says that it could not be.
    assert (int(locked.split()[1]) > 10_000) != ('"reason": "swap"' in told)


async def test_neither_its_arguments_nor_its_environment_nor_its_log_hold_a_key(house: House) -> None:
    assert house.process is not None
    await house.client.open_authority(EKBACKA)
    key, *_ = await house.client.create(EKBACKA, PEOPLE)
    await house.client.lookup_key(EKBACKA, "phone")
    proc = Path(f"/proc/{house.process.pid}")
    said = b"".join([(proc / "cmdline").read_bytes(), (proc / "environ").read_bytes(), house.log.read_bytes()])
    root_credential = (house.root / "credentials" / "root.key").read_bytes().strip()
    for secret in (key.secret.hex().encode(), root_credential, str(PEOPLE[0]).encode()):
        assert secret not in said
    sealed = (house.root / "keys" / "root").read_bytes()
    assert root_credential not in sealed
    assert (house.root / "keys" / "root").stat().st_mode & 0o777 == 0o600
    assert (house.root / "run" / "keyholder.sock").stat().st_mode & 0o777 == 0o600


async def test_it_halts_on_an_old_root_key_and_says_so(house: House) -> None:
    await house.client.open_authority(EKBACKA)
    await house.client.create(EKBACKA, PEOPLE)
    old = (house.root / "keys" / "root").read_bytes()
    credential = (house.root / "credentials" / "root.key").read_bytes()
    await house.client.erase(EKBACKA, PEOPLE[:1], UUID(int=77))
    await house.client.rotate_root()
    house.end()
    (house.root / "keys" / "root").write_bytes(old)
    os.chmod(house.root / "keys" / "root", 0o600)
    house.start()
    assert house.process is not None
    # The file alone does not even open: what opened it was replaced with it.
    assert house.process.wait(60) == 2
    assert "does not open with" in house.log.read_text()
    (house.root / "credentials" / "root.key").write_bytes(credential)
    house.start()
    assert house.process.wait(60) == 1
    assert "an older copy of it was put back" in house.log.read_text()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('[keyholder]\nroot = "key_device"\n', "device_library"),
        ('[keyholder]\nroot = "key_device"\ndevice_library = "no/such.so"\n', "The token's PIN"),
        ('[keyholder]\naccounts = ["nobody-of-that-name"]\n', "there is no account nobody-of-that-name"),
    ],
)
async def test_it_refuses_settings_that_cannot_work(house: House, settings: str, says: str) -> None:
    house.end()
    (house.root / "vaka.toml").write_text(settings)
    try:
        house.start()
        assert house.process is not None
        assert house.process.wait(60) == 2
        assert says in house.log.read_text()
    finally:
        (house.root / "vaka.toml").write_text("")


async def test_a_second_keyholder_does_not_come_in(house: House) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "vaka.processes.keyholder", "--data", house.root],
        capture_output=True, text=True, check=False, timeout=40,
    )  # fmt: skip
    assert second.returncode == 1
    assert "Another keyholder has the key database" in second.stderr
    await house.client.state()
