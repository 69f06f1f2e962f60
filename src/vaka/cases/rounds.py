# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What time does to cases: what nobody acknowledged goes on, to the next level or contact (terms 34 and 35)."""

from datetime import datetime

import structlog

from vaka.cases.model import QUERIES
from vaka.clock import Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.logs import describe_error

CASES_SECONDS = 15.0
"""How often it is looked."""


class Cases:
    """Makes the rounds. What fails is logged once, and tried again at the next round."""

    def __init__(self, platform: Pool, clock: Clock) -> None:
        self._platform, self._clock = platform, clock
        self._fails = False

    async def let_time_pass(self) -> int:
        """Return how many went on."""
        try:
            async with transaction(self._platform) as connection:
                passed, failed = await escalate(connection, self._clock.now())
        except Exception as error:  # of whatever kind: the scheduler's other rounds go on
            if not self._fails:
                structlog.get_logger().error("round failed", reason="cases", **describe_error(error))
            self._fails = True
            return 0
        if failed and not self._fails:  # the others have gone on
            structlog.get_logger().error("round failed", reason="cases", count=failed)
        self._fails = failed > 0
        return passed


async def escalate(connection: Connection, now: datetime) -> tuple[int, int]:
    """Let time pass for cases (as scheduler); return how many went to the next level or contact, how many could not."""
    row = await (await connection.execute(QUERIES["escalate_cases"], {"now": now})).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))
