# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The platform database as the tests use it: as each component, and as an onlooker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role


@asynccontextmanager
async def platform_as(server: Server, component: str) -> AsyncIterator[Connection]:
    """Open the platform database as one component."""
    connection = await open_connection(server, platform_role(component), PLATFORM_DATABASE, application="test")
    try:
        yield connection
    finally:
        await connection.close()


def newest(onlooker: psycopg.Connection[dict[str, Any]]) -> int:
    """Return the number of the newest ledger entry."""
    row = onlooker.execute("select coalesce(max(id), 0) as last from ledger.inbox").fetchone()
    assert row is not None
    return int(row["last"])


def entries(onlooker: psycopg.Connection[dict[str, Any]], after: int) -> list[dict[str, Any]]:
    """Return the ledger's entries after the one numbered ``after``."""
    return onlooker.execute(
        "select event, actor, object, detail from ledger.inbox where id > %s order by id", (after,)
    ).fetchall()
