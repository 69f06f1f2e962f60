# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Deadlines without a timer each: where all wait equally long, they fall due in the order they were added."""

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)


class Countdown(Generic[T]):
    """Gives back each item ``seconds`` after it was added."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._waiting: deque[tuple[float, T]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, item: T, now: float) -> None:
        """Start counting for ``item``; ``now`` never goes backwards."""
        self._waiting.append((now + self.seconds, item))

    def due(self, now: float) -> Iterator[T]:
        """Yield, once, what has waited its time. Items added meanwhile are for the next call."""
        waiting = self._waiting
        for _ in range(len(waiting)):
            if waiting[0][0] > now:
                return
            yield waiting.popleft()[1]


class Reminders(Generic[H]):
    """A countdown whose items can be called off, and then are not kept a moment longer: for what may be large."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._waiting: OrderedDict[H, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, item: H, now: float) -> None:
        """Start counting for ``item``, anew where it is there already; ``now`` never goes backwards."""
        self._waiting[item] = now + self.seconds
        self._waiting.move_to_end(item)

    def call_off(self, item: H) -> None:
        """Forget ``item``, where it is there."""
        self._waiting.pop(item, None)

    def due(self, now: float) -> Iterator[H]:
        """Yield, once, what has waited its time. Items added meanwhile are for the next call."""
        waiting = self._waiting
        for _ in range(len(waiting)):
            if not waiting:
                return
            item, until = next(iter(waiting.items()))
            if until > now:
                return
            del waiting[item]
            yield item
