# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Audits and visits (terms 37 and 19): what an authority asked for, whether both agreed, whose turn it is.

A visit to a hall is one too, that nobody gets a role for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from vaka.assurance.evidence import QUERIES
from vaka.database.connections import Connection

AuditKind = Literal["audit", "visit"]
AuditSide = Literal["office", "portal"]
AuditState = Literal["withdrawn", "asked", "proposed", "agreed", "running", "over", "closed"]


@dataclass(frozen=True, slots=True)
class Audit:
    """One, as the database tells of it."""

    id: UUID
    authority_id: UUID
    kind: AuditKind
    terms: Sequence[int]
    """The scope: whose pages the auditors open, and what they draw samples of."""
    site: UUID | None
    """The hall that a visit is to, as the register of sites has it."""
    about: str
    looks_from: datetime
    """The time that is looked at."""
    looks_until: datetime
    auditors: Sequence[UUID]
    starts_at: datetime
    """When it is, as it was proposed last."""
    ends_at: datetime
    proposed_by: AuditSide
    words: str | None
    """Why another time was proposed."""
    asked_at: datetime
    answer_by: datetime
    """When the supplier owes an answer."""
    agreed_at: datetime | None
    withdrawn_at: datetime | None
    ended_at: datetime | None
    """None also where it ended by itself."""
    missed: int
    """How often what was agreed on was not held."""
    moved: int
    """How often the supplier has answered with another time."""
    closed_at: datetime | None
    digest: str
    """SHA-256 (hex) of what is agreed to."""
    owes_answer: bool
    """Whether the supplier owes an answer."""

    @property
    def over_at(self) -> datetime:
        """When it ended, or ends by itself."""
        return self.ends_at if self.ended_at is None else min(self.ended_at, self.ends_at)

    def state(self, now: datetime) -> AuditState:
        """Return how far it has come."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.closed_at is not None:
            return "closed"
        if self.agreed_at is None:
            return "asked" if self.proposed_by == "portal" else "proposed"
        if now < self.starts_at:
            return "agreed"
        return "running" if now < self.over_at else "over"

    def turn(self, now: datetime) -> Literal["office", "portal", "nobody"]:
        """Return who does the next thing."""
        state = self.state(now)
        if state == "asked":
            return "office"
        return "portal" if state in ("proposed", "running", "over") else "nobody"

    def is_late(self, now: datetime) -> bool:
        """Whether the supplier owed an answer before now."""
        return self.owes_answer and self.answer_by < now


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """Something that was found, and what became of it."""

    id: UUID
    audit: UUID
    finding: str
    noted_at: datetime
    entry: UUID | None
    """The shortcoming that it became, with an owner and a day."""
    motive: str | None
    """Why nothing is done about it."""
    title: str | None
    due: str | None
    state: str | None
    """How the shortcoming stands in the register now."""

    @property
    def is_settled(self) -> bool:
        """Whether something became of it."""
        return self.entry is not None or self.motive is not None


async def list_audits(connection: Connection, authority_id: UUID | None, one: UUID | None = None) -> list[Audit]:
    """Return those of one authority (as portal), or with None of all (as office); what the supplier owes first."""
    async with connection.cursor(row_factory=class_row(Audit)) as cursor:
        await cursor.execute(QUERIES["list_audits"], {"authority_id": authority_id, "id": one})
        return await cursor.fetchall()


async def list_audit_findings(
    connection: Connection, authority_id: UUID | None, audits: Sequence[Audit]
) -> dict[UUID, list[AuditFinding]]:
    """Return what was found in each, in order (as portal, or with None as office)."""
    found: dict[UUID, list[AuditFinding]] = {one.id: [] for one in audits}
    async with connection.cursor(row_factory=class_row(AuditFinding)) as cursor:
        await cursor.execute(QUERIES["list_audit_findings"], {"authority_id": authority_id, "audits": list(found)})
        async for one in cursor:
            found[one.audit].append(one)
    return found


async def list_auditors(connection: Connection, authority_id: UUID) -> dict[UUID, str]:
    """Return the accounts that hold an auditor's role with an authority, and their names (as portal)."""
    cursor = await connection.execute(QUERIES["list_auditors"], {"authority_id": authority_id})
    return dict(await cursor.fetchall())


async def list_audited_sites(connection: Connection, authority_id: UUID) -> dict[UUID, str]:
    """Return the halls that the authority is shown and a visit can be to, by their entries (as portal)."""
    cursor = await connection.execute(QUERIES["list_audited_sites"], {"authority_id": authority_id})
    return dict(await cursor.fetchall())


async def is_audited_out(connection: Connection, account_id: UUID, now: datetime) -> bool:
    """Whether an audit of somebody's has ended and none of his goes on (as portal)."""
    row = await (await connection.execute(QUERIES["is_audited_out"], {"account_id": account_id, "now": now})).fetchone()
    return row is not None and bool(row[0])
