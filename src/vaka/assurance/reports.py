# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reports of a year that an authority takes out (terms 9 and 20, and of all terms); as portal.

That one was taken out is an entry of the platform's log and the evidence that the authority has had it. What it says is
never kept: it is drawn anew from the log, the registers and the evidence, and its fingerprint tells if it is the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.principal import Principal
from vaka.access.requests import require_done
from vaka.access.step_up import confirmed
from vaka.assurance.evidence import QUERIES
from vaka.database.connections import Connection
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event

Kind = Literal["access", "changes", "terms"]
Format = Literal["csv", "pdf"]


@dataclass(frozen=True, slots=True)
class Taken:
    """A report of a year, as it was taken out last."""

    report: str
    year: int
    format: str
    sha256: str
    """Of the report as a file (CSV), whichever of the two was taken out."""
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class ChangeVersion:
    """A version in the supplier's register of changes."""

    entry: UUID
    number: int
    state: str
    digest: str
    made_at: datetime
    said: Mapping[str, str] | None
    """What it says; None where the authority is not shown the register entry by entry, and of drafts."""


FIRST_YEAR = 2020
"""No report is older."""
NAMES: Mapping[str, Kind] = MappingProxyType({"access": "access", "changes": "changes", "terms": "terms"})


def taking_act(authority_id: UUID, report: Kind, year: int, form: Format) -> Act:
    """Return the act of taking a report out, as a key confirms it."""
    said = {"report": report, "year": year, "format": form}
    return Act(Event.REPORT_TAKEN.value, authority_id, f"authority:{authority_id}", said)


async def take_report(
    connection: Connection, principal: Principal, authority_id: UUID, taken: tuple[Kind, int, Format, str], act: Act, *,
    now: datetime, confirmation: Confirmation,
) -> None:  # fmt: skip
    """Enter that a report leaves, before it does: which, of which year, how, and its fingerprint.

    An authority reads what is reported to it also while the supplier's log is not being sealed; the report says how far
    it was. Raises NotConfirmedError, NotDecidableError.
    """
    report, year, form, sha256 = taken
    facts: dict[str, Any] = {
        "authority_id": authority_id, "report": report, "year": year, "format": form, "sha256": sha256,
        "by": principal.account_id, "now": now,
    }  # fmt: skip
    async with confirmed(connection, confirmation, act):
        row = await (await connection.execute(QUERIES["take_report"], facts)).fetchone()
        require_done(None if row is None else str(row[0]))


async def list_taken(connection: Connection, authority_id: UUID) -> list[Taken]:
    """Return when each report of each year was taken out last."""
    async with connection.cursor(row_factory=class_row(Taken)) as cursor:
        await cursor.execute(QUERIES["list_reports_taken"], {"authority_id": authority_id})
        return await cursor.fetchall()


async def list_changes(
    connection: Connection, authority_id: UUID, since: datetime, until: datetime
) -> Sequence[ChangeVersion]:
    """Return what was written in the register of changes in a stretch of time, in its order."""
    values = {"authority_id": authority_id, "since": since, "until": until}
    async with connection.cursor(row_factory=class_row(ChangeVersion)) as cursor:
        await cursor.execute(QUERIES["list_changes"], values)
        return await cursor.fetchall()
