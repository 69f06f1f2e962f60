# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Orders to erase a whole authority at the end of its contract (terms 6 and 31), and what became of them.

Every step is a function of the database that changes the order and writes its entry. Who may, vaka.access.ending asks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.tenants.authorities import QUERIES
from vaka.tenants.erasure import Certificate, Verdict, require_decision

EXPORT_DAYS = 30
"""No export that is older counts; the database looks for itself."""
UNDER_WAY = ("ordered", "approved", "released", "removed", "erased")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class EndingOrder:
    """An order. Accounts are random identifiers."""

    id: UUID
    decision: str
    """The number of the decision it rests on, in the authority's own records."""
    export_digest: str | None
    """SHA-256 of the export that was taken out before; None where none is wanted."""
    no_export: str | None
    """Why none is."""
    ordered_by: UUID
    ordered_at: datetime
    state: str
    """As for a person, and ``released`` between ``approved`` and ``removed``: the devices are nobody's."""
    hindrance: str
    """As for a person."""
    decided_by: UUID | None
    decided_at: datetime | None
    wait_days: int | None
    released_at: datetime | None
    removed_at: datetime | None
    erased_at: datetime | None
    removed: Mapping[str, int]
    """How many rows of which table were deleted."""
    destroyed: Mapping[str, Any]
    """Which keys were destroyed, and how it was tried afterwards."""
    entry: int | None
    """The number of the entry that says it is done."""
    attempted: Mapping[str, Any]
    """How it went to read people and the authority itself in a restored backup."""
    attempt_entry: int | None
    """The number of the entry that says so."""
    due: datetime | None
    """From when it is carried out, as the log says it; None while the log does not say that it was approved."""


class NotEndableError(VakaError):
    """It cannot be ordered or decided as things stand; says why."""


def not_endable(sv: str, en: str, category: Category = Category.CONFLICT) -> NotEndableError:
    """Return the refusal, with its sentence."""
    return NotEndableError(category, Sentence(sv=sv, en=en))


def second_officer_needed() -> NotEndableError:
    """Return what is said to whoever would approve an order of his own."""
    return not_endable(
        "En annan än den som beställde måste godkänna. Du kan ta tillbaka din beställning.",
        "Somebody else than who ordered it must approve it. You can take your order back.",
        Category.FORBIDDEN,
    )


def require_export(digest: str, no_export: str) -> tuple[str | None, str | None]:
    """Return which export is meant, or why none is wanted: one of the two. Raises NotEndableError."""
    found, why = "".join(digest.split()).lower(), no_export.strip()
    if bool(found) == bool(why):
        raise not_endable(
            "Skriv fingeravtrycket av filen som ni har tagit ut, eller varför ingen behövs. Inte både och.",
            "Write the fingerprint of the file you have taken out, or why none is wanted. Not both.",
            Category.INVALID,
        )
    if found and not _DIGEST.fullmatch(found):
        raise _no_such_export()
    return found or None, why or None


async def list_endings(connection: Connection) -> Sequence[EndingOrder]:
    """Return an authority's orders, newest first (as portal or scheduler)."""
    async with connection.cursor(row_factory=class_row(EndingOrder)) as cursor:
        await cursor.execute(QUERIES["list_endings"])
        return await cursor.fetchall()


async def read_certificate(connection: Connection, order: UUID) -> Certificate | None:
    """Return an order's certificate, once there is one (as portal)."""
    row = await (await connection.execute(QUERIES["read_ending_certificate"], {"order": order})).fetchone()
    return None if row is None else Certificate(bytes(row[0]), bytes(row[1]), row[2].encode())


async def order_ending(
    connection: Connection,
    order: UUID,
    decision: str,
    export: tuple[str | None, str | None],
    account: UUID,
    now: datetime,
) -> int:
    """Order it; return the number of the entry (as portal). Raises UnusableDecisionError, NotEndableError."""
    values = {
        "order": order, "decision": require_decision(decision), "sha256": export[0], "no_export": export[1],
        "account": account, "now": now,
    }  # fmt: skip
    try:
        return await _number(connection, "order_ending", values)
    except psycopg.errors.UniqueViolation:
        raise not_endable("Det är redan beställt.", "It has been ordered already.") from None


async def decide_ending(
    connection: Connection, order: UUID, verdict: Verdict, account: UUID, wait_days: int, now: datetime
) -> int:
    """Approve, decline, take back or stop an order; return the number of the entry (as portal).

    Raises NotEndableError.
    """
    values = {"order": order, "verdict": verdict, "account": account, "days": wait_days, "now": now}
    try:
        return await _number(connection, "decide_ending", values)
    except psycopg.errors.CheckViolation:
        raise second_officer_needed() from None


def _no_such_export() -> NotEndableError:
    return not_endable(
        f"Inget uttag med det fingeravtrycket har blivit klart de senaste {EXPORT_DAYS} dagarna. Ta ut allt på nytt, "
        "och räkna fingeravtrycket på filen som ni fick.",
        f"No export with that fingerprint was completed within {EXPORT_DAYS} days. Take everything out anew, and count "
        "the fingerprint of the file you got.",
        Category.INVALID,
    )


async def _number(connection: Connection, query: str, values: Mapping[str, object]) -> int:
    try:
        row = await (await connection.execute(QUERIES[query], values)).fetchone()
    except psycopg.errors.NoDataFound:
        raise not_endable(
            "Det finns inget att besluta om: beställningen är redan avgjord.",
            "There is nothing to decide: the order has been decided already.",
        ) from None
    except psycopg.errors.ObjectNotInPrerequisiteState:
        raise not_endable(
            "Någons uppgifter är undantagna från gallring och radering av ett rättsligt skäl. Häv alla spärrar först.",
            "There is a legal hold on somebody. Lift every hold first.",
        ) from None
    except psycopg.errors.ObjectInUse:
        raise not_endable(
            "Det finns ett öppet larm. Vänta tills det är avslutat.", "An alarm is open. Wait until it has ended."
        ) from None
    except psycopg.errors.InvalidParameterValue:
        raise _no_such_export() from None
    if row is None:
        raise LookupError(query)
    return int(row[0])
