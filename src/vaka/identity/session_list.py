# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which sessions an account has open, and when each was last used: for their owner, and those who run the system."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.identity.sessions import QUERIES, Session

MOST_SHOWN = 100
NOTED_EVERY = timedelta(minutes=1)
"""When somebody works is nobody's business to the second, and each note is a write."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One session that holds now."""

    id: UUID
    realm: str
    method: str
    issuer: str | None
    level: int | None
    browser: str
    """Of which kind, in two words: ``firefox linux``; nothing where it was not said."""
    created_at: datetime
    expires_at: datetime
    used_at: datetime
    fallback: bool = False
    """Whether it rests on a security key alone, as the issuer did not answer."""


async def list_sessions(connection: psycopg.AsyncConnection[Any], account_id: UUID, now: datetime) -> list[OpenSession]:
    """Return what an account has open in every realm, the newest first (as desk, portal or setup)."""
    facts = {"account_id": account_id, "now": now, "most": MOST_SHOWN}
    async with connection.cursor(row_factory=class_row(OpenSession)) as cursor:
        await cursor.execute(QUERIES["list_sessions"], facts)
        return await cursor.fetchall()


async def note_use(connection: psycopg.AsyncConnection[Any], session: Session, now: datetime) -> None:
    """Note the minute in which a session was used, once in that minute (as desk or portal)."""
    if session.used_at is None or now - session.used_at >= NOTED_EVERY:
        await connection.execute(QUERIES["note_use"], {"session_id": session.id, "now": now})
