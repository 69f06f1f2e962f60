# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Three machines with the packaging's own times, 500 alarms a second, and the primary is killed: once, and once more.

How long nobody was answered is printed, and nothing is asserted about it (docs/benchmarks.md has a run).
"""

import asyncio
import os

import pytest

from tests.failover.installation import installed_on_members, require_kept_once
from tests.failover.members import CALM
from tests.failover.steady import Steady
from tests.receiver.conftest import free_port
from tests.waiting import wait_for, wait_until

pytestmark = [pytest.mark.soak, pytest.mark.end_to_end, pytest.mark.anyio]

PER_SECOND = float(os.environ.get("FAILOVER_PER_SECOND", "500"))
DEVICES = 1000
RETRY_AFTER_SECONDS = 5.0
"""What a receiver asks for that cannot store an alarm, if nobody tells it otherwise."""


async def test_primary_killed_under_five_hundred_alarms_a_second() -> None:
    with installed_on_members(3, CALM, DEVICES) as (members, installation):
        loop, port = asyncio.get_running_loop(), free_port()
        with installation.receiver(port) as receiver:
            await receiver.listens()
            async with Steady(installation.devices, [port], PER_SECOND, pause=RETRY_AFTER_SECONDS) as steady:
                for number in range(2):
                    count = len(steady.answered)
                    await wait_until(lambda count=count: len(steady.answered) >= count + 10 * PER_SECOND)  # type: ignore[misc]
                    first = await asyncio.to_thread(members.primary)
                    assert first is not None
                    gone = loop.time()
                    print(f"\n{steady.answered_since(gone - 5.0) / 5:.0f} answered a second")
                    await asyncio.to_thread(first.kill)
                    await asyncio.to_thread(members.wait_for_another, first)
                    promoted = loop.time()
                    await wait_until(lambda: steady.answered_since(promoted) > 5 * PER_SECOND, 180)  # noqa: B023
                    print(f"\n{number + 1}: taken over after {promoted - gone:.1f} s; {steady.summary(gone)}")
                    await asyncio.to_thread(first.start)
                    await asyncio.to_thread(wait_for, lambda: len(members.states()) == 3, 120)
                await steady.end(240)
                print(steady.summary(0.0))
        require_kept_once(installation, steady.sent)
