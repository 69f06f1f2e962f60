# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the office reads of findings, and saying by two people that a component is not affected (29.4).

Whoever says it gives one of the five reasons of CSAF and VEX, and puts it in words. Another person agrees with a touch
over exactly that. It is about one version: another has to be looked at anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.ledger.wording import seems_personal
from vaka.operations.vulnerabilities.importing import QUERIES
from vaka.operations.vulnerabilities.telling import tell_unaffected

MAY = Permission.OFFICE_HANDLE_CASES
JUSTIFICATIONS = (
    "component_not_present", "vulnerable_code_not_present", "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path", "inline_mitigations_already_exist",
)  # fmt: skip
SHORTEST, LONGEST = 10, 2000
MOST_SHOWN = 1000
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Import:
    """The newest data of a source."""

    source: str
    source_at: datetime
    imported_at: datetime
    records: int
    fetched: bool


@dataclass(frozen=True, slots=True)
class Unassessed:
    """A component of which nobody can say whether it is hit."""

    purl: str
    name: str
    version: str
    authority_id: UUID | None
    unassessed: str


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, as the office sees it."""

    id: UUID
    vulnerability: str
    purl: str
    name: str
    version: str
    authority_id: UUID | None
    severity: str
    basis: str
    fixed_version: str
    summary: str
    reference: str
    case_id: UUID
    known_at: datetime
    fix_by: datetime
    told_at: datetime | None
    told: int
    """How many authorities were."""
    seen: int
    """How many of them have seen it."""
    ended_at: datetime | None
    ended_because: str | None

    def is_late(self, now: datetime) -> bool:
        """Whether it was, or is, open for longer than agreed."""
        return (self.ended_at or now) > self.fix_by


@dataclass(frozen=True, slots=True)
class Statement:
    """That a component is not affected, as somebody says."""

    id: UUID
    finding_id: UUID
    justification: str
    because: str
    made_by: UUID
    made_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    approved: bool | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the office's page shows."""

    imports: Sequence[Import]
    compared_at: datetime | None
    components: int
    unassessed: Sequence[Unassessed]
    findings: Sequence[Found]
    open_now: int
    statements: Sequence[Statement]


class UnusableStatementError(VakaError):
    """It cannot be said, or agreed to, like this; `why` is a key of the table below."""

    def __init__(self, why: str) -> None:
        category, sv, en = _WHY[why]
        super().__init__(category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))
        self.why = why


_WHY = {
    "unjustified": (
        Category.INVALID,
        f"Välj ett av skälen, och skriv ut det i {SHORTEST}–{LONGEST} tecken utan att nämna någon.",
        f"Choose one of the reasons, and put it in words, {SHORTEST}–{LONGEST} signs that name nobody.",
    ),
    "gone": (
        Category.CONFLICT, "Det är inte öppet längre. Läs sidan en gång till.",
        "It is not open any more. Read the page once more.",
    ),
    "waits": (
        Category.CONFLICT, "Någon har redan sagt varför, och det väntar på en kollega.",
        "Somebody has said why already, and that waits for a colleague.",
    ),
    "same": (
        Category.FORBIDDEN, "Den som säger det kan inte själv gå med på det. En kollega gör det.",
        "Whoever says it cannot agree to it himself. A colleague does.",
    ),
    "stranger": (
        Category.FORBIDDEN, "Du kan inte besluta för leverantören just nu.",
        "You cannot decide for the supplier at present.",
    ),
}  # fmt: skip


async def read_overview(connection: Connection) -> Overview:
    """Return everything that the page shows (as office)."""
    look = await (await connection.execute(QUERIES["read_look"])).fetchone()
    counted = await (await connection.execute(QUERIES["count_open"])).fetchone()
    return Overview(
        await _rows(connection, Import, "list_imports"), look and look[0], look[1] if look else 0,
        await _rows(connection, Unassessed, "list_unassessed"),
        await _rows(connection, Found, "list_findings", most=MOST_SHOWN), counted[0] if counted else 0,
        await _rows(connection, Statement, "list_statements"),
    )  # fmt: skip


async def state_unaffected(
    connection: Connection, principal: Principal, finding_id: UUID, justification: str, because: str, *, now: datetime
) -> None:
    """Say why a component is not affected (as office). It makes nothing hold.

    Raises NotAllowedError, UnusableStatementError, LedgerStandsStillError.
    """
    require(principal, MAY, None)
    because = because.strip().replace("\r\n", "\n")
    if justification not in JUSTIFICATIONS or not SHORTEST <= len(because) <= LONGEST or seems_personal(because):
        raise UnusableStatementError("unjustified")
    values = {
        "id": new_identifier(now), "finding_id": finding_id, "justification": justification, "because": because,
        "by": principal.account_id, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        await _do(connection, "state_vulnerability", values)
        await require_standing(connection, now)


def accepting_act(statement: Statement, found: Found) -> Act:
    """Return the act that agreeing to exactly this is, as a key confirms it."""
    said: dict[str, str | int | bool] = {
        "statement": str(statement.id), "justification": statement.justification, "reason": statement.because,
        "vulnerability": found.vulnerability, "purl": found.purl,
    }  # fmt: skip
    return Act(Event.VULNERABILITY_ACCEPTED.value, found.authority_id, f"vulnerability:{found.id}", said)


async def accept_unaffected(
    connection: Connection, principal: Principal, statement: Statement, found: Found, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Agree to what a colleague said (as office): the finding ends, and whoever was told of it is told why.

    Raises NotAllowedError, NotConfirmedError, UnusableStatementError, LedgerStandsStillError.
    """
    require(principal, MAY, None)
    async with confirmed(connection, confirmation, accepting_act(statement, found)):
        text = tell_unaffected(
            statement.justification, statement.because, f"{found.vulnerability}: {found.name} {found.version}"
        )
        await _decide(connection, principal, statement.id, approve=True, text=text, now=now)
        await require_standing(connection, now)


async def refuse_unaffected(connection: Connection, principal: Principal, statement_id: UUID, *, now: datetime) -> None:
    """Refuse what was said, or take it back (as office): the finding stays open. Raises as the others do."""
    require(principal, MAY, None)
    async with connection.transaction():
        await _decide(connection, principal, statement_id, approve=False, text="", now=now)


async def _decide(
    connection: Connection, principal: Principal, statement_id: UUID, *, approve: bool, text: str, now: datetime
) -> None:
    values = {"id": statement_id, "approve": approve, "text": text, "by": principal.account_id, "now": now}
    await _do(connection, "decide_vulnerability", values)


async def _do(connection: Connection, query: str, values: dict[str, Any]) -> None:
    row = await (await connection.execute(QUERIES[query], values)).fetchone()
    said = "gone" if row is None else str(row[0])
    if said != "done":
        raise UnusableStatementError(said)


async def _rows(connection: Connection, row: type[Row], query: str, **values: object) -> list[Row]:
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        await cursor.execute(QUERIES[query], values)
        return await cursor.fetchall()
