# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Deadlines without a timer each: where all wait equally long, they fall due in the order they were added."""

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


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
