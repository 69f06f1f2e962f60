# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What machines tell of their clocks and flows (terms 27 and 30), as office and portal show it.

Both show the same, at the same second: what is wrong stands on both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from vaka.database.connections import Connection
from vaka.errors import Sentence
from vaka.operations.flows.reporting import list_machine_flows
from vaka.operations.timesync.reporting import list_clocks
from vaka.operations.timesync.rule import LARGEST_SKEW, REPORTED_WITHIN, MachineClock
from vaka.operations.timesync.wording import WRONG
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
    """One machine's clock, with everything that is wrong with it by itself."""

    clock: MachineClock
    wrong: Sequence[Sentence]

    @property
    def offset_milliseconds(self) -> float:
        """How far it is from its source's time."""
        return self.clock.facts.offset * 1000

    @property
    def error_milliseconds(self) -> float:
        """How far off that may be."""
        return self.clock.facts.error * 1000


async def clock_facts(connection: Connection, now: datetime) -> Mapping[str, Any]:
    """Return what a page of clocks shows."""
    clocks = await list_clocks(connection)
    offsets = [one.facts.offset for one in clocks if one.facts.referred_at is not None]
    return {
        "clocks": [ShownClock(one, [WRONG[reason] for reason in _reasons(one, now)]) for one in clocks],
        "difference": (max(offsets) - min(offsets)) * 1000 if len(offsets) > 1 else None,
    }


def _reasons(one: MachineClock, now: datetime) -> Sequence[str]:
    if abs(now - one.received_at) > REPORTED_WITHIN:
        return ["silent"]
    return [*one.facts.reasons, *(["skewed"] if abs(one.skew) > LARGEST_SKEW else [])]


async def flow_facts(connection: Connection, now: datetime) -> Mapping[str, Any]:
    """Return what a page of flows shows."""
    return {
        "machines": await list_machine_flows(connection), "protections": PROTECTIONS, "standings": STANDINGS,
        "found": FOUND, "today": now,
    }  # fmt: skip
