# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A long night: traffic without end, a crash now and then. Nothing is lost, and nothing grows without bound.

SOAK_SECONDS says how long (half an hour where it does not).
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.end_to_end.house import House, build_house
from tests.end_to_end.stream import Stream, require_everything_kept
from tests.waiting import wait_until

pytestmark = [pytest.mark.soak, pytest.mark.end_to_end, pytest.mark.anyio]

SECONDS = float(os.environ.get("SOAK_SECONDS", "1800"))
WARM_UP_SECONDS = min(60.0, SECONDS / 4)
CRASH_SECONDS = 45.0
VICTIMS = ("receiver-1", "postgresql", "desk", "portal", "registry", "scheduler", "sequencer", "signin", "keyholder")
WATCHED = ("receiver-2", "devices")
"""Those that are never killed: their memory tells."""
MOST_GROWTH_BYTES = 64 * 1024 * 1024


def resident_bytes(process_id: int) -> int:
    return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_a_long_night(new_port_base: Callable[[], int]) -> None:
    house, chance = build_house("soak"), Random(1)
    try:
        house.root.mkdir()
        (house.root / "vaka.toml").write_text('mode = "demo"\n[receiver]\nprocesses = 2\n')
        house.start("demo", "--people", "60", "--port-base", str(new_port_base()))
        await play(house, chance)
    finally:
        house.clear_away()


async def play(house: House, chance: Random) -> None:
    devices = [device for device in house.devices if device.authentication == "network"]
    stream = Stream(devices, house.port("udp"), 0.05)
    begun = time.monotonic()
    stream.begin()
    await asyncio.sleep(WARM_UP_SECONDS)
    before = {name: resident_bytes(house.process_id(name)) for name in WATCHED}
    while time.monotonic() - begun < SECONDS:
        answered = stream.answered
        await wait_until(lambda answered=answered: stream.answered > answered + 50)  # type: ignore[misc]
        name = chance.choice(VICTIMS)
        killed = house.kill(name)
        await asyncio.to_thread(house.wait_for_restart, name, killed)
        await asyncio.sleep(min(chance.uniform(0, 2 * CRASH_SECONDS), SECONDS / 10))
    await stream.end()
    grown = {name: resident_bytes(house.process_id(name)) - size for name, size in before.items()}
    assert max(grown.values()) < MOST_GROWTH_BYTES, grown
    for log in (house.root / "logs").iterdir():
        assert log.stat().st_size < 20 * 1024 * 1024, log.name
    require_everything_kept(house, stream.records)
