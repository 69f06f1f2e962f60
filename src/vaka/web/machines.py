# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What machines tell of their clocks and flows (terms 27 and 30), as office and portal show it.

Both show the same, at the same second: what is wrong stands on both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from vaka.database.connections import Connection
from vaka.errors import Sentence
from vaka.operations.flows.reporting import MachineFlows, list_machine_flows
from vaka.operations.timesync.reporting import list_clocks
from vaka.operations.timesync.rule import MachineClock, judge_fleet, largest_differences
from vaka.operations.timesync.wording import WRONG
from vaka.settings_operations import ClockSettings
from vaka.web.texts import mark

PROTECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "tls": mark("TLS 1.2 or 1.3"),
        "mutual-tls": mark("TLS, where both sides prove who they are"),
        "database-tls": mark("On one machine a Unix socket; between machines TLS with the server's name verified"),
        "ssh": mark("SSH"),
        "nts": mark("The answers are authenticated (NTS)"),
        "signed": mark("TLS, and what is sent is signed"),
        "redirect": mark("In clear, and leads on to TLS; nothing is sent there"),
        "loopback": mark("Does not leave the machine"),
        "unix": mark("Does not leave the machine (Unix socket)"),
        "none": mark("In clear"),
    }
)
STANDINGS: Mapping[str, str] = MappingProxyType(
    {"expired": mark("Has expired"), "soon": mark("Ends within 21 days"), "holds": mark("Holds")}
)
FOUND: Mapping[str, str] = MappingProxyType(
    {
        "unregistered": mark("is in no flow of the register"),
        "exposed": mark("can be reached, and is for the machine itself alone"),
        "plain": mark("takes in what is in clear, without an exception in force"),
    }
)


@dataclass(frozen=True, slots=True)
class ShownClock:
    """One machine's clock, with everything that is wrong with it."""

    machine: str
    clock: MachineClock | None
    """None where it has to tell and never did."""
    wrong: Sequence[Sentence]

    @property
    def offset_milliseconds(self) -> float:
        """How far it is from its source's time."""
        return self.clock.facts.offset * 1000 if self.clock else 0

    @property
    def error_milliseconds(self) -> float:
        """How far off that may be."""
        return self.clock.facts.error * 1000 if self.clock else 0

    @property
    def skew_milliseconds(self) -> float:
        """How far its time was from the database server's."""
        return self.clock.skew * 1000 if self.clock else 0


@dataclass(frozen=True, slots=True)
class ShownFlows:
    """What is known of one machine's flows, and whether it is of now."""

    told: MachineFlows
    is_silent: bool


async def clock_facts(connection: Connection, settings: ClockSettings, now: datetime) -> Mapping[str, Any]:
    """Return what a page of clocks shows, by the same verdict as the term's (assurance/clock_evidence.py)."""
    told = {one.machine: one for one in await list_clocks(connection)}
    wrong = judge_fleet(list(told.values()), _expected(list(told.values()), settings), settings, now)
    shown = [
        # One that is expected no longer, and tells no longer, has no verdict: it is shown until it is forgotten.
        ShownClock(machine, told.get(machine), [WRONG[reason] for reason in wrong.get(machine, ["silent"])])
        for machine in sorted({*told, *wrong})
    ]
    return {"clocks": shown, "differences": largest_differences(told.values(), now)}


async def flow_facts(connection: Connection, settings: ClockSettings, now: datetime) -> Mapping[str, Any]:
    """Return what a page of flows shows. A machine that has to tell and did not is there too."""
    told = {one.machine: one for one in await list_machine_flows(connection)}
    missing = [MachineFlows(name, None, [], [], []) for name in settings.machines if name not in told]
    machines = sorted([*told.values(), *missing], key=lambda one: one.machine)
    return {
        "machines": [ShownFlows(one, one.is_silent(now)) for one in machines], "protections": PROTECTIONS,
        "standings": STANDINGS, "found": FOUND, "today": now,
    }  # fmt: skip


def _expected(told: Collection[MachineClock], settings: ClockSettings) -> set[str]:
    """Return who has to tell: whom the settings name, and the machine the scheduler told of last, its own."""
    own = max((one for one in told if one.by_scheduler), key=lambda one: one.received_at, default=None)
    return {*settings.machines, *([own.machine] if own else [])}
