# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""That a term does not concern an authority: the supplier proposes, the authority agrees until a day, by a touch over
exactly that, and takes it back at will.

Which side somebody speaks for is looked at in the database as well; that it holds follows from what the log says.
"""

from dataclasses import dataclass
from datetime import datetime
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

MAY_PROPOSE, MAY_AGREE = Permission.OFFICE_ANSWER_AUTHORITIES, Permission.PORTAL_EXCLUDE_TERM


class UndecidableExclusionError(VakaError):
    """It cannot be proposed, agreed or ended like this; `why` is a key of the table below."""

    def __init__(self, why: str) -> None:
        category, sv, en = _WHY[why]
        super().__init__(category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))
        self.why = why


_WHY: dict[str, tuple[Category, str, str]] = {
    "waits": (
        Category.CONFLICT, "Det finns redan ett förslag eller ett undantag för det villkoret.",
        "There is a proposal or an exclusion for that term already.",
    ),
    "gone": (
        Category.CONFLICT, "Det väntar eller gäller inte längre. Läs sidan en gång till.",
        "It does not wait, or does not hold, any more. Read the page once more.",
    ),
    "changed": (
        Category.CONFLICT, "Det är inte det som du har sett. Läs sidan en gång till.",
        "It is not what you have seen. Read the page once more.",
    ),
    "until": (
        Category.INVALID, "Välj en sista dag som inte har varit, högst ett år bort.",
        "Choose a last day that has not been, a year off at most.",
    ),
    "stranger": (
        Category.FORBIDDEN, "Du kan inte tala för den sidan just nu.", "You cannot speak for that side at present.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One of them, with all that became of it."""

    id: UUID
    authority_id: UUID
    term: int
    reason: str
    proposed_by: UUID
    proposed_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    until: datetime | None
    ended_by: UUID | None
    ended_at: datetime | None
    digest: str
    """SHA-256 over what was proposed."""
    holds_until: datetime | None
    """None where it was not agreed, was ended, or the log says otherwise."""

    def state(self, now: datetime) -> str:
        """Return ``holds``, ``waits``, ``over``, or ``unknown``: a row of which the log does not tell."""
        if self.ended_at is not None or (self.until is not None and self.until <= now):
            return "over"
        if self.until is None:
            return "waits"
        return "unknown" if self.holds_until is None else "holds"


async def list_exclusions(connection: Connection, now: datetime, authority_id: UUID | None = None) -> list[Exclusion]:
    """Return those of one authority (as portal); without one, of all (as office).

    Those that wait or are agreed on come first, then the newest.
    """
    async with connection.cursor(row_factory=class_row(Exclusion)) as cursor:
        await cursor.execute(QUERIES["list_exclusions"], {"authority_id": authority_id, "at": now})
        return await cursor.fetchall()


async def propose_exclusion(
    connection: Connection, principal: Principal, authority_id: UUID, term: int, *, reason: str, now: datetime
) -> None:
    """Propose one, as office.

    Raises NotAllowedError, UnusableReasonError, UndecidableExclusionError, LedgerStandsStillError.
    """
    require(principal, MAY_PROPOSE, None)
    values = {"id": new_identifier(now), "authority_id": authority_id, "term": term, "reason": require_reason(reason)}
    async with connection.transaction():
        await _do(connection, "propose_exclusion", {**values, "by": principal.account_id, "now": now})
        await require_standing(connection, now)


def agreeing_act(one: Exclusion, until: datetime) -> Act:
    """Return the act that agreeing to exactly this is, as a key confirms it."""
    said: dict[str, str | int | bool] = {
        "digest": one.digest, "term": one.term, "reason": one.reason, "valid_until": until.isoformat(),
    }  # fmt: skip
    return Act(Event.EXCLUSION_APPROVED.value, one.authority_id, f"exclusion:{one.id}", said)


async def agree_to_exclusion(
    connection: Connection, principal: Principal, one: Exclusion, until: datetime, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Agree that the term does not concern the authority before `until`, as portal.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UndecidableExclusionError, LedgerStandsStillError.
    """
    require(principal, MAY_AGREE, one.authority_id)
    async with confirmed(connection, confirmation, agreeing_act(one, until)):
        values = {"id": one.id, "authority_id": one.authority_id, "digest": one.digest, "until": until}
        await _do(connection, "approve_exclusion", {**values, "by": principal.account_id, "now": now})
        await require_standing(connection, now)


async def end_exclusion(
    connection: Connection, principal: Principal, authority_id: UUID, identifier: UUID, *, now: datetime
) -> None:
    """Let the term be owed again, or take a proposal back or refuse it, as portal or office. That waits for nothing.

    Raises NotAllowedError, NothingHereError, UndecidableExclusionError.
    """
    if principal.session.realm == "administrator":
        require(principal, MAY_PROPOSE, None)
    else:
        require(principal, MAY_AGREE, authority_id)
    values = {"id": identifier, "authority_id": authority_id, "by": principal.account_id, "now": now}
    async with connection.transaction():
        await _do(connection, "end_exclusion", values)


async def _do(connection: Connection, name: str, values: dict[str, object]) -> None:
    row = await (await connection.execute(QUERIES[name], values)).fetchone()
    said = "gone" if row is None else str(row[0])
    if said != "done":
        raise UndecidableExclusionError(said)
