# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What time does to roles and accounts (terms 2, 9 and 13), as scheduler. Knows nobody who is signed in."""

from datetime import datetime

from vaka.database.connections import Connection
from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.access")


async def settle_roles(connection: Connection, now: datetime) -> int:
    """Do what is due, in the platform's database; return how many changed.

    Requests that nobody answered lapse, an emergency's role with them; an exception that is over takes its role along;
    a grant that is worth nothing is told of, once.
    """
    row = await (await connection.execute(QUERIES["settle_roles"], {"now": now})).fetchone()
    return 0 if row is None else int(row[0])


async def lapse_role_changes(connection: Connection, now: datetime) -> int:
    """Let requests for other roles lapse that no administrator answered in time; return how many."""
    row = await (await connection.execute(QUERIES["lapse_role_changes"], {"now": now})).fetchone()
    return 0 if row is None else int(row[0])


async def settle_training(connection: Connection, now: datetime) -> int:
    """Tell of administrators whose role has begun to rest, and of those whose role is back; return how many.

    It decides nothing: whether a role rests is computed anew whenever somebody asks (`vaka.access.training`).
    """
    row = await (await connection.execute(QUERIES["settle_training"], {"now": now})).fetchone()
    return 0 if row is None else int(row[0])


async def end_accounts(connection: Connection, now: datetime) -> int:
    """Deactivate the accounts whose last day has come, and end their sessions; return how many."""
    row = await (await connection.execute(QUERIES["end_accounts"], {"now": now})).fetchone()
    return 0 if row is None else int(row[0])


async def end_break_glass(connection: Connection, now: datetime) -> int:
    """Say of each emergency session whose time is out that it is over (term 15); return how many."""
    row = await (await connection.execute(QUERIES["end_break_glass"], {"now": now})).fetchone()
    return 0 if row is None else int(row[0])
