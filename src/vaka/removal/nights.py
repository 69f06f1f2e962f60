# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""When it is removed: once a night in each authority, within some hours, and on from where a night was broken off."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from psycopg.types.json import Jsonb

from vaka.clock import Clock, ClockState
from vaka.keys.keyring import Keyring
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.removal.birth_days import QUERIES
from vaka.removal.measures import Measures
from vaka.removal.removing import Night, Removing
from vaka.removal.rules import Connection, list_rules, read_in_force
from vaka.tenants.gateway import Gateway

LOCAL = ZoneInfo("Europe/Stockholm")
LONGEST_NIGHT = timedelta(hours=4)
"""After so long the rest waits for the next night; it ends well before the morning's alarms."""
AT_ONCE = 2
"""Authorities in which it is removed at the same time: the others' alarms come to the same disks."""
LOOK_SECONDS = 60.0
"""How often it is looked whether it is night, and whether one was broken off."""
LARGEST_DIFFERENCE = timedelta(minutes=1)
"""By which the database's clock, that ages are reckoned by, may differ from this machine's."""


def find_night(now: datetime, hour: int) -> datetime | None:
    """Return when the night began that ``now`` is in (local ``hour``); None by day. Pure."""
    local = now.astimezone(LOCAL)
    begun = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if begun > local:
        begun -= timedelta(days=1)
    # Absolute time: on the night when clocks are set, an hour is missing or comes twice.
    return begun if now - begun < LONGEST_NIGHT else None


def find_tonight(now: datetime, hour: int) -> datetime:
    """Return when it is next removed: at once, where it is night, otherwise when the next night begins. Pure."""
    if find_night(now, hour) is not None:
        return now
    local = now.astimezone(LOCAL)
    begins = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return begins if begins > local else begins + timedelta(days=1)


class Nights:
    """What a scheduler does by night in each authority."""

    def __init__(
        self,
        gateway: Gateway,
        keyring: Keyring,
        clock: Clock,
        hour: int,
        is_ending: Callable[[], bool],
        read_clock: Callable[[], ClockState] | None,
    ) -> None:
        """``read_clock`` says whether the machine's clock is in step; None where that is not asked, as in a demo."""
        self._gateway = gateway
        self._clock = clock
        self._hour = hour
        self._is_ending = is_ending
        self._read_clock = read_clock
        self._told_of_clock = False
        self._removing = Removing(gateway, keyring, clock, self._is_over)
        self._keyring = keyring
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self.measures = Measures(clock)

    async def visit(self, authority: UUID, now: datetime) -> int:
        """Remove what is to go in one authority, if this night has not done it yet; return how many things went.

        Raises what Removing raises; then the next look tries again.
        """
        begun = find_night(now, self._hour)
        if begun is None:
            return 0
        try:
            async with self._at_once:
                return await self._visit(authority, begun, now)
        except Exception:
            self.measures.runs.add("failed")
            raise

    async def _visit(self, authority: UUID, begun: datetime, now: datetime) -> int:
        async with self._gateway.transaction(authority) as tenant:
            if await _is_done(tenant, begun):
                return 0
            rules = await read_in_force(tenant, now)
            unproven = sum(one.is_unproven(now) for one in await list_rules(tenant))
            differs = abs(await _read_time(tenant) - self._clock.now()) > LARGEST_DIFFERENCE
        if not rules and not unproven:
            return 0
        if self._is_out_of_step() or (differs and self._read_clock is not None):
            self._refuse()
            return 0
        self._told_of_clock = False
        night = await self._removing.work(authority, rules)
        # Keys are held for as long as birth days are read, and no longer.
        self._keyring.forget()
        async with self._gateway.transaction(authority) as tenant:
            await _keep(tenant, authority, night, unproven, self._clock.now())
        self.measures.note(night)
        self._tell(authority, night, unproven)
        return night.total("removed")

    def _is_over(self) -> bool:
        return self._is_ending() or self._is_out_of_step() or find_night(self._clock.now(), self._hour) is None

    def _is_out_of_step(self) -> bool:
        return self._read_clock is not None and self._read_clock() != "synchronised"

    def _refuse(self) -> None:
        """By a clock that is ahead, what is young is old enough; and what was removed does not come back."""
        self.measures.runs.add("failed")
        if not self._told_of_clock:
            self._told_of_clock = True
            structlog.get_logger().error("the clock is not in step, or not the database's; nothing is removed by it")

    def _tell(self, authority: UUID, night: Night, unproven: int) -> None:
        log = structlog.get_logger().bind(authority=str(authority))
        if unproven:
            log.error("rules of removal are in the database that the log does not know; they remove nothing",
                      count=unproven)  # fmt: skip
        if night.keys_missing:
            log.error("birth days cannot be read, nobody hands out keys; what may be exempt stays")
        elif night.total("unreadable"):
            log.warning("birth days cannot be read; these stay", count=night.total("unreadable"))
        log.info("removed by night", count=night.total("removed"), state="complete" if night.complete else "broken off")


async def _is_done(tenant: Connection, begun: datetime) -> bool:
    row = await (await tenant.execute(QUERIES["read_state"])).fetchone()
    if row is None:
        raise LookupError("removal_state has one row")
    finished_at, complete, _ = row
    return bool(complete and finished_at is not None and finished_at >= begun)


async def _read_time(tenant: Connection) -> datetime:
    row = await (await tenant.execute(QUERIES["read_time"])).fetchone()
    if row is None:
        raise LookupError("there is always a time")
    told: datetime = row[0]
    return told


async def _keep(tenant: Connection, authority: UUID, night: Night, unproven: int, now: datetime) -> None:
    values = {"now": now, "complete": night.complete, "result": Jsonb(night.as_json())}
    await tenant.execute(QUERIES["keep_state"], values)
    entry = Entry(
        Event.REMOVAL_RUN, "scheduler", now, f"authority:{authority}",
        detail={
            "complete": night.complete, "alarms": night.total("alarms"), "messages": night.total("messages"),
            "notes": night.total("notes"), "exempt": night.total("exempt"), "unreadable": night.total("unreadable"),
            "held": night.total("held"), "busy": night.total("busy"), "unproven": unproven,
        },
    )  # fmt: skip
    await append(tenant, entry)
