# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The life of an alarm, as data: which act leads from which state to which. Pure.

    received → presented → taken → closed
                             ↕ suspended, handed_over (laid aside, or offered to a colleague)
    A hold lapses (back to received) when its holder has signed out or has no desk open any more.
    withdrawn: the device took its alarm back; it stays in the queue until somebody has read it.
    merged: it went on as part of another alarm. Never left again.

The statements in ``queries.sql`` make the same moves in the database; a test walks both side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from types import MappingProxyType
from uuid import UUID

from vaka.alarms.conflicts import ActConflictError
from vaka.keys.identities import BlindSender

LONGEST_TEXT = 2000
"""Characters of a note or a closing text."""
REOPEN_WITHIN = timedelta(hours=24)
LONGEST_SUSPENSION = timedelta(hours=4)
OFFER_STANDS = timedelta(minutes=2)
"""An alarm offered to a colleague who does not take it goes back to everybody."""

CLASSES = ("life", "request", "technical", "test")
"""In the order they are served."""


class State(StrEnum):
    """Where an alarm is."""

    RECEIVED = "received"
    PRESENTED = "presented"
    TAKEN = "taken"
    SUSPENDED = "suspended"
    HANDED_OVER = "handed_over"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    CLOSED = "closed"


class Act(Enum):
    """What can be done to an alarm: by an operator, by the device, or by a timer."""

    PRESENT = "present"
    TAKE = "take"
    TAKE_OVER = "take_over"
    HEAR = "hear"
    RELEASE = "release"
    SUSPEND = "suspend"
    RESUME = "resume"
    HAND_OVER = "hand_over"
    ACKNOWLEDGE = "acknowledge"
    CLOSE = "close"
    CLOSE_UNTAKEN = "close_untaken"
    REOPEN = "reopen"
    MERGE = "merge"
    JOIN = "join"
    WITHDRAW = "withdraw"
    RESTORE = "restore"
    RETURN = "return"
    LAPSE = "lapse"
    ESCALATE = "escalate"


OPEN_STATES = frozenset(State) - {State.MERGED, State.CLOSED}
WAITING_STATES = frozenset({State.RECEIVED, State.PRESENTED})
"""Nobody has answered."""
HELD_STATES = frozenset({State.TAKEN, State.SUSPENDED, State.HANDED_OVER})
"""Somebody answers for it: the holder took it, laid it aside, or offers it."""

