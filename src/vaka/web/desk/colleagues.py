# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The names of those who hold alarms, remembered for a while."""

from collections.abc import Iterable
from uuid import UUID

from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.identity.accounts import name_accounts

REMEMBER_SECONDS = 60.0
LARGEST_MEMORY = 10_000


class Colleagues:
    """Display names by account."""

    def __init__(self, platform: Pool, clock: Clock) -> None:
        self._platform = platform
        self._clock = clock
        self._names: dict[UUID, str] = {}
        self._forget_at = 0.0

    async def names(self, accounts: Iterable[UUID | None]) -> dict[UUID, str]:
        """Return the names of these accounts; one that cannot be found is left out.

        Raises DatabaseUnavailableError.
        """
        wanted = {account for account in accounts if account is not None}
        if not wanted:
            return {}
        now = self._clock.monotonic()
        if now >= self._forget_at or len(self._names) > LARGEST_MEMORY:
            self._names.clear()
            self._forget_at = now + REMEMBER_SECONDS
        missing = wanted - self._names.keys()
        if missing:
            async with transaction(self._platform) as connection:
                self._names.update(await name_accounts(connection, missing))
        return {account: self._names[account] for account in wanted & self._names.keys()}
