# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Half an hour of what 20,000 devices say and operators do: nothing is lost, and no process grows.

SOAK_SECONDS says how long (half an hour where it does not); the times are printed, and nothing is asserted about them.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import httpx
import pytest

from bench.datagrams import FIRST_SENDER, PASSWORD
from bench.desks import sign_in
from bench.installation import Installation, installed
from bench.processes import Started, family
from vaka.clock import SystemClock
from vaka.simulate.device import Outcome
from vaka.simulate.device_file import DeviceRecord, ReceiverPlace
from vaka.simulate.display import summary
from vaka.simulate.fleet import Fleet
from vaka.simulate.reports import Report
from vaka.simulate.tally import Tally
from vaka.simulate.target import target_of
from vaka.simulate.timetable import heartbeats, lifelike, together
from vaka.simulate.traffic import follow

pytestmark = [pytest.mark.soak, pytest.mark.end_to_end]

SECONDS = float(os.environ.get("SOAK_SECONDS", "1800"))
DEVICES = 20_000
INTERVAL_SECONDS = 300.0
"""Between two heartbeats of a device: 67 a second of all."""
SPEED = 20.0
"""Times as many alarms as in real life: about one a second."""
OPERATORS = 6
HANDLING_SECONDS = 3.0
"""From taking an alarm to its end: short, so that six hold out."""
SAMPLE_SECONDS = max(SECONDS / 60, 1.0)
MOST_GROWTH_BYTES = 16 * 1024 * 1024
"""Of a process between the second and the last fifth of the time."""
MOST_DATABASE_GROWTH_BYTES = 128 * 1024 * 1024
"""Of its forty-odd processes: each learns the tables it has not met yet."""
MOST_MORE = 8
"""Descriptors of a process, or processes of the database."""
ENDING = {"reason": "needs_help", "action": "home_care", "result": "arrived_and_helped"}

Size = tuple[int, int]
"""Bytes that are a process's alone, and open descriptors; of the database: of all its processes, and their number."""


@contextmanager
def running(installation: Installation) -> Iterator[Mapping[str, int]]:
    """Two receivers, the desk and everything that works behind them; what each process is called, and its number."""
    with ExitStack() as started:
        receivers = started.enter_context(installation.receivers(2)).pids
        desk = started.enter_context(installation.desk())
        behind = {
            name: Started([sys.executable, "-m", f"vaka.processes.{name}", "--data", installation.root],
                          installation.log(name))
            for name in ("scheduler", "sequencer")
        }  # fmt: skip
        for process in behind.values():
            started.callback(process.stop)
        yield {
            "receiver-1": receivers[0], "receiver-2": receivers[1], "desk": desk,
            **{name: process.pid for name, process in behind.items()},
        }  # fmt: skip


def size_of(process: int) -> Size:
    """What one process holds now; the shared buffers of the database are nobody's alone."""
    of = Path(f"/proc/{process}")
    own = sum(
        int(line.split()[1]) * 1024
        for line in (of / "smaps_rollup").read_text().splitlines()
        if line.startswith(("Private_Clean:", "Private_Dirty:", "Swap:"))
    )
    return own, len(list((of / "fd").iterdir()))


def size_of_database(installation: Installation) -> Size:
    """What all processes of the server hold together, and how many they are: each connection has one."""
    sizes = []
    for process in family(installation.cluster.process_id()):
        try:
            sizes.append(size_of(process))
        except OSError:  # one that has just ended
            continue
    return sum(own for own, _ in sizes), len(sizes)


async def watch(installation: Installation, processes: Mapping[str, int], found: dict[str, list[Size]]) -> None:
    """Note every process's size until cancelled."""
    while True:
        for name, process in processes.items():
            found.setdefault(name, []).append(await asyncio.to_thread(size_of, process))
        found.setdefault("postgresql", []).append(await asyncio.to_thread(size_of_database, installation))
        await asyncio.sleep(SAMPLE_SECONDS)


async def work(installation: Installation, token: str, handled: list[float]) -> None:
    """An operator: takes whatever comes next, looks at it, ends it, until cancelled."""
    origin = f"http://localhost:{installation.desk_port}"
    headers = {"cookie": f"__Host-vaka-operator={token}", "sec-fetch-site": "same-origin", "accept": "text/html"}
    async with httpx.AsyncClient(base_url=origin, headers=headers, timeout=60) as desk:
        while True:
            taken = await desk.post("/take-next")
            if taken.status_code != 303:
                await asyncio.sleep(1)
                continue
            begun, address = time.monotonic(), taken.headers["location"].partition("?")[0]
            assert (await desk.get(address)).status_code == 200
            handled.append(time.monotonic() - begun)
            await asyncio.sleep(HANDLING_SECONDS)
            closed = await desk.post(f"{address}/close", data=ENDING)
            assert closed.status_code in (200, 303, 409), closed.text


