# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""kill -9 in the middle of a stream, twenty times: what was answered 200 is in the record, once."""

import asyncio
from collections.abc import Callable, Iterator
from random import Random

import pytest

from tests.end_to_end.house import House, build_house
from tests.end_to_end.stream import Stream, require_everything_kept
from tests.waiting import wait_until

pytestmark = [pytest.mark.end_to_end, pytest.mark.anyio]

ROUNDS = ("receiver-1", "postgresql", "desk", "receiver-2") * 5
CHANCE = Random(20201007)
PAUSE_SECONDS = 0.03
LONGEST_WAIT_SECONDS = 1.5


@pytest.fixture
def crowded_house(new_port_base: Callable[[], int]) -> Iterator[House]:
    """A demo with two receivers on the same ports."""
    house = build_house("kill")
    try:
        house.root.mkdir()
        (house.root / "vaka.toml").write_text('mode = "demo"\n[receiver]\nprocesses = 2\n')
        house.start("demo", "--no-traffic", "--people", "40", "--port-base", str(new_port_base()))
        yield house
    finally:
        house.clear_away()


async def test_what_was_answered_is_kept_once_whatever_is_killed(crowded_house: House) -> None:
    house = crowded_house
    devices = [device for device in house.devices if device.authentication == "network"]
    assert len(devices) >= 6
    stream = Stream(devices, house.port("udp"), PAUSE_SECONDS)
    stream.begin()
    for name in ROUNDS:
        before = stream.answered
        await wait_until(lambda before=before: stream.answered > before + 20)  # type: ignore[misc]
        await asyncio.sleep(CHANCE.uniform(0, LONGEST_WAIT_SECONDS))
        killed = house.kill(name)
        await asyncio.to_thread(house.wait_for_restart, name, killed)
    before = stream.answered
    await wait_until(lambda: stream.answered > before + 20)
    await stream.end()

    require_everything_kept(house, stream)
    assert house.output.count("stopped unasked (signal 9)") >= len(ROUNDS)
