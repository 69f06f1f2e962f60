# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where collectors look, and how they ask the databases there."""

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from socket import gethostname
from uuid import UUID

import vaka
from vaka.assurance.evidence import QUERIES, Found, Look
from vaka.clock import ClockState, read_clock_state
from vaka.database.connections import Connection, Pool, transaction
from vaka.errors import VakaError
from vaka.keys.client import KeyClient
from vaka.operations.capacity.rounds import Capacity
from vaka.scanning.inspecting import NO_SCANNER, Inspector
from vaka.settings import Settings
from vaka.tenants.gateway import Gateway

PROGRAM = Path(vaka.__file__).parent


@dataclass(frozen=True, slots=True)
class Place:
    """Where collectors look: the doors of the process they run in, and the authorities there are."""

    platform: Pool
    gateway: Gateway
    authorities: Sequence[UUID]
    read_clock: Callable[[], ClockState] = read_clock_state
    settings: Settings = field(default_factory=Settings)
    """What the process was started with: which witnesses each log is shown to, say."""
    keys: KeyClient | None = None
    """How the keyholder is asked. Without it, nothing is known of keys."""
    root: Path | None = None
    """The data directory. Without it, nothing is known of this machine's processes."""
    inspector: Inspector = NO_SCANNER
    """What looks at files that are uploaded."""
    capacity: Capacity | None = None
    """What measures. Without it, nothing is known of how much room there is."""
    machine: str = field(default_factory=gethostname)
    """What the machine calls itself that looks."""
    proc: Path = Path("/proc")
    program: Path = PROGRAM
    """Where the program is installed."""
    installed: Path = field(default_factory=lambda: Path(sys.prefix))
    """Where the whole release is."""


Collector = Callable[[Place, datetime], Awaitable[Look]]


async def ask_platform(statement: str, place: Place, now: datetime, **more: object) -> Look:
    """Ask the platform's database what is wrong, authority by authority. Who is not listed has nothing wrong.

    What is wrong in the supplier's own premises is wrong for every authority that it serves.
    """
    wrong = await find_in_platform(statement, place, now, more)
    of_all = sum(things for authority, _, things in wrong if authority is None)
    found = []
    for authority_id in place.authorities:
        own = [(reason, things) for authority, reason, things in wrong if authority in (authority_id, None)]
        things = of_all + sum(things for authority, _, things in wrong if authority == authority_id)
        found.append(Found(authority_id, own[0][0], things) if own else Found(authority_id))
    return Look(found)


async def ask_platform_of_all(statement: str, place: Place, now: datetime) -> Look:
    """Ask the platform's database about what concerns every authority alike."""
    wrong = await find_in_platform(statement, place, now, {})
    return Look([Found(None, reason, things) for _, reason, things in wrong] or [Found(None)])


async def find_in_platform(
    statement: str, place: Place, now: datetime, more: Mapping[str, object]
) -> list[tuple[UUID | None, str, int]]:
    async with transaction(place.platform) as connection:
        cursor = await connection.execute(QUERIES[statement], {"at": now, **more})
        return [(authority, reason, things) for authority, reason, things in await cursor.fetchall()]


async def ask_everywhere(
    question: Callable[[Connection, UUID, datetime], Awaitable[Found]], place: Place, now: datetime
) -> Look:
    """Ask every authority's own database. One that does not answer, or has no door here, is unseen."""
    found, unseen = [], []
    for authority_id in place.authorities:
        try:
            async with place.gateway.transaction(authority_id) as connection:
                found.append(await question(connection, authority_id, now))
        except VakaError:
            unseen.append(authority_id)
    return Look(found, unseen)
