# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which screens were opened in which session: reading a person's data is recorded once, not at every refresh."""

from collections import OrderedDict
from uuid import UUID

from vaka.clock import Clock

STILL_OPEN_SECONDS = 600.0
"""A screen shown again within this time, in the same session, is the same reading."""
LARGEST_MEMORY = 20_000


class Reads:
    """Remembers readings for a while, the most recent ones only; what is forgotten is recorded again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: OrderedDict[tuple[UUID, UUID], float] = OrderedDict()

    def is_new(self, session_id: UUID, alarm_id: UUID) -> bool:
        """Whether this has to be recorded."""
        at = self._seen.get((session_id, alarm_id))
        return at is None or self._clock.monotonic() - at >= STILL_OPEN_SECONDS

    def remember(self, session_id: UUID, alarm_id: UUID) -> None:
        """Note that it was recorded (or is still being looked at)."""
        self._seen.pop((session_id, alarm_id), None)
        self._seen[(session_id, alarm_id)] = self._clock.monotonic()
        while len(self._seen) > LARGEST_MEMORY:
            self._seen.popitem(last=False)
