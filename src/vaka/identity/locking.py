# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sessions that nobody uses are locked, and sessions that have an alarm in their hands are not.

A lock is no end. It stands at the session, in the database: whatever a browser still shows or sends, nothing is
answered until the session's owner has touched one of his keys with PIN or finger, or signed in anew.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import psycopg

from vaka.identity.confirming import Act, Confirmation, NotConfirmedError
from vaka.identity.sessions import QUERIES, Session
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

IDLE: Mapping[str, timedelta] = MappingProxyType(
    {"operator": timedelta(minutes=15), "authority": timedelta(minutes=30), "administrator": timedelta(minutes=15)}
)
"""So long after the newest use that was noted, by realm. Use is noted to the minute, so it may be one less."""
KEPT_BEFORE = timedelta(minutes=5)
"""So long before its time is out it is looked whether a session has an alarm in its hands."""
UNLOCKED = Event.SESSION_UNLOCKED.value


def is_idle(session: Session, now: datetime) -> bool:
    """Whether nobody has used it for so long that it is to be locked."""
    return now - (session.used_at or session.created_at) >= IDLE[session.realm]


def is_out_of_time(session: Session, now: datetime) -> bool:
    """Whether it goes on only for an alarm that is in its hands."""
    return session.expires_at <= now


def is_nearly_out_of_time(session: Session, now: datetime) -> bool:
    """Whether it must be kept now or never, where it has not been."""
    return session.kept_until is None and session.expires_at - KEPT_BEFORE <= now < session.expires_at


async def lock_session(connection: psycopg.AsyncConnection[Any], session: Session, now: datetime) -> bool:
    """Lock a session (as desk or portal), unless it was used meanwhile. Return whether it is locked now."""
    facts = {"session_id": session.id, "used_at": session.used_at or session.created_at, "now": now}
    async with connection.transaction():
        if await (await connection.execute(QUERIES["lock_session"], facts)).fetchone() is None:
            row = await (await connection.execute(QUERIES["is_session_locked"], facts)).fetchone()
            return row == (True,)
        await append(connection, Entry(Event.SESSION_LOCKED, _actor(session), now, f"session:{session.id}"))
    return True


def unlocking_of(session: Session) -> Act:
    """Return the act that unlocking a session is."""
    return Act(UNLOCKED, None, f"session:{session.id}")


async def unlock_session(
    connection: psycopg.AsyncConnection[Any], session: Session, confirmation: Confirmation, now: datetime
) -> bool:
    """Unlock a session as confirmed by touching a key (as desk or portal). Return whether it was locked.

    Raises NotConfirmedError.
    """
    confirmation.require(unlocking_of(session))
    if not confirmation.touched:
        raise NotConfirmedError
    async with connection.transaction():
        done = await connection.execute(QUERIES["unlock_session"], {"session_id": session.id, "now": now})
        if done.rowcount == 0:
            return False
        facts = {"step_up": confirmation.step_up}
        unlocked = Entry(Event.SESSION_UNLOCKED, _actor(session), now, f"session:{session.id}", detail=facts)
        await append(connection, unlocked)
    return True


async def keep_session(connection: psycopg.AsyncConnection[Any], session: Session, now: datetime) -> bool:
    """Let a session go on past its time, at most two hours, and enter it (as desk). Return whether it was done."""
    row = await (await connection.execute(QUERIES["keep_session"], {"session_id": session.id, "now": now})).fetchone()
    return row == (True,)


def _actor(session: Session) -> str:
    return f"account:{session.account_id}"
