# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What somebody looks for among the alarms that have ended."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from vaka.web.times import LOCAL


@dataclass(frozen=True, slots=True)
class Search:
    """A search that makes sense."""

    first_day: date
    last_day: date
    authority: UUID | None = None
    text: str = ""
    beyond: tuple[datetime, UUID] | None = None
    """The last line of the page before, as ``alarms.reading.read_history`` takes it."""

    @property
    def since(self) -> datetime:
        """The first moment that counts."""
        return datetime.combine(self.first_day, time(), LOCAL)

    @property
    def until(self) -> datetime:
        """The first moment that no longer counts."""
        return datetime.combine(self.last_day + timedelta(days=1), time(), LOCAL)
