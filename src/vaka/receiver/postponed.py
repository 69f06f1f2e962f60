# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Datagrams that wait unread for their turn: bounded in number, bytes and time, and the oldest go first."""

from collections import deque
from collections.abc import Callable
from typing import Any

from vaka.receiver.limits import Limits

Address = tuple[Any, ...]
"""What the socket calls its peer: (host, port), and two more for IPv6."""


class Postponed:
    """One row of them. ``dropped`` is told of each that goes unread: its device is about to repeat it."""

    def __init__(self, limits: Limits, dropped: Callable[[], None]) -> None:
        self._limits = limits
        self._dropped = dropped
        self._waiting: deque[tuple[float, bytes, Address]] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def add(self, now: float, datagram: bytes, address: Address) -> None:
        """Let one wait; where they are too large together, the oldest goes."""
        self._waiting.append((now, datagram, address))
        self._bytes += len(datagram)
        if self._bytes > self._limits.postponed_bytes:
            self._drop()

    def tidy(self, now: float) -> None:
        """Drop those that are too old or too many."""
        oldest = now - self._limits.postponed_seconds
        while self._waiting and (self._waiting[0][0] < oldest or len(self._waiting) > self._limits.postponed):
            self._drop()

    def take(self) -> tuple[bytes, Address]:
        """Return the next. Raises IndexError where none waits."""
        _, datagram, address = self._waiting.popleft()
        self._bytes -= len(datagram)
        return datagram, address

    def clear(self) -> None:
        """Forget them all."""
        self._waiting.clear()
        self._bytes = 0

    def _drop(self) -> None:
        self.take()
        self._dropped()
