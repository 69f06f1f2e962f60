# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An upgrade with two receivers, by the steps of the runbook: devices that know both lose nothing, once each."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.failover.steady import Steady
from tests.identities import blinded
from tests.receiver.conftest import Register, Rows, free_port
from tests.receiver.process import Process, write_settings
from tests.waiting import wait_until
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.database, pytest.mark.anyio]

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
STOP, INSTALL = "systemctl stop vaka@receiver", "ln -sfn /opt/vaka-NEW /opt/vaka"
START, LOOK = "systemctl start vaka@receiver", "journalctl -u vaka@receiver --since -1min | grep listening"
PER_SECOND, DEVICES = 40, 20
MACHINES = ("west-1", "west-2")


def steps() -> list[str]:
    """The commands of the section, as they stand there: machine for machine."""
    section = RUNBOOK.read_text("utf-8").partition("## Upgrade with two receivers\n")[2].partition("\n## ")[0]
    lines = "\n".join(re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)).splitlines()
    return [line.partition("  #")[0].strip() for line in lines]


def beside(data: Path) -> Path:
    """The data directory of another machine of the same installation."""
    other = data.with_name(f"{data.name}-beside")
    for name in ("run", "tls"):
        (other / name).mkdir(parents=True)
    for name in ("cluster", "credentials"):
        (other / name).symlink_to(data / name)
    return other


def test_the_runbook_has_the_steps_that_are_walked_here() -> None:
    assert [one for one in steps() if "receiver" in one or "ln -s" in one] == [STOP, INSTALL, START, LOOK]


async def test_nothing_is_lost_while_one_after_the_other_is_replaced(
    data: Path, run: Callable[..., Process], register: Register, authority: Authority, rows: Rows
) -> None:
    ports = [free_port(), free_port()]
    senders = [register.device(authority) for _ in range(DEVICES)]

    places = [data, beside(data)]

    async def start(number: int) -> Process:
        """As the unit of a machine of its own: a data directory and a host name of that machine's, no other option."""
        write_settings(places[number], udp_port=ports[number], tcp_port=False)
        process = run(places[number], machine=MACHINES[number])
        await process.listens()
        return process

    def stopped() -> list[str]:
        """Which of the machines has a receiver that ended in order."""
        told = dict(register.ended("receiver-1"))
        return [one for one in MACHINES if told[one] is not None]

    running = [await start(number) for number in range(2)]
    # Every second device has the second receiver first.
    halves = [Steady(senders[::2], ports, PER_SECOND / 2, "A"), Steady(senders[1::2], ports[::-1], PER_SECOND / 2, "B")]
    for half in halves:
        await half.begin()

    async def more_are_answered(count: int) -> None:
        before = sum(len(half.answered) for half in halves)
        await wait_until(lambda: sum(len(half.answered) for half in halves) >= before + count)

    await more_are_answered(40)
    for number in range(2):
        # Stopped, it answers what it has, and ends in order.
        assert await running[number].end() == 0
        assert stopped() == [MACHINES[number]]
        log = running[number].log.read_text()
        assert "stopped" in log
        assert "unhandled" not in log
        await more_are_answered(60)
        running[number].log.write_text("")
        running[number] = await start(number)
        assert stopped() == []
        await more_are_answered(40)
    for half in halves:
        await half.end()
    sent = [one for half in halves for one in half.sent]
    assert all(one.answered is not None for one in sent)
    for half in halves:
        assert any(one.moved for one in half.sent), "each half went on at its other receiver"
    kept = rows(authority, "select sender, ref, count(*) from message group by sender, ref")
    assert {(sender, ref) for sender, ref, _ in kept} == {(blinded(one.sender), one.ref) for one in sent}
    assert {count for _, _, count in kept} == {1}
    assert rows(authority, "select max(n) from (select count(*) as n from alarm group by person_id) a") == [(1,)]
    assert rows(authority, "select sum(messages) from alarm") == [(len(sent),)]
