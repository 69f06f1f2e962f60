# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Messages on their way to be stored, and the queues in which they wait: one of each person at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from vaka.receiver.exchange import Exchange
from vaka.receiver.limits import Lane
from vaka.scaip.classes import AlarmClass

LANES = {
    AlarmClass.LIFE: Lane.LIFE,
    AlarmClass.REQUEST: Lane.REQUEST,
    AlarmClass.TECHNICAL: Lane.TECHNICAL,
    AlarmClass.TEST: Lane.TEST,
    AlarmClass.SIGNAL: Lane.TEST,
}
"""A heartbeat has no lane: it is never stored on its own."""


@dataclass(slots=True, eq=False)
class Arrival:
    """One message that has to be stored before it may be answered."""

    exchange: Exchange
    authority_id: UUID
    lane: Lane
    key: str
    """The person, or the sender where no person is known: two of the same never share a batch."""
    row: dict[str, Any]
    """What ``accept_messages`` is given."""
    confirmation: bytes
    """The ``<mrs>`` that follows the 200."""
    arrived_at: float
    """Monotonic seconds."""
    size: int = field(init=False)
    """Bytes of what it says, as it is handed to the database."""
    queue: Turns | None = field(default=None, init=False)
    """Where it waits; None while it is being stored, and after."""

    def __post_init__(self) -> None:
        self.size = len(self.row["texts"] or "") + len(self.row["body"] or "")

    @property
    def is_answered(self) -> bool:
        """Whether the device has its answer, whatever it was."""
        return self.exchange.answered


class Turns:
    """One lane of one authority. Each person's messages keep their order; the persons take turns.

    So no device, however often it repeats itself, holds up another, and a batch is found without searching.
    """

    __slots__ = ("_waiting", "size")

    def __init__(self) -> None:
        self.size = 0
        self._waiting: OrderedDict[str, list[Arrival]] = OrderedDict()

    def waiting_of(self, key: str) -> int:
        """Return how many of one person wait."""
        return len(self._waiting.get(key, ()))

    def add(self, arrival: Arrival) -> None:
        """Put a message at the end."""
        arrival.queue = self
        self.size += 1
        mine = self._waiting.get(arrival.key)
        if mine is None:
            self._waiting[arrival.key] = [arrival]
        else:
            mine.append(arrival)

    def take(self, most: int, taken: set[str]) -> list[Arrival]:
        """Remove and return the next at most ``most`` messages, of persons not in ``taken``, which it adds to."""
        batch: list[Arrival] = []
        later: list[tuple[str, list[Arrival]]] = []
        passed: list[tuple[str, list[Arrival]]] = []
        while self._waiting and len(batch) < most:
            key, mine = self._waiting.popitem(last=False)
            if key in taken:
                passed.append((key, mine))
                continue
            taken.add(key)
            arrival = mine.pop(0)
            arrival.queue = None
            batch.append(arrival)
            if mine:
                later.append((key, mine))
        self.size -= len(batch)
        self._waiting.update(later)
        for key, mine in reversed(passed):
            self._waiting[key] = mine
            self._waiting.move_to_end(key, last=False)
        return batch

    def put_back(self, batch: Iterable[Arrival]) -> None:
        """Return messages that could not be stored to the front, in the order they had."""
        for arrival in reversed(list(batch)):
            arrival.queue = self
            self.size += 1
            self._waiting[arrival.key] = [arrival, *self._waiting.get(arrival.key, ())]
            self._waiting.move_to_end(arrival.key, last=False)

    def remove(self, arrival: Arrival) -> None:
        """Take one message out of the middle, because it need not be stored any more."""
        mine = self._waiting[arrival.key]
        mine.remove(arrival)
        if not mine:
            del self._waiting[arrival.key]
        arrival.queue = None
        self.size -= 1
