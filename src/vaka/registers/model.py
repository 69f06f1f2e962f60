# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a register is: its fields, its steps and its rules. Nothing here knows which registers there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from vaka.clock import LOCAL
from vaka.errors import Sentence


class State(StrEnum):
    """Where an entry stands. A version's state is one of these; the database knows the same words."""

    DRAFT = "draft"
    """Written, and worth nothing yet."""
    IN_FORCE = "in_force"
    """A second human has approved exactly that."""
    NOTED = "noted"
    """Written down by one person; nobody has to approve it."""
    OPEN = "open"
    """Something is to be done about it."""
    ACCEPTED = "accepted"
    """An owner lives with it until a date, and a second human agreed."""
    CLOSED = "closed"
    """Done, and a second human has seen the evidence."""
    WITHDRAWN = "withdrawn"
    """It holds no more, and nothing becomes of it again."""


TAKES_TWO = frozenset({State.IN_FORCE, State.ACCEPTED, State.CLOSED})
"""What nobody brings about for what he wrote himself."""
ENDS = frozenset({State.CLOSED, State.WITHDRAWN})
"""What makes an end of what is in force."""

FieldKind = Literal["text", "choice", "date", "number", "person", "reference", "edition", "digest", "network"]
Whose = Literal["everybody", "concerned"]
Shown = Literal["entries", "counts"]
Check = Literal["is", "filled", "same", "after", "past", "future"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values of a field that is chosen."""

    value: str
    label: Sentence


@dataclass(frozen=True, slots=True)
class Field:
    """Something that is filled in."""

    name: str
    kind: FieldKind
    """``person`` is an account, ``digest`` the SHA-256 of a file that is kept elsewhere, ``edition`` the number of the
    version of what a ``reference`` beside it leads to."""
    label: Sentence
    help: Sentence | None
    required: bool
    choices: tuple[Choice, ...]
    to: str
    """The register that a ``reference`` leads to."""
    former: bool
    """Whether a ``person`` can be one whose account is deactivated or asked for: what lets him in is entered before he
    is."""


@dataclass(frozen=True, slots=True)
class Step:
    """How an entry goes from one state to another."""

    name: str
    label: Sentence
    origins: tuple[State, ...]
    to: State
    by_two: bool = False
    """Whether it ends what is in force, and takes two then: one writes a version, and another ends it as that draft."""

    @property
    def second(self) -> bool:
        """Whether somebody else than who wrote it has to take the step."""
        return self.to in TAKES_TWO


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that has to be so before an entry is kept, or before a step is taken."""

    field: str
    check: Check
    value: str
    """What the field ``is``, or the name of the field that it is the ``same`` as, or whose date it comes ``after``."""
    on: tuple[str, ...]
    """The steps before which it is checked; without any, whenever something is written."""
    when: tuple[tuple[str, str], ...]
    """It is checked only where these fields have these values."""
    says: Sentence


@dataclass(frozen=True, slots=True)
class Register:
    """One register, as it is declared."""

    name: str
    title: Sentence
    about: Sentence
    one: Sentence
    """What one entry is called."""
    begins: State
    """The state of what was just written."""
    shown: Shown
    """The most that an authority can be shown of it."""
    whose: Whose
    """Whether each entry says which authorities it concerns."""
    review: timedelta | None
    """How long after it came in force an entry has to be gone through again."""
    acknowledged: bool
    """Whether people say of each version in force that they have read and accept it."""
    answers: tuple[str, ...]
    """The requirements of the terms that it is evidence for."""
    fields: tuple[Field, ...]
    steps: tuple[Step, ...]
    rules: tuple[Rule, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its fields, in order."""
        return tuple(field.name for field in self.fields)

    @property
    def ends_by_two(self) -> bool:
        """Whether nobody ends alone what is in force in it."""
        return any(step.by_two for step in self.steps)

    def find_step(self, name: str, state: State) -> Step | None:
        """Return the step of that name from that state, if there is one."""
        return next((step for step in self.steps if step.name == name and state in step.origins), None)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an entry. The newest is how it stands; those before stay as they were."""

    entry: UUID
    number: int
    register: str
    state: State
    fields: Mapping[str, str]
    concerned: tuple[UUID, ...] | None
    """None where it concerns every authority."""
    content: int
    """The number of the version in which this was written."""
    digest: bytes
    made_by: UUID
    made_at: datetime

    @property
    def object(self) -> str:
        """How the log names the entry."""
        return f"register_entry:{self.entry}"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in the table of its register: what holds, and whether something newer waits."""

    newest: Version
    holding: Version | None
    """The newest version that is more than a draft, unless it was withdrawn."""

    @property
    def shown(self) -> Version:
        """What the table shows of it: what holds, or else the draft."""
        return self.holding or self.newest

    @property
    def waits(self) -> bool:
        """Whether a draft waits to come in force."""
        return self.newest.state is State.DRAFT

    def review_by(self, register: Register) -> datetime | None:
        """When what is in force has to be gone through again."""
        if register.review is None or self.holding is None or self.holding.state is not State.IN_FORCE:
            return None
        return self.holding.made_at + register.review

    def is_overdue(self, register: Register, now: datetime) -> bool:
        """Whether it should have been gone through, or mended, by now."""
        review_by, holding = self.review_by(register), self.holding
        if review_by is not None and review_by < now:
            return True
        if holding is None:
            return False
        day = holding.fields.get(_until(holding.state), "")
        return bool(day) and holding.state is not State.CLOSED and date.fromisoformat(day) < now.date()


def due_day(register: Register, state: State, made_at: datetime, days: Mapping[str, str]) -> date | None:
    """Return the day by which something has to become of what holds: it is mended, gone through, or renewed. None where
    no day says so, and for what is closed.
    """
    if state in (State.CLOSED, State.WITHDRAWN, State.DRAFT):
        return None
    written = days.get(_until(state), "")
    found = [date.fromisoformat(written)] if written else []
    if register.review is not None and state is State.IN_FORCE:
        found.append((made_at + register.review).astimezone(LOCAL).date())
    return min(found, default=None)


def _until(state: State) -> str:
    """Return the field that says until which day it may stand so."""
    return {State.OPEN: "due", State.ACCEPTED: "accepted_until"}.get(state, "valid_until")