_S = State
TRANSITIONS: Mapping[Act, Mapping[State, State]] = MappingProxyType(
    {
        Act.PRESENT: {_S.RECEIVED: _S.PRESENTED},
        # What a colleague laid aside may be taken by anyone: the person may ring back to another operator.
        Act.TAKE: dict.fromkeys(OPEN_STATES - {_S.TAKEN}, _S.TAKEN),
        # From a colleague who is gone, or by who leads the shift.
        Act.TAKE_OVER: {_S.TAKEN: _S.TAKEN},
        # The holder has noticed that the person alarmed again.
        Act.HEAR: {_S.TAKEN: _S.TAKEN},
        Act.RELEASE: dict.fromkeys(HELD_STATES, _S.PRESENTED),
        Act.SUSPEND: {_S.TAKEN: _S.SUSPENDED},
        Act.RESUME: {_S.SUSPENDED: _S.TAKEN, _S.HANDED_OVER: _S.TAKEN},
        Act.HAND_OVER: {_S.TAKEN: _S.HANDED_OVER},
        Act.ACKNOWLEDGE: {_S.WITHDRAWN: _S.CLOSED},
        Act.CLOSE: {_S.TAKEN: _S.CLOSED},
        Act.CLOSE_UNTAKEN: {_S.RECEIVED: _S.CLOSED, _S.PRESENTED: _S.CLOSED, _S.WITHDRAWN: _S.CLOSED},
        Act.REOPEN: {_S.CLOSED: _S.TAKEN},
        Act.MERGE: dict.fromkeys(OPEN_STATES, _S.MERGED),
        Act.JOIN: dict.fromkeys(OPEN_STATES, _S.RECEIVED) | {_S.TAKEN: _S.TAKEN, _S.PRESENTED: _S.PRESENTED},
        Act.WITHDRAW: dict.fromkeys(OPEN_STATES, _S.WITHDRAWN) | {state: state for state in HELD_STATES},
        Act.RESTORE: dict.fromkeys(OPEN_STATES, _S.CLOSED) | {state: state for state in HELD_STATES},
        Act.RETURN: {_S.SUSPENDED: _S.RECEIVED, _S.HANDED_OVER: _S.RECEIVED},
        Act.LAPSE: {_S.TAKEN: _S.RECEIVED},
        # A taken one too: the person alarmed again, and the holder does not answer.
        Act.ESCALATE: {state: state for state in WAITING_STATES | {_S.TAKEN}},
    }
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm, as its row."""

    id: UUID
    alarm_class: str
    kind: str
    """What opened it."""
    latest_kind: str
    """What the newest message was about: smoke may join a pressed button."""
    state: State
    join_key: str
    person_id: UUID | None
    device_id: UUID | None
    sender: BlindSender
    """What stands for the identity the device stated; empty where no device did."""
    device_type: int | None
    status_code: int | None
    location_code: int | None
    first_message: UUID | None
    """The message that opened it, in which stands what the device said; None where no device did."""
    position_message: UUID | None
    """The newest one that told a position."""
    received_at: datetime
    latest_at: datetime
    messages: int
    presented_at: datetime | None
    taken_at: datetime | None
    """When it was first answered; taking it again later does not change it."""
    holder: UUID | None
    """The account that answers for it."""
    offered_to: UUID | None
    suspended_until: datetime | None
    """Until when it is laid aside or offered."""
    withdrawn_at: datetime | None
    """When the device took it back, or reported the fault gone."""
    escalation: int
    """0 none, 1 rings at every desk, 2 on-call telephone."""
    escalate_at: datetime | None
    merged_into: UUID | None
    parts: int
    """How many alarms were made part of it."""
    part_received_at: datetime | None
    """When the first of those arrived."""
    closed_at: datetime | None
    closed_by: str
    """``account:<uuid>``, ``device``, ``supervision`` or ``scheduler``."""
    closing_reason: str
    closing_action: str
    closing_result: str
    closing_note: UUID | None
    """The note that was written at its end."""
    exercise_id: UUID | None
    """The crisis exercise whose device raised it; None where it is real."""
    version: int

    @property
    def is_exercise(self) -> bool:
        """Whether nobody waits for help behind it."""
        return self.exercise_id is not None

    @property
    def is_open(self) -> bool:
        """Whether it stands in the queue."""
        return self.state in OPEN_STATES

    @property
    def waits_since(self) -> datetime:
        """When it arrived, or the first that was made part of it: somebody has waited since then."""
        return self.received_at if self.part_received_at is None else min(self.received_at, self.part_received_at)

    @property
    def unheard(self) -> bool:
        """Whether the person alarmed again and the holder has not answered that yet."""
        return self.state is State.TAKEN and (self.escalate_at is not None or self.escalation > 0)

    @property
    def rank(self) -> int:
        """Its place in the order of classes, 0 first."""
        return CLASSES.index(self.alarm_class)


def after(state: State, act: Act) -> State:
    """Return the state that ``act`` leads to. Raises AlarmConflictError where it is not possible from ``state``."""
    try:
        return TRANSITIONS[act][state]
    except KeyError:
        raise ActConflictError(act.value, state.value) from None


def possible(state: State) -> frozenset[Act]:
    """Return what can be done to an alarm in ``state``, by anybody."""
    return frozenset(act for act, moves in TRANSITIONS.items() if state in moves)
