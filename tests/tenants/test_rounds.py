# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rounds that wait for the keyholder hold up neither hundreds of authorities nor the end of the process."""

import asyncio
from pathlib import Path

import pytest

from vaka.clock import SystemClock
from vaka.database.server import Server
from vaka.keys.client import KeyClient
from vaka.keys.keyring import Keyring, make_client
from vaka.repeating import repeat, unless
from vaka.settings import Settings
from vaka.tenants.rounds import if_keys

pytestmark = pytest.mark.anyio


async def test_no_authority_is_visited_while_the_keyholder_is_away(tmp_path: Path) -> None:
    credential = tmp_path / "keyholder-scheduler.key"
    credential.write_text("00" * 32)
    credential.chmod(0o600)
    away = KeyClient(tmp_path / "none.sock", "scheduler", credential, SystemClock(), wait_seconds=0.1)

    async def work() -> int:
        raise AssertionError("nobody is there to be asked")

    assert await if_keys(away, work) == 0


@pytest.mark.database
async def test_round_is_made_while_the_keyholder_is_there(server: Server, setup_keys: Keyring) -> None:
    there = make_client(server, Settings(), "scheduler", SystemClock())

    async def work() -> int:
        return 7

    assert await if_keys(there, work) == 7
    await there.close()


async def test_round_that_waits_is_broken_off_when_it_is_to_stop() -> None:
    stopped, ends = asyncio.Event(), []

    async def wait_long() -> int:
        try:
            await asyncio.sleep(3600)
        finally:
            ends.append("broken off")
        return 1

    async def soon() -> int:
        return 3

    async def fail() -> int:
        raise ValueError

    assert await unless(stopped, soon) == 3
    with pytest.raises(ValueError):
        await unless(stopped, fail)
    making = asyncio.create_task(repeat(3600, lambda: unless(stopped, wait_long), stopped))
    await asyncio.sleep(0.05)
    stopped.set()
    await asyncio.wait_for(making, 60)
    assert ends == ["broken off"]
