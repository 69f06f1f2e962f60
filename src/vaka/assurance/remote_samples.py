# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The quarterly check of remote work (term 3): the system draws the sessions, and somebody else than who worked in one
says whether the policy was followed.

What is drawn follows from the log alone: which sessions there were, and its first checkpoint after the quarter, whose
signature nobody knew before. A second draw of a quarter has its reason, and takes nothing of the first away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.step_up import confirmed
from vaka.assurance.evidence import QUERIES
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing

MAY_CHECK = Permission.OFFICE_KEEP_REGISTERS


class UndrawableSampleError(VakaError):
    """It cannot be drawn or checked like this; `why` is a key of the table below."""

    def __init__(self, why: str) -> None:
        category, sv, en = _WHY[why]
        super().__init__(category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))
        self.why = why


_WHY: Mapping[str, tuple[Category, str, str]] = {
    "early": (
        Category.CONFLICT, "Loggen har inte undertecknats sedan kvartalet tog slut. Försök om några minuter.",
        "The log was not signed since the quarter ended. Try in some minutes.",
    ),
    "changed": (
        Category.CONFLICT, "Det är redan gjort, eller någon hann före. Läs sidan en gång till.",
        "It is done already, or somebody was faster. Read the page once more.",
    ),
    "reason": (
        Category.INVALID, "Det här kvartalet är draget. Skriv varför det ska dras en gång till.",
        "This quarter is drawn. Write why it is to be drawn once more.",
    ),
    "note": (
        Category.INVALID, "Skriv vad som avvek.", "Write what deviated.",
    ),
    "own": (
        Category.FORBIDDEN, "Ingen kontrollerar sin egen session. Be en kollega.",
        "Nobody checks his own session. Ask a colleague.",
    ),
    "gone": (
        Category.CONFLICT, "Den sessionen är inte dragen.", "That session was not drawn.",
    ),
    "stranger": (
        Category.FORBIDDEN, "Du kan inte göra det just nu.", "You cannot do that at present.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw, and how much of it was gone through."""

    id: UUID
    quarter: date
    """Its first day."""
    number: int
    reason: str | None
    """Why it was drawn again."""
    checkpoint: int
    """The size of the log under the checkpoint that it follows from."""
    seed: str
    population: int
    """How many sessions it was drawn from."""
    drawn_at: datetime
    drawn: int
    checked: int
    deviating: int
    last_checked_at: datetime | None

    @property
    def quarter_number(self) -> int:
        """Which of the year's four it is."""
        return (self.quarter.month + 2) // 3


@dataclass(frozen=True, slots=True)
class Drawn:
    """A session that was drawn, as the office sees it."""

    draw: UUID
    session_id: UUID
    rank: int
    account_id: UUID
    placed_at: datetime | None
    """When it was first seen to work remotely."""
    deviates: bool | None
    """None while nobody has gone through it."""
    note: str | None
    made_by: UUID | None
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deviation:
    """What was not as the policy says, as an authority sees it."""

    draw: UUID
    rank: int
    note: str
    made_at: datetime


async def list_draws(connection: Connection) -> list[Draw]:
    """Return what was drawn, the newest first (as office or portal)."""
    async with connection.cursor(row_factory=class_row(Draw)) as cursor:
        await cursor.execute(QUERIES["list_remote_draws"])
        return await cursor.fetchall()


async def list_drawn(connection: Connection) -> list[Drawn]:
    """Return the sessions of the newest draws (as office)."""
    async with connection.cursor(row_factory=class_row(Drawn)) as cursor:
        await cursor.execute(QUERIES["list_remote_drawn"])
        return await cursor.fetchall()


async def list_deviations(connection: Connection) -> list[Deviation]:
    """Return what deviated (as portal)."""
    async with connection.cursor(row_factory=class_row(Deviation)) as cursor:
        await cursor.execute(QUERIES["list_remote_deviations"])
        return await cursor.fetchall()


async def last_quarter(connection: Connection, now: datetime) -> date:
    """Return the first day of the quarter that ended last (as office)."""
    [row] = await (await connection.execute(QUERIES["last_quarter"], {"at": now})).fetchall()
    return date.fromisoformat(str(row[0]))


async def draw_sample(connection: Connection, principal: Principal, number: int, *, reason: str, now: datetime) -> None:
    """Draw the sample of the quarter that ended last; ``number`` says which draw of it that is (as office).

    Raises NotAllowedError, UnusableReasonError, UndrawableSampleError, LedgerStandsStillError.
    """
    require(principal, MAY_CHECK, None)
    why = require_reason(reason) if number > 1 and reason.strip() else None
    values = {"id": new_identifier(now), "number": number, "reason": why, "by": principal.account_id, "at": now}
    async with connection.transaction():
        await _do(connection, "draw_remote_sample", values)
        await require_standing(connection, now)


def require_checkable(one: Drawn | None, *, deviates: bool, note: str) -> Drawn:
    """Say before a key is touched what the database would say after it. Raises UndrawableSampleError."""
    if one is None:
        raise UndrawableSampleError("gone")
    if one.deviates is not None:
        raise UndrawableSampleError("changed")
    if deviates and not note:
        raise UndrawableSampleError("note")
    return one


def checking_act(one: Drawn, *, deviates: bool, note: str) -> Act:
    """Return the act that saying how a session was is. Raises UnusableReasonError."""
    said: dict[str, str | int | bool] = {
        "session": str(one.session_id), "verdict": "deviates" if deviates else "followed",
        "reason": require_reason(note) if note else "",
    }  # fmt: skip
    return Act(Event.REMOTE_CHECKED.value, None, f"remote_draw:{one.draw}", said)


async def check_session(
    connection: Connection, principal: Principal, one: Drawn, *, deviates: bool, note: str, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Say whether the policy was followed in a session that was drawn (as office).

    Raises NotAllowedError, NotConfirmedError, UnusableReasonError, UndrawableSampleError, LedgerStandsStillError.
    """
    require(principal, MAY_CHECK, None)
    async with confirmed(connection, confirmation, checking_act(one, deviates=deviates, note=note)):
        values = {"draw": one.draw, "session_id": one.session_id, "deviates": deviates, "note": note.strip(),
                  "by": principal.account_id, "at": now}  # fmt: skip
        await _do(connection, "check_remote_session", values)
        await require_standing(connection, now)


async def _do(connection: Connection, name: str, values: Mapping[str, object]) -> None:
    row = await (await connection.execute(QUERIES[name], values)).fetchone()
    said = "gone" if row is None else str(row[0])
    if said != "done":
        raise UndrawableSampleError(said)
