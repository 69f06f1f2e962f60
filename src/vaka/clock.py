# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The only module that asks the machine what time it is. Everyone else is handed a clock."""

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

ClockState = Literal["synchronised", "unsynchronised", "unknown"]
LOCAL = ZoneInfo("Europe/Stockholm")
"""The clock on the wall of everybody who reads times or keeps days here."""
LARGEST_ERROR_MICROSECONDS = 1_000_000
"""A clock that may be further off is not in step, whatever the kernel calls it."""
_UNSYNCHRONISED = 0x40  # STA_UNSYNC of Linux' timex.h
_CLOCK_ERROR = 5  # TIME_ERROR: the state that adjtimex(2) returns


class Clock(Protocol):
    """Where time comes from. Tests hand in one they can turn."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never go backwards."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never go backwards."""
        return time.monotonic()


class TurnedClock:
    """A clock that stands still until it is turned; for tests and for planned drills."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs a time with zone")
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        """Return the time the clock was last turned to."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds the clock was turned since it was made."""
        return self._elapsed

    def turn(self, seconds: float) -> None:
        """Move the clock forward by ``seconds``."""
        if seconds < 0:
            raise ValueError("a clock turns forward only")
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds


class _Timex(ctypes.Structure):
    """What adjtimex(2) fills in: Linux' struct timex, of which we read three fields."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_char * 512),
    )  # fmt: skip


Adjust = Callable[[_Timex], int]
"""Fills the structure in, and returns the clock's state; -1 where the machine does not tell."""


def read_clock_state(adjust: Adjust | None = None) -> ClockState:
    """Ask the kernel whether the machine's clock is in step with the world's.

    The kernel adds to the largest possible error for as long as nobody corrects the clock, and calls it out of step in
    the end: a time service that has died shows here, which its own word does not. ``unknown`` where there is no such
    kernel, or it does not let us ask.
    """
    asked = _Timex()
    try:
        state = (adjust or _kernel_clock())(asked)
    except (OSError, AttributeError, TypeError):
        return "unknown"
    if state < 0:
        return "unknown"
    if state == _CLOCK_ERROR or asked.status & _UNSYNCHRONISED or asked.maxerror > LARGEST_ERROR_MICROSECONDS:
        return "unsynchronised"
    return "synchronised"


@cache
def _kernel_clock() -> Adjust:
    adjust = ctypes.CDLL(None, use_errno=True).adjtimex
    return lambda asked: int(adjust(ctypes.byref(asked)))
