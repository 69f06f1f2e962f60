# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rules that were proposed, and what became of them. What is in force follows from what the log says was approved."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

RulesT = TypeVar("RulesT")

SEALED_WITHIN = timedelta(hours=1)
"""An approval that the log does not know after so long was not made here."""


@dataclass(frozen=True, slots=True)
class Proposal(Generic[RulesT]):
    """A set of rules that somebody proposed, with who decided on it."""

    id: UUID
    rules: RulesT
    digest: str
    """SHA-256 of identifier and rules, as the database writes them."""
    reason: str
    proposed_at: datetime
    proposed_by: str
    approved_at: datetime | None
    approved_by: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    since: datetime | None
    """Since when the log knows it as approved."""

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody to approve or withdraw it."""
        return self.approved_at is None and self.withdrawn_at is None

    @property
    def actors(self) -> list[str]:
        """Who had a hand in it."""
        return [one for one in (self.proposed_by, self.approved_by, self.withdrawn_by) if one is not None]

    def is_unproven(self, now: datetime) -> bool:
        """Whether the row says that it was approved, and the log does not: then nothing rests on it."""
        return self.approved_at is not None and self.since is None and now - self.approved_at > SEALED_WITHIN