def devices_of(installation: Installation) -> list[DeviceRecord]:
    """Every device of the installation, each as it proves itself."""
    return [
        DeviceRecord(
            cid=str(FIRST_SENDER + number), interval_seconds=INTERVAL_SECONDS,
            authentication="network" if number < installation.open_devices else "digest",
            password=None if number < installation.open_devices else PASSWORD,
        )
        for number in range(installation.devices)
    ]  # fmt: skip


async def play(installation: Installation, stop: asyncio.Event) -> tuple[Tally, set[str]]:
    """Let the devices live until `stop`; what was counted, and the references of what was answered 200 and is kept."""
    clock, chance, tally, kept = SystemClock(), Random(1), Tally(), set[str]()
    place = target_of(ReceiverPlace(host="127.0.0.1", udp_port=installation.udp_port))
    fleet = Fleet(devices_of(installation), place, tally=tally, clock=clock, chance=chance)
    begun, zone = clock.now(), ZoneInfo("Europe/Stockholm")

    def see(outcome: Outcome) -> None:
        if outcome.is_delivered and outcome.report is not Report.HEARTBEAT:
            kept.add(outcome.ref)

    intervals = [device.interval_seconds for device in fleet.records]
    hour: Callable[[float], int] = lambda seconds: (begun + timedelta(seconds=seconds)).astimezone(zone).hour  # noqa: E731
    timetable = together(heartbeats(intervals, chance), lifelike(len(fleet), chance, SPEED, hour))
    try:
        await follow(fleet, timetable, stop=stop, seen=see)
    finally:
        fleet.close()
    return tally, kept


def require_flat(found: Mapping[str, list[Size]]) -> None:
    """No process is larger at the end than it was when everything had begun; say so for each."""
    print()
    for name, sizes in found.items():
        fifth = max(len(sizes) // 5, 1)
        (early, early_count), (late, late_count) = (
            tuple(round(statistics.median(column)) for column in zip(*part, strict=True))
            for part in (sizes[fifth : 2 * fifth], sizes[-fifth:])
        )
        print(f"{name:<11} {early / 2**20:7.1f} → {late / 2**20:7.1f} MiB  {early_count} → {late_count}")
        assert late - early < (MOST_DATABASE_GROWTH_BYTES if name == "postgresql" else MOST_GROWTH_BYTES), name
        assert late_count - early_count <= MOST_MORE, name


@dataclass(frozen=True, slots=True)
class Night:
    """What was seen of it."""

    tally: Tally
    kept: set[str]
    """References of what was answered 200."""
    sizes: dict[str, list[Size]]
    handled: list[float]
    """Seconds until each alarm that was taken stood on the operator's page."""


async def live(installation: Installation, processes: Mapping[str, int]) -> Night:
    """Let devices and operators live for the time that was asked for."""
    tokens = await sign_in(installation, OPERATORS)
    sizes: dict[str, list[Size]] = {}
    handled: list[float] = []
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(SECONDS, stop.set)
    playing = asyncio.create_task(play(installation, stop))
    beside = [asyncio.create_task(watch(installation, processes, sizes))]
    beside += [asyncio.create_task(work(installation, token, handled)) for token in tokens]
    done, _ = await asyncio.wait([playing, *beside], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    for task in beside:
        task.cancel()
    for ended in done:
        ended.result()  # what stopped it, where it was not the clock
    tally, kept = await playing
    return Night(tally, kept, sizes, handled)


def test_half_an_hour_of_twenty_thousand_devices() -> None:
    with installed(DEVICES, print) as installation:
        with running(installation) as processes:
            night = asyncio.run(live(installation, processes))
        print(summary(night.tally, SECONDS))
        shown = sorted(night.handled)
        assert shown, "no operator had anything to do"
        print(f"Alarms handled: {len(shown)}, page after taking p50 {1000 * shown[len(shown) // 2]:.0f} ms")
        assert night.tally.lost == 0, night.tally.as_dict()
        assert night.kept
        assert night.kept <= installation.stored()
        require_flat(night.sizes)
