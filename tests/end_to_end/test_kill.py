# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""kill -9 in the middle of a stream, twenty times: what was answered 200 is in the record, once.

Two streams at once: one over UDP from devices without secrets, written out byte by byte, and one from devices of every
other kind: digest over UDP, TCP and TLS, with both algorithms, with and without qop, and certificates.
"""

import asyncio
from collections.abc import Callable, Iterator
from random import Random

import pytest

from tests.end_to_end.house import House, build_house
from tests.end_to_end.simulated_stream import WITHOUT_QOP, SimulatedStream
from tests.end_to_end.stream import Stream, require_everything_kept
from tests.waiting import wait_until

pytestmark = [pytest.mark.end_to_end, pytest.mark.anyio]

ROUNDS = ("receiver-1", "postgresql", "desk", "receiver-2") * 5
OTHERS = ("keyholder", "sequencer", "scheduler", "notifier", "portal", "registry", "office", "signin", "trial")
"""Every other process there is: killed all at once, and nobody's alarm waits for them."""
CHANCE = Random(20201007)
SETTINGS = """
mode = "demo"
[receiver]
processes = 2
device_authorities = "tls/authority.pem"
"""
PAUSE_SECONDS = 0.03
OF_EACH_KIND = 2
KINDS = {
    ("udp", "digest", "MD5"),
    ("udp", "digest", "SHA-256"),
    ("udp", WITHOUT_QOP, "MD5"),
    ("tcp", "digest", "MD5"),
    ("tcp", "digest", "SHA-256"),
    ("tls", "digest", "SHA-256"),
    ("tls", "certificate", ""),
}
LONGEST_WAIT_SECONDS = 1.5


@pytest.fixture
def crowded_house(new_port_base: Callable[[], int]) -> Iterator[House]:
    """A demo with two receivers on the same ports."""
    house = build_house("kill")
    try:
        house.root.mkdir()
        (house.root / "vaka.toml").write_text(SETTINGS)
        house.start("demo", "--no-traffic", "--people", "40", "--port-base", str(new_port_base()))
        yield house
    finally:
        house.clear_away()


async def test_what_was_answered_is_kept_once_whatever_is_killed(crowded_house: House) -> None:
    house = crowded_house
    devices = [device for device in house.devices if device.authentication == "network"]
    assert len(devices) >= 6
    stream = Stream(devices, house.port("udp"), PAUSE_SECONDS)
    others = SimulatedStream(house, OF_EACH_KIND, PAUSE_SECONDS)
    assert set(others.kinds) >= KINDS
    stream.begin()
    others.begin()
    try:
        await kill_everything(house, stream, others)
        await asyncio.gather(stream.end(), others.end())
    finally:
        stream.halt()
        others.halt()

    require_everything_kept(house, stream.records + others.records)
    assert house.output.count("stopped unasked (signal 9)") >= len(ROUNDS)


async def kill_everything(house: House, stream: Stream, others: SimulatedStream) -> None:
    """Kill one process after the other among what is sent, and then every other at once."""

    async def until_all_are_served() -> None:
        """Whatever was killed: devices of every kind are answered again."""
        before, of_kind = stream.answered, others.answered()
        await wait_until(lambda: stream.answered > before + 20)
        await wait_until(lambda: all(others.answered()[kind] > of_kind[kind] for kind in of_kind))

    for name in ROUNDS:
        await until_all_are_served()
        await asyncio.sleep(CHANCE.uniform(0, LONGEST_WAIT_SECONDS))
        killed = house.kill(name)
        await asyncio.to_thread(house.wait_for_restart, name, killed)
    everybody = {path.stem for path in (house.root / "run").glob("*.pid")}
    assert {*ROUNDS, *OTHERS} >= everybody - {"provider"}, "a process that nothing here kills"
    killed_at_once = {name: house.kill(name) for name in OTHERS}
    await until_all_are_served()
    for name, killed in killed_at_once.items():
        await asyncio.to_thread(house.wait_for_restart, name, killed)
    await until_all_are_served()
