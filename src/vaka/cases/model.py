# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a case is: its entries, and the clocks that follow from them (terms 29, 34 and 35)."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.cases")
Kind = Literal["incident", "vulnerability"]
Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
Tlp = Literal["RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR"]
MARKINGS: tuple[Tlp, ...] = ("RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR")
"""Traffic Light Protocol 2.0 (FIRST, 2022), the narrowest first."""
STEPS = ("open", "acknowledged", "triaged", "contained", "fixed", "closed")
REPORTS = ("24h", "72h", "month")
"""What the law on cybersecurity asks for, counted from when the supplier came to know of it."""
LONGEST_TEXT, LONGEST_TITLE, LONGEST_FINDING = 4000, 120, 2000
MOST_ANSWERS = 300
"""How many messages one authority may write in a case; the database counts them."""


@dataclass(frozen=True, slots=True)
class Case:
    """How a case stands. Computed by the database from what was written in it."""

    id: UUID
    number: int
    """What people call it."""
    kind: Kind
    severity: Severity
    regulated: bool
    known_at: datetime
    opened_at: datetime
    acknowledge_minutes: int
    receipt_minutes: int
    tell_minutes: int
    fix_hours: int
    state: str
    """One of STEPS."""
    acknowledged_at: datetime | None
    fixed_at: datetime | None
    level: int
    """To how many levels it has gone because nobody acknowledged it."""
    reports: Sequence[str]
    """Which of REPORTS were made."""

    @property
    def acknowledge_by(self) -> datetime:
        """When it goes to the next level."""
        return self.opened_at + timedelta(minutes=self.acknowledge_minutes)

    @property
    def tell_by(self) -> datetime:
        """Until when those that it touches are told."""
        return self.known_at + timedelta(minutes=self.tell_minutes)

    @property
    def fix_by(self) -> datetime:
        """Until when it is mended."""
        return self.known_at + timedelta(hours=self.fix_hours)

    @property
    def reports_due(self) -> Mapping[str, datetime]:
        """Until when each report is made; none where the law asks for none."""
        if not self.regulated:
            return {}
        return {
            "24h": self.known_at + timedelta(hours=24), "72h": self.known_at + timedelta(hours=72),
            "month": _month_after(self.known_at),
        }  # fmt: skip

    @property
    def next_steps(self) -> list[str]:
        """The steps that can be taken now. Nothing is closed before it was triaged."""
        later = STEPS[STEPS.index(self.state) + 1 :]
        return [one for one in later if one != "closed" or self.state not in ("open", "acknowledged")]


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """Something that was written in a case; it stays as it is."""

    number: int
    """For the office the case's own; for an authority, of what it sees."""
    kind: str
    side: str
    """``supplier``, ``authority``, or the ``product`` itself."""
    tlp: Tlp
    authority_id: UUID | None
    """Whom alone it is between, beside the supplier; None where it is the case's own."""
    text: str
    facts: Mapping[str, Any]
    made_by: UUID | None
    made_at: datetime
    digest: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """That somebody has seen an entry."""

    number: int
    authority_id: UUID | None
    """None: somebody at the supplier."""
    account_id: UUID
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Touch:
    """That a case touches an authority, since when it was told."""

    case_id: UUID
    authority_id: UUID
    told_at: datetime


def may_leave(entries: Sequence[CaseEntry]) -> list[CaseEntry]:
    """Return what may stand in a file, or on paper: RED is for whom it was shown to, and nobody passes it on."""
    return [one for one in entries if one.tlp != "RED"]


def _month_after(at: datetime) -> datetime:
    """Return the same day of the next month, or its last where it has no such day."""
    year, month = (at.year, at.month + 1) if at.month < 12 else (at.year + 1, 1)
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))
