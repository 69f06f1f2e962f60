# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Orders to erase a person permanently (term 6): what an authority orders and decides, and what became of it.

Every step is a function of the database that changes the order and writes its entry. Who may, vaka.access.erasure asks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.wording import seems_personal
from vaka.tenants.authorities import QUERIES

LONGEST_DECISION = 100  # characters
_DIGIT = re.compile(r"[0-9]")
Verdict = Literal["approved", "declined", "withdrawn", "cancelled"]


@dataclass(frozen=True, slots=True)
class ErasureOrder:
    """An order. The person is a random identifier; accounts are, too."""

    id: UUID
    person_id: UUID
    decision: str
    """The number of the decision it rests on, in the authority's own records."""
    ordered_by: UUID
    ordered_at: datetime
    state: str
    """``ordered`` → ``approved`` | ``declined`` | ``withdrawn``; ``approved`` → ``cancelled``, or → ``removed`` →
    ``erased`` → ``certified``: rows deleted, keys destroyed, certificate signed."""
    hindrance: str
    """Why an approved one waits: ``open_alarm``, ``legal_hold``, ``officers`` (one of the two may not any more), or
    nothing; ``readable`` where it is not certified, since something could be opened."""
    decided_by: UUID | None
    decided_at: datetime | None
    removed_at: datetime | None
    erased_at: datetime | None
    removed: Mapping[str, int]
    """How many rows of which table were deleted."""
    destroyed: Mapping[str, Any]
    """Which keys were destroyed, and how it was tried afterwards."""
    entry: int | None
    """The number of the entry that says it is done."""
    attempted: Mapping[str, Any]
    """How it went to read the person in a restored backup."""
    attempt_entry: int | None
    """The number of the entry that says so."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Somebody who was erased and is here again, after a restored backup, and cannot go just now."""

    order_id: UUID
    subject_id: UUID
    """The person; of a whole authority, the order again."""
    hindrance: str
    """``open_alarm`` or ``legal_hold``."""
    found_at: datetime

    @property
    def is_whole(self) -> bool:
        """Whether it is everybody of the authority."""
        return self.order_id == self.subject_id


@dataclass(frozen=True, slots=True)
class Certificate:
    """A signed certificate: the document, the signature over its bytes, and the public key as a PEM file."""

    document: bytes
    signature: bytes
    key: bytes


class UnusableDecisionError(VakaError):
    """There is no number of a decision, or it names somebody."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Skriv beslutets nummer hos er, 1–{LONGEST_DECISION} tecken med minst en siffra, utan "
                "personnummer, telefonnummer och e-postadresser: det står kvar i loggen.",
                en=f"Write the number of the decision in your records, 1–{LONGEST_DECISION} signs with at least one "
                "digit, without personal numbers, telephone numbers and mail addresses: it stays in the log.",
            ),
        )


class NotErasableError(VakaError):
    """It cannot be ordered or decided as things stand; says why."""


def _not_erasable(sv: str, en: str) -> NotErasableError:
    return NotErasableError(Category.CONFLICT, Sentence(sv=sv, en=en))


def _held() -> NotErasableError:
    return _not_erasable(
        "Uppgifterna om personen är spärrade mot gallring av ett rättsligt skäl. Häv spärren först.",
        "A legal hold forbids removing what is kept about this person. Lift the hold first.",
    )


def _gone() -> NotErasableError:
    return _not_erasable(
        "Det finns inget att besluta om: beställningen är redan avgjord, eller personen finns inte i registret.",
        "There is nothing to decide: the order has been decided already, or the person is not in the register.",
    )


def second_person_needed() -> NotErasableError:
    """Return what is said to whoever would approve an order of his own."""
    return NotErasableError(
        Category.FORBIDDEN,
        Sentence(
            sv="En annan än den som beställde måste godkänna raderingen. Du kan ta tillbaka din beställning.",
            en="Somebody else than who ordered it must approve the erasure. You can take your order back.",
        ),
    )


def require_decision(text: str) -> str:
    """Return the number of a decision, fit for the log. Raises UnusableDecisionError."""
    decision = " ".join(text.split())
    if not decision or len(decision) > LONGEST_DECISION or not _DIGIT.search(decision) or seems_personal(decision):
        raise UnusableDecisionError
    return decision


async def list_orders(connection: Connection) -> Sequence[ErasureOrder]:
    """Return an authority's orders, newest first (as portal or scheduler)."""
    async with connection.cursor(row_factory=class_row(ErasureOrder)) as cursor:
        await cursor.execute(QUERIES["list_erasure_orders"])
        return await cursor.fetchall()


async def list_returned(connection: Connection) -> Sequence[Returned]:
    """Return who is here again and cannot go, longest here first (as portal)."""
    async with connection.cursor(row_factory=class_row(Returned)) as cursor:
        await cursor.execute(QUERIES["list_returned"])
        return await cursor.fetchall()


async def find_order(connection: Connection, order: UUID) -> ErasureOrder | None:
    """Return one order (as portal)."""
    return next((one for one in await list_orders(connection) if one.id == order), None)


async def read_certificate(connection: Connection, order: UUID) -> Certificate | None:
    """Return an order's certificate, once there is one (as portal)."""
    row = await (await connection.execute(QUERIES["read_erasure_certificate"], {"order": order})).fetchone()
    return None if row is None else Certificate(bytes(row[0]), bytes(row[1]), row[2].encode())


async def order_erasure(
    connection: Connection, order: UUID, person: UUID, decision: str, account: UUID, now: datetime
) -> int:
    """Order it; return the number of the entry (as portal). Raises UnusableDecisionError, NotErasableError."""
    values = {"order": order, "person": person, "decision": require_decision(decision), "account": account, "now": now}
    try:
        return await _number(connection, "order_erasure", values)
    except psycopg.errors.UniqueViolation:
        raise _not_erasable(
            "Radering av den personen är redan beställd.", "The erasure of this person has been ordered already."
        ) from None


async def decide_erasure(connection: Connection, order: UUID, verdict: Verdict, account: UUID, now: datetime) -> int:
    """Approve, decline or take back an order; return the number of the entry (as portal). Raises NotErasableError."""
    try:
        return await _number(
            connection, "decide_erasure", {"order": order, "verdict": verdict, "account": account, "now": now}
        )
    except psycopg.errors.CheckViolation:
        raise second_person_needed() from None


async def _number(connection: Connection, query: str, values: Mapping[str, object]) -> int:
    try:
        row = await (await connection.execute(QUERIES[query], values)).fetchone()
    except psycopg.errors.NoDataFound:
        raise _gone() from None
    except psycopg.errors.ObjectNotInPrerequisiteState:
        raise _held() from None
    if row is None:
        raise LookupError(query)
    return int(row[0])
