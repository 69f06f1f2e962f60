# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Removes what is older than the authority keeps it, in two steps that a crash can come between.

First an entry says what will be removed. When it is sealed, signed and published, the rows go. The hash tiles stay, 32
bytes an entry, so the tree verifies for ever. Each round begins with what the last one said and did not finish.
"""

import psycopg
import structlog

from vaka.clock import Clock
from vaka.ledger.stored import QUERIES, Connection
from vaka.logs import describe_error

LOOK_SECONDS = 3600.0
"""How often it is looked whether something has become old enough; the database lets it be removed once a day."""
BATCH = 5000
"""Rows of one transaction."""
MOST_BATCHES = 10
"""Of one round; sealing goes before, and comes between."""


class Pruner:
    """Keeps one log no longer than its authority wants."""

    def __init__(self, origin: str, clock: Clock) -> None:
        self._object = f"log:{origin}"
        self._clock = clock
        self._looked_at: float | None = None

    async def make_round(self, connection: Connection) -> int:
        """Finish what was announced, then announce what has become old enough; return how many entries went.

        What goes wrong here is told, and never stops the sealing of new entries.
        """
        now = self._clock.monotonic()
        if self._looked_at is not None and now - self._looked_at < LOOK_SECONDS:
            return 0
        removed, is_finished = await self._prune(connection)
        if is_finished:
            self._looked_at = now
            await _call(connection, "announce_pruning", {"object": self._object})
        return removed

    async def _prune(self, connection: Connection) -> tuple[int, bool]:
        removed = 0
        for _ in range(MOST_BATCHES):
            gone = await _call(connection, "prune", {"most": BATCH})
            removed += gone
            if gone < BATCH:
                return removed, True
        return removed, False


async def _call(connection: Connection, query: str, values: dict[str, object]) -> int:
    try:
        row = await (await connection.execute(QUERIES[query], values)).fetchone()
    except psycopg.Error as error:
        if connection.closed:
            raise  # the round is over anyway
        structlog.get_logger().error("pruning refused", **describe_error(error))
        return 0
    return int(row[0] or 0) if row is not None else 0
