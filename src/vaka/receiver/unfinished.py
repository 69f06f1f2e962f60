# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How much all connections together may hold of messages that are not complete, or not looked at yet."""

from collections import OrderedDict
from typing import Protocol

from vaka.receiver.counters import Reason


class Holder(Protocol):
    """A connection that holds bytes."""

    @property
    def is_proved(self) -> bool:
        """Whether a device has proved itself over it."""
        ...

    def drop(self, reason: Reason) -> None:
        """Close at once, and hold nothing any more."""
        ...


class Unfinished:
    """Counts the bytes. Where there are too many, who has held some the longest is hung up on, strangers first.

    A device's message is whole within moments; those that only hold what they have begun are the oldest.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.size = 0
        """Bytes held."""
        self._strangers: OrderedDict[Holder, int] = OrderedDict()
        self._devices: OrderedDict[Holder, int] = OrderedDict()

    def __len__(self) -> int:
        """How many connections hold some."""
        return len(self._strangers) + len(self._devices)

    def weigh(self, holder: Holder, size: int) -> None:
        """Note what ``holder`` holds now; who is hung up on for it may be itself."""
        held = self._devices if holder.is_proved else self._strangers
        self.size += size - held.get(holder, 0)
        if size:
            held[holder] = size
        else:
            held.pop(holder, None)
        while self.size > self._most_bytes:
            oldest = next(iter(self._strangers or self._devices))
            self.forget(oldest)
            oldest.drop(Reason.UNFINISHED)

    def forget(self, holder: Holder) -> None:
        """Note that it holds nothing any more."""
        self.size -= self._strangers.pop(holder, 0) + self._devices.pop(holder, 0)

    def keep(self, holder: Holder) -> None:
        """Count among the devices one that has proved itself."""
        size = self._strangers.pop(holder, 0)
        if size:
            self._devices[holder] = size
