# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who asks: a session, and what its account has been granted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vaka.access.permissions import Permission
from vaka.identity.sessions import Session


@dataclass(frozen=True, slots=True)
class Grant:
    """One role in one authority; ``authority_id`` None is the supplier's own premises, never "all authorities"."""

    role: str
    authority_id: UUID | None
    valid_until: datetime | None
    terms: tuple[int, ...] | None = None
    """Of a role that is held for an audit, the terms that it is about; None for every other."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that acts for somebody (`vaka.access.clients`)."""

    id: UUID
    authority_id: UUID
    """The one authority it has any business with."""
    scopes: frozenset[Permission]
    """What it was given; of that it may what its owner may."""


@dataclass(frozen=True, slots=True)
class Training:
    """A mandatory course that an administrator has to take, soon or by now."""

    title: str
    rests_from: datetime
    """From when on his role rests if he has not taken it."""
    rests: bool
    """Whether it rests already."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """A subcontractor whose agreement holds no more, and for whom an administrator works (term 4)."""

    firm: str


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody signed in, with the grants that held when they were read (see ``access.grants.read_grants``).

    Made anew for each request. What lives longer, a live stream, reads the grants again at least once a minute.
    """

    session: Session
    grants: tuple[Grant, ...]
    program: Program | None = None
    """None: somebody in person."""
    training: Training | None = None
    """Of an administrator who is warned, or whose role rests, what he has to take (`vaka.access.training`)."""

    ended: Engagement | None = None
    """Of an administrator whose role rests, as the firm he works for is bound no more (`vaka.access.engagement`)."""

    @property
    def resting(self) -> Engagement | Training | None:
        """What an administrator's role rests for want of; None where it does not rest."""
        if self.ended is not None:
            return self.ended
        return self.training if self.training is not None and self.training.rests else None

    @property
    def account_id(self) -> UUID:
        """The account that acts."""
        return self.session.account_id

    @property
    def actor(self) -> str:
        """How the ledger and the steps of an alarm name this principal."""
        if self.program is not None:
            return f"client:{self.program.id}"
        return f"account:{self.session.account_id}"
