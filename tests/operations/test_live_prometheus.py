# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A real Prometheus over real figures: an alert comes with the load and goes with it, and no figure is an alert too."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml

from tests.alarms.conftest import open_house
from tests.alarms.house import House, operator
from tests.conftest import START
from tests.operations.test_capacity import Now
from tests.ports import first_port
from vaka.alarms.taking import take
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.metrics import metrics_text
from vaka.metrics_page import open_metrics_page
from vaka.operations.capacity.rounds import Capacity
from vaka.receiver.counters import Counters
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

RULES = Path(__file__).resolve().parents[2] / "packaging" / "prometheus" / "vaka.rules.yml"
OWN_PORT = first_port(23_400)
PATIENCE_SECONDS = 180


@pytest.fixture
async def house(server: Server, new_authority: Callable[..., Authority]) -> AsyncIterator[House]:
    async for opened in open_house(server, new_authority()):
        yield opened


@asynccontextmanager
async def fronted(socket: Path) -> AsyncIterator[int]:
    """What stands before a Unix socket, as nginx does; yields its port."""

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            theirs, ours = await asyncio.open_unix_connection(str(socket))
            ours.write(await reader.readuntil(b"\r\n\r\n"))
            writer.write(await theirs.read())
            ours.close()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(hand_on, "127.0.0.1", 0) as front:
        yield front.sockets[0].getsockname()[1]


@asynccontextmanager
async def prometheus(folder: Path, jobs: Mapping[str, int]) -> AsyncIterator[None]:
    """A Prometheus that looks each second, with the rules as they are but for how long something has to last."""
    program = shutil.which("prometheus")
    assert program is not None, "install prometheus (tools/system-packages test)"
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.update({"for": "1s"} if "alert" in rule else {})
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    scraped = [
        {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for job, port in jobs.items()
    ]  # fmt: skip
    told = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s", "scrape_timeout": "1s"},
        "rule_files": ["rules.yml"], "scrape_configs": scraped,
    }  # fmt: skip
    (folder / "prometheus.yml").write_text(yaml.safe_dump(told))
    arguments = [
        program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{OWN_PORT}", "--log.level=error",
    ]  # fmt: skip
    running = subprocess.Popen(arguments)
    try:
        yield
    finally:
        running.terminate()
        await asyncio.to_thread(running.wait, 60)


def ask() -> set[str]:
    """Which of the alerts of this test fire; `-` where Prometheus does not answer yet."""
    try:
        with urlopen(f"http://127.0.0.1:{OWN_PORT}/api/v1/alerts", timeout=5) as answer:
            alerts = json.load(answer)["data"]["alerts"]
    except (URLError, ConnectionError, TimeoutError):
        return {"-"}
    firing = {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}
    return firing & {"VakaAlarmsWait", "VakaFiguresMissing"}


async def until(expected: set[str]) -> None:
    """Wait until these fire, and no other of the two."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await asyncio.to_thread(ask) != expected:
            await asyncio.sleep(0.5)


async def test_term_21_2_an_alert_comes_with_the_load_and_goes_with_it(
    server: Server, house: House, tmp_path: Path
) -> None:
    """Alarms come and nobody takes them: it fires. Operators take them: it clears. The figures end: that is told of."""
    clock, counters, sockets = Now(), Counters(), tmp_path / "run"
    sockets.mkdir()
    async with make_pool(server, platform_role("scheduler"), PLATFORM_DATABASE, application="test") as platform:
        capacity = Capacity(platform, house.scheduler, tmp_path, clock)
        receiver, scheduler = sockets / "receiver-1.metrics", sockets / "scheduler.metrics"
        async with (
            await open_metrics_page(receiver, lambda: metrics_text(tuple(counters))),
            fronted(receiver) as one, fronted(scheduler) as other,
            prometheus(tmp_path, {"vaka-receiver": one, "vaka-scheduler": other}),
        ):  # fmt: skip
            async with await open_metrics_page(scheduler, lambda: metrics_text((capacity,))):
                await capacity.measure()
                await until(set())
                raised = [house.raise_alarm(START) for _ in range(5)]
                clock.at += timedelta(minutes=4)
                await capacity.measure()
                await until({"VakaAlarmsWait"})
                for alarm_id in raised:
                    await take(house.desk, operator(house.authority), house.id, alarm_id, now=clock.at)
                await capacity.measure()
                await until(set())
            await until({"VakaFiguresMissing"})
