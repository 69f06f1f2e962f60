# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an installation is, a demo or a real one: a row that is written once and never changed.

Three locks hold personas, and the provider that asserts them, inside a demo: the settings file, this row, and triggers
that refuse an account with a persona and a session by a provider without TLS anywhere else.
"""

from datetime import datetime
from typing import Any

import psycopg

from vaka.database.queries import load_queries
from vaka.errors import ConfigurationError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

QUERIES = load_queries("vaka.identity")


async def decide_installation(connection: psycopg.AsyncConnection[Any], mode: str, now: datetime) -> None:
    """Write down, once and for all, what this installation is (as setup).

    Raises ConfigurationError where it was decided otherwise before.
    """
    async with connection.transaction():
        done = await connection.execute(QUERIES["decide_installation"], {"mode": mode, "now": now})
        if done.rowcount:
            await append(connection, Entry(Event.INSTALLATION_DECIDED, "setup", now, f"installation:{mode}"))
    require_mode(await read_installation_mode(connection), mode)


def require_mode(decided: str | None, mode: str) -> None:
    """Refuse to start as another kind of installation than was decided. Raises ConfigurationError."""
    if decided != mode:
        raise ConfigurationError(
            f"This installation is a {decided} one and stays so. Use another data directory for a {mode} one."
        )


async def read_installation_mode(connection: psycopg.AsyncConnection[Any]) -> str | None:
    """Return ``demo`` or ``production``, or None where it has not been decided."""
    cursor = await connection.execute(QUERIES["read_installation_mode"])
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def decides_alone(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Return whether setup decides by itself: while the installation is being founded, and in a demo (as setup)."""
    return await (await connection.execute(QUERIES["decides_alone"])).fetchone() == (True,)
