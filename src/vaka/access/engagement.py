# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether the firm that an administrator works for is still bound by its agreement (term 4)."""

from dataclasses import replace
from datetime import datetime

from vaka.access.principal import Engagement, Principal
from vaka.database.connections import Connection
from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.access")


async def with_engagement(connection: Connection, principal: Principal, now: datetime) -> Principal:
    """Return a principal with the firm for whose agreement his role rests, if it does (as office).

    Others than administrators are returned as they are: nobody's right to answer alarms hangs on it.
    """
    if principal.session.kind != "administrator":
        return principal
    cursor = await connection.execute(QUERIES["ended_engagement"], {"account_id": principal.account_id, "now": now})
    row = await cursor.fetchone()
    return principal if row is None or row[0] is None else replace(principal, ended=Engagement(row[0]))
