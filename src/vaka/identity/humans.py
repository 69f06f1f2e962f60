# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which human is behind an account: four eyes are those of two humans, not of two accounts (terms 2 and 10)."""

from typing import Any
from uuid import UUID

import psycopg

from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.identity")


async def read_humans(connection: psycopg.AsyncConnection[Any], ids: list[UUID]) -> dict[UUID, UUID]:
    """Return the human behind each of these accounts that is there."""
    cursor = await connection.execute(QUERIES["read_humans"], {"ids": ids})
    return dict(await cursor.fetchall())


async def is_same_human(connection: psycopg.AsyncConnection[Any], one: UUID, other: UUID) -> bool:
    """Whether two accounts are of the same human (as portal, office or scheduler, in the platform's database).

    An account that is not there is nobody's but its own: nobody can sign in with it.
    """
    humans = await read_humans(connection, [one, other])
    return humans.get(one, one) == humans.get(other, other)
