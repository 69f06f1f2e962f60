# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The scheduler as a process, killed in the middle of a night and started again; and what it measures."""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.removal.scene import YEAR, Scene
from tests.waiting import SHORTEST_PAUSE_SECONDS, wait_for
from vaka.clock import SystemClock
from vaka.database.cluster import Cluster
from vaka.removal.nights import LOCAL
from vaka.removal.removing import MOST_AT_ONCE
from vaka.removal.rules import Rule

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MANY = 5 * MOST_AT_ONCE
SEED = """
    with made as (
        insert into alarm (id, class, kind, latest_kind, state, join_key, sender, received_at, latest_at, closed_at)
        select gen_random_uuid(), 'test', 'test', 'test', 'closed', gen_random_uuid() || ':test', '', at, at, at
        from generate_series(1, %s) g, lateral (select now() - interval '2 years' - g * interval '1 minute' as at) t
        returning id, received_at
    )
    insert into message (id, alarm_id, sender, ref, class, kind, effect, received_at, receiver, transport,
                         subject_id)
    select gen_random_uuid(), id, '~' || repeat('a', 28), '1', 'test', 'test', 'raise', received_at, 'w', 'udp', id
    from made"""


@pytest.fixture
def data(cluster: Cluster) -> Iterator[Path]:
    """A data directory on the test's cluster; the night begins within this hour."""
    with tempfile.TemporaryDirectory(prefix="vaka-", dir="/tmp") as name:
        directory = Path(name)
        (directory / "cluster").symlink_to(cluster.directory)
        (directory / "credentials").symlink_to(cluster.credentials)
        hour = SystemClock().now().astimezone(LOCAL).hour
        # No production: whether this machine's clock is in step, is not the test's.
        (directory / "vaka.toml").write_text(f'mode = "test"\n[scheduler]\nremoval_hour = {hour}\n')
        yield directory


@contextmanager
def scheduler(data: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-m", "vaka.processes.scheduler", "--data", str(data)])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def read_metrics(path: Path) -> str:
    with closing(socket.socket(socket.AF_UNIX)) as asking:
        asking.connect(str(path))
        asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        return b"".join(iter(lambda: asking.recv(65_536), b"")).decode()


@pytest.mark.usefixtures("alone")
async def test_what_a_killed_scheduler_began_the_next_one_ends(scene: Scene, data: Path) -> None:
    await scene.decide({"technical": Rule(12)})
    await scene.wait()
    scene.ask(SEED, (MANY,))
    young = scene.alarm(None, days=YEAR / 2, alarm_class="test")
    with scheduler(data) as killed:
        wait_for(lambda: scene.entries("data.removed") != [], longest_pause=SHORTEST_PAUSE_SECONDS)
        killed.kill()
    counted = sum(entry["detail"]["alarms"] for entry in scene.entries("data.removed"))
    left = len(scene.left()) - 1
    assert 0 < counted == MANY - left, "each batch and its entry, or neither"
    assert left > 0, "it was killed in the middle"
    with scheduler(data) as process:
        wait_for(lambda: scene.entries("removal.run") != [])
        told = f'vaka_removal_removed_total{{kind="technical"}} {left}.0'
        wait_for(lambda: told in read_metrics(data / "run" / "scheduler.metrics"))
        process.terminate()
        assert process.wait(60) == 0
    assert scene.left() == {young}
    assert scene.ask("select count(*) from message") == [(1,)]
    assert sum(entry["detail"]["alarms"] for entry in scene.entries("data.removed")) == MANY
    assert len(scene.entries("alarm.removed")) == MANY
