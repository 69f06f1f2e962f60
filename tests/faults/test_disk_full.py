# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A disk that is full, with everything that an installation keeps on it: a small one of memory."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.assurance.test_collectors import REQUIREMENTS, judged
from tests.failover.installation import installed_by_itself, require_kept_once
from tests.failover.steady import Steady
from tests.peers import report_missing
from tests.receiver.conftest import free_port
from tests.waiting import wait_until
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Status
from vaka.assurance.collectors import CAPACITY_COLLECTORS
from vaka.assurance.looking import look
from vaka.clock import SystemClock
from vaka.commands.programs import database_program
from vaka.commands.supervisor import Supervisor
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.operations.capacity.rounds import Capacity
from vaka.tenants.gateway import Gateway

pytestmark = [pytest.mark.database, pytest.mark.anyio]

SIZE = 400 * 1024 * 1024
NEARLY = 0.05


@pytest.fixture
def disk() -> Iterator[Path]:
    """A disk of its own."""
    root = Path(tempfile.mkdtemp(prefix="vaka-disk-"))
    mount: list[str | Path] = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "vaka-test", root]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        root.rmdir()
        report_missing("no disk of memory can be mounted here (root is needed)")
    yield root
    subprocess.run(["umount", "--lazy", root], check=True)
    root.rmdir()


def fill(disk: Path, leave: int) -> Path:
    """Write a file that leaves so much room."""
    ballast = disk / f"ballast-{leave}"
    free = os.statvfs(disk)
    with ballast.open("wb") as file, suppress(OSError):
        for _ in range(max(free.f_bavail * free.f_frsize - leave, 0) // 65536 + (leave == 0)):
            file.write(bytes(65536))
    return ballast


def exhaust(server: Server) -> None:
    """Have the server write so much into its log that what it had in reserve is used up, and it gives up."""
    for _ in range(60):
        try:
            with psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
                superuser.execute("select pg_logical_emit_message(false, 'test', repeat('x', 8000000))")
        except psycopg.OperationalError:
            return
    raise AssertionError("the server found room")


@pytest.mark.turns_red("capacity")
async def test_a_full_disk_loses_nothing_and_everything_goes_on_when_there_is_room(disk: Path) -> None:
    """It is told of before; then nothing is answered 200; then the supervisor's next start of the server is enough."""
    with installed_by_itself(disk, devices=10) as (cluster, installation):
        cluster.stop()
        supervisor = Supervisor(disk / "logs", disk / "run", SystemClock(), lambda _: None)
        await supervisor.start(database_program(cluster))
        port, loop = free_port(), asyncio.get_running_loop()
        platform = make_pool(cluster.server, platform_role("scheduler"), PLATFORM_DATABASE, application="test")
        gateway = Gateway(cluster.server, "scheduler", [installation.authority])
        capacity = Capacity(platform, gateway, disk, SystemClock())
        place = Place(platform, gateway, [installation.authority.id], root=disk, capacity=capacity)

        async def standing(place: Place) -> tuple[Status, str]:
            """Measure, look and judge."""
            await capacity.measure()
            now = datetime.now(UTC)
            await look(REQUIREMENTS["capacity"], CAPACITY_COLLECTORS["capacity"], place, now)
            return await judged("capacity", place, cluster.server, now)

        try:
            with installation.receiver(port) as receiver:
                await receiver.listens()
                async with Steady(installation.devices, [port], 20, "D") as steady:
                    await wait_until(lambda: len(steady.answered) >= 20)
                    async with platform:
                        assert (await standing(place))[1] != "disk_low"
                        ballast = [fill(disk, int(NEARLY * SIZE))]
                        assert await standing(place) == (Status.FAILING, "disk_low")
                    ballast.append(fill(disk, 0))
                    await asyncio.to_thread(exhaust, cluster.server)
                    full = loop.time() + 1
                    await wait_until(lambda: any(one.refused for one in steady.sent))
                    await asyncio.sleep(2)
                    assert steady.answered_since(full) == 0
                    for one in ballast:
                        one.unlink()
                    room = loop.time()
                    await wait_until(lambda: steady.answered_since(room) >= 40)
                    await steady.end()
            require_kept_once(installation, steady.sent)
        finally:
            await gateway.close()
            await supervisor.stop()
