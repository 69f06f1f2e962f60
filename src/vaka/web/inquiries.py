# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What authorities ask of the supplier, as both sides see it: the same lines in the portal and in the office."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from starlette.requests import Request

from vaka.access.decide import NothingHereError
from vaka.assurance.asking import LONGEST_REFERENCE, LONGEST_WORDS, UnsayableError
from vaka.assurance.inquiries import ACTS, KINDS, Inquiry, InquiryTurn, Message, by_urgency, list_messages
from vaka.assurance.terms import load_terms
from vaka.database.connections import Connection
from vaka.files.model import MessageFile
from vaka.files.reading import list_inquiry_files
from vaka.identity.accounts import name_accounts
from vaka.ledger.search import identifier_in
from vaka.ledger.standing import LedgerStandsStillError
from vaka.web.forms import Form
from vaka.web.texts import Language
from vaka.web.times import LOCAL

EXPLAINED = (UnsayableError, LedgerStandsStillError)
"""What is said on the page itself."""
Words = Annotated[str, Field(max_length=2 * LONGEST_WORDS)]


class SayingForm(Form):
    """What is said in which inquiry, after what was read there."""

    inquiry: UUID
    seen: Annotated[int, Field(ge=1, le=500)]
    words: Words = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One inquiry with all that was said."""

    inquiry: Inquiry
    messages: Sequence[Message]
    overdue: bool
    files: Mapping[int, MessageFile]
    """By the number of what was said that each came with."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What a page shows: what is overdue first."""

    all: Sequence[Line]
    names: Mapping[UUID, str]
    """Of those who spoke."""

    def of(self, turn: InquiryTurn) -> list[Line]:
        """Those in which it is one side's turn."""
        return [one for one in self.all if one.inquiry.turn == turn]

    @property
    def overdue(self) -> int:
        """How many the supplier should have answered by now."""
        return sum(one.overdue for one in self.all)


async def read_lines(
    connection: Connection, inquiries: Sequence[Inquiry], now: datetime, authority_id: UUID | None = None
) -> Lines:
    """Return inquiries as pages show them (as portal: those of one authority; as office)."""
    said = await list_messages(connection, inquiries, authority_id)
    kept = await list_inquiry_files(connection, list(said), authority_id)
    files: dict[UUID, dict[int, MessageFile]] = {one: {} for one in said}
    for (inquiry, number), file in kept.items():
        files[inquiry][number] = file
    lines = [Line(one, said[one.id], one.is_overdue(now), files[one.id]) for one in by_urgency(inquiries, now)]
    people = {message.made_by for messages in said.values() for message in messages}
    return Lines(lines, await name_accounts(connection, people))


def inquiry_in(request: Request) -> UUID:
    """Return which inquiry an address names. Raises NothingHereError."""
    found = identifier_in(f"inquiry:{request.path_params['inquiry']}")
    if found is None:
        raise NothingHereError
    return found


def deadline_after(day: date) -> datetime:
    """Return when a local day is over: the first moment at which an answer of that day is late."""
    return datetime.combine(day + timedelta(days=1), time(), LOCAL)


def last_day_before(deadline: datetime) -> date:
    """Return the last local day on which an answer is in time."""
    return (deadline.astimezone(LOCAL) - timedelta(microseconds=1)).date()


def inquiry_words(language: Language) -> dict[str, Any]:
    """Return what templates call to say of what kind an inquiry is, and what was done in it."""
    labels = {term.number: term.label.in_language(language) for term in load_terms()}
    say: dict[str, Callable[..., Any]] = {
        "kind_word": lambda kind: KINDS[kind].in_language(language),
        "act_word": lambda act: ACTS[act].in_language(language),
        "last_day": last_day_before,
    }
    return {
        **say, "kinds": list(KINDS), "term_labels": labels, "longest_words": LONGEST_WORDS,
        "longest_reference": LONGEST_REFERENCE,
    }  # fmt: skip
