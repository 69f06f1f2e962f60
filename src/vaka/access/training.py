# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which mandatory course an administrator has to take, and whether his role rests for want of it (term 5)."""

from dataclasses import replace
from datetime import datetime, timedelta

from psycopg.rows import class_row

from vaka.access.principal import Principal, Training
from vaka.database.connections import Connection
from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.access")

GRACE = timedelta(days=30)
"""How long a course is overdue before the role rests (``training_due``, migration 0050)."""


async def with_training(connection: Connection, principal: Principal, now: datetime, ahead: timedelta) -> Principal:
    """Return a principal with the course that he has to take (as office): overdue, or due within ``ahead``.

    Others than administrators are returned as they are: nobody's right to answer alarms hangs on it.
    """
    if principal.session.kind != "administrator":
        return principal
    async with connection.cursor(row_factory=class_row(Training)) as cursor:
        await cursor.execute(QUERIES["training_due"], {"account_id": principal.account_id, "now": now})
        training = await cursor.fetchone()
    if training is None or training.rests_from - GRACE - ahead > now:
        return principal
    return replace(principal, training=training)
