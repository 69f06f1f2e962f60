# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What authorities ask of the supplier: whose turn it is, and since when. Both follow from what was said last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal, get_args
from uuid import UUID

from psycopg.rows import class_row

from vaka.assurance.evidence import QUERIES
from vaka.database.connections import Connection
from vaka.errors import Sentence

Kind = Literal["evidence", "visit", "audit", "other"]
InquiryAct = Literal["filed", "answered", "returned", "accepted", "withdrawn"]
InquiryTurn = Literal["supplier", "authority", "nobody"]

KINDS: Mapping[Kind, Sentence] = MappingProxyType(
    {
        "evidence": Sentence("Underlag för ett villkor", "Evidence of a term"),
        "visit": Sentence("Besök i en anläggning", "A visit to a site"),
        "audit": Sentence("Revision", "An audit"),
        "other": Sentence("Annat", "Something else"),
    }
)
ACTS: Mapping[InquiryAct, Sentence] = MappingProxyType(
    {
        "filed": Sentence("Myndigheten frågade", "The authority asked"),
        "answered": Sentence("Leverantören svarade", "The supplier answered"),
        "returned": Sentence("Myndigheten skickade tillbaka svaret", "The authority sent the answer back"),
        "accepted": Sentence("Myndigheten godtog svaret", "The authority accepted the answer"),
        "withdrawn": Sentence("Myndigheten drog tillbaka frågan", "The authority withdrew the question"),
    }
)
_TURNS: Mapping[InquiryAct, InquiryTurn] = MappingProxyType(
    {
        "filed": "supplier", "returned": "supplier", "answered": "authority", "accepted": "nobody",
        "withdrawn": "nobody",
    }
)  # fmt: skip
MOST_LISTED = 200
"""Inquiries on a page: those that wait for the supplier first, by their deadlines."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one side said. It is never changed."""

    inquiry: UUID
    number: int
    act: InquiryAct
    words: str
    reference: str
    """What an answer points to: an entry of a register, or a document's name; empty for nothing."""
    sha256: str
    """Of the document, in hexadecimal; empty for none."""
    wanted_by: datetime | None
    digest: str
    """SHA-256 over all of it, as the entry in the log has it."""
    made_by: UUID
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What an authority asked, as it stands."""

    id: UUID
    authority_id: UUID
    kind: Kind
    term: int | None
    words: str
    filed_at: datetime
    filed_by: UUID
    number: int
    """Of what was said last; whoever speaks says that he has seen it."""
    act: InquiryAct
    said_at: datetime
    """Since when it is the turn of whoever's turn it is."""
    wanted_by: datetime
    """The first moment at which an answer is late."""

    @property
    def turn(self) -> InquiryTurn:
        """Whose turn it is."""
        return _TURNS[self.act]

    def is_overdue(self, now: datetime) -> bool:
        """Whether the supplier should have answered by now."""
        return self.turn == "supplier" and now >= self.wanted_by


def by_urgency(inquiries: Sequence[Inquiry], now: datetime) -> list[Inquiry]:
    """Return what is overdue first, then what waits, by its deadline; what is settled last, the newest first."""
    turns = get_args(InquiryTurn)

    def place(one: Inquiry) -> tuple[bool, int, float]:
        when = -one.said_at.timestamp() if one.turn == "nobody" else one.wanted_by.timestamp()
        return not one.is_overdue(now), turns.index(one.turn), when

    return sorted(inquiries, key=place)


async def list_inquiries(connection: Connection, authority_id: UUID) -> list[Inquiry]:
    """Return what one authority has asked (as portal)."""
    return await _read(connection, "list_inquiries", authority_id=authority_id, most=MOST_LISTED)


async def list_every_inquiry(connection: Connection) -> list[Inquiry]:
    """Return what all authorities have asked (as office)."""
    return await _read(connection, "list_every_inquiry", most=MOST_LISTED)


async def list_messages(
    connection: Connection, inquiries: Sequence[Inquiry], authority_id: UUID | None = None
) -> dict[UUID, list[Message]]:
    """Return what was said in each, in order: as portal in those of one authority, as office in any."""
    name = "list_every_inquiry_message" if authority_id is None else "list_inquiry_messages"
    said: dict[UUID, list[Message]] = {one.id: [] for one in inquiries}
    async with connection.cursor(row_factory=class_row(Message)) as cursor:
        await cursor.execute(QUERIES[name], {"authority_id": authority_id, "inquiries": list(said)})
        async for message in cursor:
            said[message.inquiry].append(message)
    return said


async def _read(connection: Connection, name: str, **values: object) -> list[Inquiry]:
    async with connection.cursor(row_factory=class_row(Inquiry)) as cursor:
        await cursor.execute(QUERIES[name], values)
        return await cursor.fetchall()
