# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`kill -9` of the sequencer, at every step between commit, signature, witness and publication, again and again.

There is nothing to find: however often it is killed, there is one history, each entry is in it once and in order, the
witness is never shown another, and nobody is accused.
"""

import asyncio
import multiprocessing
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.ledger.attacks.crashing import SEAMS, Seam, run_sequencer
from tests.ledger.sealed import ORIGIN, LogHouse
from tests.ledger.watched import running
from tests.waiting import wait_until
from vaka.clock import SystemClock
from vaka.database.server import Server, tenant_role
from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.cosignatures import Policy, WitnessKey, WitnessSigner
from vaka.ledger.findings import Checked
from vaka.ledger.notes import parse_note
from vaka.ledger.published import open_published
from vaka.ledger.rounds import LogPlace
from vaka.ledger.verify import Expected, verify_log
from vaka.ledger.witness import WitnessFiles
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CLOCK = SystemClock()
LIVES = 2  # at each step
KILLED_ANYWHERE = 10


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    house = LogHouse(server, authority, tmp_path)
    house.signer()
    return house


@pytest.fixture
def witness(house: LogHouse, tmp_path: Path) -> WitnessFiles:
    files = WitnessFiles(tmp_path / "witness")
    files.create(WitnessSigner.of("witness.example/1", Ed25519PrivateKey.generate()))
    files.add_log(house.key)
    return files


class Killer:
    """Starts sequencers and sees them die."""

    def __init__(self, house: LogHouse, url: str, key: WitnessKey) -> None:
        database = house.authority.database_name
        self._place = LogPlace(database, tenant_role(database, "sequencer"), ORIGIN, house.files)
        self._house, self._url, self._key = house, url, key
        self._forks = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload(["tests.ledger.attacks.crashing"])

    @contextmanager
    def sequencer(self, seam: Seam | None = None) -> Iterator[BaseProcess]:
        process = self._forks.Process(
            target=run_sequencer, args=(self._place, self._house.server, self._url, self._key.encode(), seam)
        )
        process.start()
        try:
            yield process
        finally:
            process.kill()
            process.join(60)
            assert process.exitcode == -signal.SIGKILL


async def test_killed_at_every_step_many_times(house: LogHouse, witness: WitnessFiles, tmp_path: Path) -> None:
    chance, written = random.Random(3), 0
    key = WitnessKey.parse(witness.load_signer().key.encode())

    async def write(count: int) -> None:
        nonlocal written
        await house.write(CLOCK, *(f"alarm:{number}" for number in range(written, written + count)))
        written += count

    with running(witness.root) as listening:
        killer = Killer(house, listening.url, key)
        for seam in SEAMS * LIVES:
            await write(3)
            with killer.sequencer(seam) as process:
                await wait_until(lambda process=process: not process.is_alive())  # type: ignore[misc]
        for _ in range(KILLED_ANYWHERE):
            with killer.sequencer():
                for _ in range(chance.randint(1, 4)):
                    await write(chance.randint(1, 400))
                    await asyncio.sleep(chance.uniform(0, 0.05))
        with killer.sequencer():
            await wait_until(lambda: not house.waiting() and published(house) == house.size())

    objects = [leaf.object for leaf in house.leaves() if leaf.event == "alarm.read"]
    assert objects == [f"alarm:{number}" for number in range(written)]
    assert not list(witness.evidence.iterdir())
    assert witness.load_seen(house.key).checkpoint.size == house.size()
    checked, policy = Checked(), Policy((key,), 1)
    since = parse_checkpoint(parse_note(house.checkpoints()[0][1]).text)
    with open_published(str(await house.export(tmp_path / "pack"))) as read:
        verify_log(read, Expected(house.key, policy, since), CLOCK.now(), checked)
    assert checked.entries == house.size()


def published(house: LogHouse) -> int:
    """How far the log is published."""
    checkpoints = house.checkpoints()
    return checkpoints[-1][0] if checkpoints else 0
