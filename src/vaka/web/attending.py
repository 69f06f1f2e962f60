# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether somebody is there: a session's use is noted, one that nobody uses is locked, and none during an alarm.

Asked at each request and by every open stream, of the session as the database has it. What a page asks without
anybody's doing is no use: a stream, a script that says so, or an address that is asked by itself
(``routes.Address.unasked``).
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.requests import Request

from vaka.access.principal import Principal
from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.identity.locking import (
    is_idle,
    is_nearly_out_of_time,
    is_out_of_time,
    keep_session,
    lock_session,
)
from vaka.identity.session_list import note_use
from vaka.identity.sessions import end_sessions_of

BY_ITSELF = "vaka-by-itself"
"""The header with which a script says that nobody pressed anything. Who lies so only looks idle."""

IsBusy = Callable[[Principal], Awaitable[bool]]
"""Whether an alarm is in somebody's hands, or it cannot be said that none is."""


async def nobody_is_busy(principal: Principal) -> bool:
    """Where there are no alarms."""
    return False


async def attend(
    platform: Pool, clock: Clock, principal: Principal, *, is_used: bool, is_busy: IsBusy = nobody_is_busy
) -> Principal | None:
    """Return the principal, whose session may be locked now; None where its time is out.

    ``is_used`` says that a person did something. Raises DatabaseUnavailableError.
    """
    session, now = principal.session, clock.now()
    if is_nearly_out_of_time(session, now) and await is_busy(principal):
        async with transaction(platform) as connection:
            await keep_session(connection, session, now)
    if is_out_of_time(session, now) and not await is_busy(principal):
        async with transaction(platform) as connection:
            await end_sessions_of(
                connection, session.account_id, actor=principal.actor, now=now, reason="time_out", only=session.id
            )
        return None
    if session.is_locked:
        return principal
    if is_idle(session, now) and not await is_busy(principal):
        async with transaction(platform) as connection:
            if await lock_session(connection, session, now):
                return replace(principal, session=replace(session, locked_at=now))
    if is_used:
        async with transaction(platform) as connection:
            await note_use(connection, session, now)
    return principal


def is_by_somebody(request: Request) -> bool:
    """Whether a request does not say that it came about by itself."""
    return BY_ITSELF not in request.headers
