# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From the wire to the operator's page: when an alarm that was sent stands in every open desk's live queue."""

import asyncio
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from bench.datagrams import FIRST_SENDER
from bench.driving import ROOT, Generator
from bench.installation import Installation
from bench.measurements import Bench
from bench.processes import processor_seconds
from vaka.access.grants import grant_role
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.accounts import create_account
from vaka.identity.sessions import open_session

DESKS = (20, 200)
PROBES = 5.0
"""Alarms a second whose way is timed."""
STORM = 1_000.0
"""Tests a second in the storm."""


def measure_desks(bench: Bench) -> None:
    """p50 and p99 from the due time of an alarm to its line on each open desk, idle and while tests flood."""
    installation, found = bench.installation, {}
    tokens = asyncio.run(sign_in(installation, max(DESKS)))
    first_probe = 0
    with installation.receivers(bench.processes):
        for desks in DESKS:
            installation.empty()
            with installation.desk() as desk:
                for name, storm in (("idle", 0.0), ("storm", STORM)):
                    bench.say(f"Wire to page: {desks} desks, {name}")
                    found[f"{desks} desks, {name}"] = _watch(bench, desk, tokens[:desks], first_probe, storm)
                    first_probe += 1_000
    bench.results["desks"] = found


def _watch(bench: Bench, desk: int, tokens: list[str], first_probe: int, storm: float) -> dict[str, Any]:
    installation, seconds = bench.installation, bench.seconds
    viewers = subprocess.Popen(
        [sys.executable, "-m", "bench.viewers"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert viewers.stdin is not None
    assert viewers.stdout is not None
    viewers.stdin.write(json.dumps({"port": installation.desk_port, "tokens": tokens}) + "\n")
    viewers.stdin.flush()
    if viewers.stdout.readline() != "ready\n":
        raise RuntimeError("the desks could not be opened")
    time.sleep(1)
    probes = Generator(
        bench.plan(
            installation.udp_port, "life", PROBES, first_sender=FIRST_SENDER + first_probe, senders=1_000, sockets=4
        ),
        installation.root,
    )
    tests = None
    if storm:
        half = bench.network_devices // 2
        plan = bench.plan(
            installation.udp_port, "test", storm, first_sender=FIRST_SENDER + half, senders=half, seconds=seconds + 1,
            most=round(storm * (seconds + 1)),
        )  # fmt: skip
        tests = Generator(plan, installation.root)
        tests.begin()
        time.sleep(1)
    before = processor_seconds(desk)
    probes.begin()
    sent = probes.finish()
    cores = (processor_seconds(desk) - before) / seconds
    if tests:
        tests.finish()
    time.sleep(1)
    viewers.stdin.write("enough\n")
    viewers.stdin.flush()
    seen = [{int(number): at for number, at in one.items()} for one in json.loads(viewers.stdout.readline())]
    viewers.wait(10)
    due = {first_probe + number: sent.begun + number / PROBES for number in range(sent.sent)}
    waits = sorted((one[number] - at) * 1000 for one in seen for number, at in due.items() if number in one)
    missing = len(due) * len(tokens) - len(waits)
    return {
        "alarms": len(due),
        "seen": len(waits),
        "missing": missing,
        **{name: round(waits[round((len(waits) - 1) * share)], 1) if waits else None
           for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))},
        "answered_p99": round(sent.p99, 1),
        "desk_cores": round(cores, 2),
    }  # fmt: skip


async def sign_in(installation: Installation, desks: int) -> list[str]:
    """Open a session for each of so many operators of all three authorities."""
    now = datetime.now(UTC)
    server = installation.server
    setup = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-bench")
    signin = await open_connection(server, platform_role("signin"), PLATFORM_DATABASE, application="vaka-bench")
    tokens = []
    for number in range(desks):
        account = await create_account(setup, f"Operatör {number}", persona=f"bench_{number}", actor="bench", now=now)
        for authority in installation.authorities:
            await grant_role(setup, account.id, "operator", authority.id, actor="bench", now=now)
        tokens.append(await open_session(signin, account.id, "operator", "bench", now))
    await setup.close()
    await signin.close()
    return tokens
