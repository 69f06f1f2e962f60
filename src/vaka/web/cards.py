# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the live queue shows of one alarm, made once and sent to everybody who may see it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from vaka.tenants.authorities import Authority
from vaka.web.texts import Language


@dataclass(frozen=True, slots=True)
class Card:
    """One line of the queue as it goes over the wire."""

    alarm: UUID
    authority: UUID
    section: str
    """Which part of the queue it stands in."""
    place: str
    """Sorts the queue: section, class, time of arrival, identifier."""
    version: int
    waiting: bool
    """Nobody has answered, and it is a life alarm or a request: counted in the head of the desk."""
    takeable: bool
    """Nobody has answered, whatever its class: whoever asks for the next may be given it."""
    urgent: bool
    """A life alarm that nobody has answered: it rings and is never held back."""
    unshown: bool
    """No operator's screen has shown it yet."""
    received_at: datetime
    wire: Mapping[Language, bytes]
    """The JSON object browsers get, per language."""
    nameless: Callable[[Language], bytes] = field(compare=False)
    """Makes the same without the name of anybody in care: follows from ``wire``, and is seldom asked for."""
    stranger: bool = False
    """Of a sender nobody has registered, and in nobody's hands: such lines have a bounded share of every screen."""
    urged: bool = False
    """It rings, and nobody has answered within the authority's first limit."""
    on_call: tuple[str, str] | None = None
    """The authority and the number to call, where nobody has answered within the second; the number may be empty."""
    again_to: UUID | None = None
    """The account that has it and has not answered a new press."""
    taken_by: UUID | None = None
    """The account in whose hands it is just now."""
    offered_to: UUID | None = None
    """The account that is offered it, where a person waits behind it."""
    exercise: bool = False
    """A device of a crisis exercise raised it: shown, marked and last, and counted nowhere."""

    def line(self, language: Language, *, named: bool) -> bytes:
        """Return what a browser gets that may, or may not, know whose alarm it is."""
        return self.wire[language] if named else self.nameless(language)


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything open in one authority, as far as it was read."""

    cards: Sequence[Card]
    waiting_beyond: int = 0
    """How many more people wait than there are cards for."""
    open_beyond: int = 0
    """How many more alarms are open than there are cards for."""


class Source(Protocol):
    """Where cards come from. Reading raises DatabaseUnavailableError."""

    async def read_all(self, authority: Authority) -> Reading:
        """Return everything open in one authority."""
        ...

    async def read_some(self, authority: Authority, ids: Sequence[UUID]) -> Sequence[Card]:
        """Return those of ``ids`` that are open; the others have left the queue."""
        ...

    def is_incomplete(self, authority: Authority) -> bool:
        """Whether a line says less than it should, and is worth reading again soon."""
        ...

    async def mark_presented(self, authority: Authority, ids: Sequence[UUID]) -> None:
        """Note that these alarms have been shown on at least one screen."""
        ...
