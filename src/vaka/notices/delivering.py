# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rounds of the notifier: takes what is due, sends it, and writes down what became of each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from vaka.clock import Clock
from vaka.database.connections import DatabaseUnavailableError, Pool, transaction
from vaka.notices.outbox import Due, Fault, SendingError, take_due, tell_delivered, tell_hindered
from vaka.notices.reaching import SECONDS

AT_ONCE = 8
MOST = 64
"""Notices that are taken in one round."""
LONGEST_SECONDS = SECONDS + 10
"""Nothing that another end does holds up a round for longer."""

Send = Callable[[Due], Awaitable[str]]


class Delivering:
    """Sends notices, each by its way."""

    def __init__(self, platform: Pool, clock: Clock, senders: Mapping[str, Send]) -> None:
        """Prepare to send by the ways that ``senders`` name."""
        self._platform, self._clock, self._senders = platform, clock, senders
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._is_away = False

    async def deliver_due(self) -> int:
        """Send what is due; return how many the other ends took."""
        try:
            async with transaction(self._platform) as connection:
                due = await take_due(connection, self._clock.now(), MOST)
            taken = await asyncio.gather(*map(self._deliver, due))
        except DatabaseUnavailableError:
            if not self._is_away:
                structlog.get_logger().warning("round failed", reason="notices", state="unavailable")
            self._is_away = True
            return 0
        self._is_away = False
        return sum(taken)

    async def _deliver(self, due: Due) -> bool:
        async with self._at_once:
            try:
                async with asyncio.timeout(LONGEST_SECONDS):
                    receipt = await self._senders[due.way](due)
            except (SendingError, TimeoutError) as error:
                fault = error.fault if isinstance(error, SendingError) else Fault.UNREACHABLE
                structlog.get_logger().warning("notice not taken", reason=fault.value, count=due.attempts)
                async with transaction(self._platform) as connection:
                    await tell_hindered(connection, due, fault, self._clock.now())
                return False
        async with transaction(self._platform) as connection:
            await tell_delivered(connection, due, receipt, self._clock.now())
        return True
