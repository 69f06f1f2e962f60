# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The rounds a scheduler makes: over every authority, again and again, whatever happens in one of them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from psycopg.rows import class_row

from vaka.access.settling import (
    end_accounts,
    end_break_glass,
    lapse_role_changes,
    settle_roles,
    settle_training,
)
from vaka.alarms.attendance import Attendance, attend, lapse_held, read_signed_in
from vaka.alarms.changes import QUERIES
from vaka.alarms.escalation import escalate_due, forget_repeats
from vaka.alarms.silence import RECEIVER_SILENT_AFTER, Coverage, Presence, cover
from vaka.alarms.supervision import supervise
from vaka.clock import Clock
from vaka.database.connections import Connection, DatabaseUnavailableError, Pool, transaction
from vaka.logs import describe_error
from vaka.notices.outbox import tell_late
from vaka.tenants.authorities import list_authorities, list_every_authority
from vaka.tenants.gateway import Gateway

AT_ONCE = 8
"""Authorities worked on at the same time."""
DIRECTORY_SECONDS = 10.0
"""How often new authorities are looked for, and roles whose time is over or that nobody approved."""
ATTENDANCE_SECONDS = 5.0
"""How often it is looked whether those who hold alarms are at their desks."""
FORGET_SECONDS = 3600.0

Round = Callable[[UUID, datetime], Awaitable[int]]


class Watch:
    """Makes the rounds. What fails is logged once, and tried again at the next round."""

    def __init__(self, gateway: Gateway, platform: Pool, clock: Clock, supervision_seconds: float) -> None:
        self._gateway = gateway
        self._platform = platform
        self._clock = clock
        self._log = structlog.get_logger()
        self._watching_since = clock.now()
        self._looked_at = (self._watching_since, clock.monotonic())
        """When the receivers were last read, by the wall clock and by one that nobody sets."""
        self._longest_pause = max(RECEIVER_SILENT_AFTER, timedelta(seconds=3 * supervision_seconds))
        self._coverage: Coverage | None = None
        self._attendance: Attendance | None = None
        self._served: tuple[UUID, ...] = ()
        self._kept: tuple[UUID, ...] = ()
        """Also those whose contract has ended: a certificate may be missing yet, or a backup bring everybody back."""
        self._wrong: dict[tuple[str, UUID | None], str] = {}

    async def look_for_authorities(self) -> int:
        """Read which authorities are served, and return their number."""

        async def read() -> int:
            async with transaction(self._platform) as connection:
                authorities, every = await list_authorities(connection), await list_every_authority(connection)
            self._gateway.admit(every)
            self._kept = tuple(authority.id for authority in every)
            self._served = tuple(authority.id for authority in authorities)
            return len(authorities)

        return await self._attempt("directory", None, read)

    async def escalate(self) -> int:
        """Do what is due in every authority; return how many alarms changed."""
        return await self._everywhere("escalation", partial(escalate_due, self._gateway))

    async def look_after_held(self) -> int:
        """Read who is at a desk, then put back everywhere what the absent hold; return how many alarms that were."""
        before = self._attendance
        await self._attempt("attendance", None, self._read_attendance)
        attendance = self._attendance
        # Without news of the desks nobody is said to be gone.
        if attendance is None or attendance is before:
            return 0
        return await self._everywhere(
            "attendance", lambda authority_id, now: lapse_held(self._gateway, authority_id, attendance, now)
        )

    async def forget(self) -> int:
        """Drop old repeat keys in every authority; return how many."""
        return await self._everywhere("repeats", partial(forget_repeats, self._gateway))

    async def supervise(self) -> int:
        """Read which receivers listen, then judge every authority's devices; return how many changed."""
        before = self._coverage
        await self._attempt("presence", None, self._read_coverage)
        coverage = self._coverage
        # Without news of the receivers nothing can be said about devices.
        if coverage is None or coverage is before:
            return 0
        return await self._everywhere(
            "supervision", lambda authority_id, now: supervise(self._gateway, authority_id, coverage, now)
        )

    async def settle_roles(self) -> int:
        """Do what time does to roles, accounts and notices; return how many changed."""

        async def settle(work: Callable[[Connection, datetime], Awaitable[int]]) -> int:
            async with transaction(self._platform) as connection:
                return await work(connection, self._clock.now())

        ended = await self._attempt("accounts", None, partial(settle, end_accounts))
        ended += await self._attempt("emergencies", None, partial(settle, end_break_glass))
        late = await self._attempt("notices", None, partial(settle, tell_late))
        late += await self._attempt("role changes", None, partial(settle, lapse_role_changes))
        resting = await self._attempt("training", None, partial(settle, settle_training))
        return ended + late + resting + await self._attempt("roles", None, partial(settle, settle_roles))

    async def make_round(self, what: str, work: Round) -> int:
        """Do a piece of work in every authority, also in closed ones; return how much it did there."""
        return await self._everywhere(what, work, self._kept)

    async def _read_coverage(self) -> int:
        async with (
            transaction(self._platform) as connection,
            connection.cursor(row_factory=class_row(Presence)) as cursor,
        ):
            await cursor.execute(QUERIES["read_receivers"])
            receivers = await cursor.fetchall()
        now, elapsed = self._clock.now(), self._clock.monotonic()
        before, elapsed_before = self._looked_at
        if abs(now - before - timedelta(seconds=elapsed - elapsed_before)) > self._longest_pause:
            # The clock was set: receivers get time to appear, for by the new time they are not there yet. Not after a
            # mere pause: silence that lasts would be forgotten by it, and never noticed where every round is slow.
            self._watching_since = now
        self._looked_at = now, elapsed
        self._coverage = cover(receivers, now, self._watching_since, self._coverage, self._longest_pause)
        return len(receivers)

    async def _read_attendance(self) -> int:
        now = self._clock.now()
        async with transaction(self._platform) as connection:
            signed_in = await read_signed_in(connection, now)
        self._attendance = attend(signed_in, now, self._watching_since, self._attendance)
        return len(signed_in)

    async def _everywhere(self, what: str, work: Round, among: tuple[UUID, ...] | None = None) -> int:
        now = self._clock.now()
        limit = asyncio.Semaphore(AT_ONCE)

        async def visit(authority_id: UUID) -> int:
            async with limit:
                return await self._attempt(what, authority_id, partial(work, authority_id, now))

        return sum(await asyncio.gather(*map(visit, self._served if among is None else among)))

    async def _attempt(self, what: str, authority_id: UUID | None, work: Callable[[], Awaitable[int]]) -> int:
        try:
            done = await work()
        except DatabaseUnavailableError:
            self._tell_once(what, authority_id, "unavailable", {})
            return 0
        except Exception as error:  # one authority's trouble, of whatever kind, is not the others'
            self._tell_once(what, authority_id, type(error).__name__, describe_error(error))
            return 0
        if self._wrong.pop((what, authority_id), None) is not None:
            self._log.info("round works again", reason=what, authority=str(authority_id or ""))
        return done

    def _tell_once(self, what: str, authority_id: UUID | None, wrong: str, facts: Mapping[str, str]) -> None:
        if self._wrong.get((what, authority_id)) != wrong:
            self._wrong[(what, authority_id)] = wrong
            self._log.error("round failed", reason=what, authority=str(authority_id or ""), state=wrong, **facts)
