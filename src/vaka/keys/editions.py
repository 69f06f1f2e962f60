# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which edition counts of what is written about a person, or of what a device calls itself.

A seal tells in which place a value stands and for whom, and not when it was written: whoever has an old copy of a row
could put it back, and it would open. So everything about an object that is written anew is of a new edition; its number
is bound to each value, and stands beside none of them. Which number counts, the keyholder knows, in a database that no
other process reaches; here it is kept for as long as the process runs, and never goes back.

A change has three steps: a number is issued, everything about the object is written under it with an entry that names
it, the number is settled. Between the first and the last, old and new both count. Where the last is missing, the
scheduler does it by what the sealed log says.
"""

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from vaka.keys.calls import Edition

FIRST = 0
MOST_TRIED = 8
"""Issued editions of one object that count beside the settled one: so many changes broken off may have been written."""
_OBJECTS = {"person": "subject", "contact": "subject", "note": "subject", "device": "row"}
"""What an edition is of: everything the register says about a person is written anew together, and each device alone.
What is written once, messages and notes on alarms, is the first edition for ever."""


class Source(Protocol):
    """Who tells which editions count."""

    async def editions(self, after_turn: int) -> tuple[Edition, ...]:
        """Return a page of those that changed after a turn."""
        ...


class Editions:
    """What a process knows of them; next to nothing, since only what was ever written anew is here."""

    def __init__(self) -> None:
        self._counting: dict[tuple[UUID, UUID], tuple[int, int]] = {}
        self.turn = 0
        """Up to which change they are known."""
        self.is_known = False
        """Whether all of them were read, at some time."""

    async def read(self, source: Source) -> None:
        """Learn what changed since the last time. Raises what KeyClient raises.

        Who gives up waiting loses nothing: the next one goes on after the last page that was read.
        """
        while True:
            after = self.turn
            told = await source.editions(after)
            self.learn(told)
            if not told:
                break
            if self.turn == after:  # nobody else has gone on meanwhile
                self.turn = told[-1].turn
        self.is_known = True

    def begin_anew(self) -> None:
        """Read from the beginning the next time: the keyholder's turns have gone back, and will be given out again.

        What is known stays known.
        """
        self.turn = 0

    def learn(self, told: Collection[Edition]) -> None:
        """Take in what the keyholder told. A number that goes back is not believed: it came from an old copy."""
        for one in told:
            issued, settled = self._counting.get((one.authority, one.object), (FIRST, FIRST))
            self._counting[one.authority, one.object] = (max(issued, one.issued), max(settled, one.settled))

    def settle(self, authority: UUID, written: Mapping[UUID, int]) -> None:
        """Let nothing count that is older than these."""
        for thing, number in written.items():
            issued, settled = self._counting.get((authority, thing), (FIRST, FIRST))
            self._counting[authority, thing] = (max(issued, number), max(settled, number))

    def that_count(self, authority: UUID, thing: UUID | None) -> list[int]:
        """Return the numbers under which values of an object open, the newest first."""
        issued, settled = (FIRST, FIRST) if thing is None else self._counting.get((authority, thing), (FIRST, FIRST))
        # However many were issued since and came to nothing, what was settled is what stands there.
        return [*range(issued, max(settled, issued - MOST_TRIED), -1), settled]


def object_of(table: str, row: str, subject: UUID) -> UUID | None:
    """Return of what the editions of a row are; None where it is never written anew."""
    whose = _OBJECTS.get(table)
    if whose is None:
        return None
    return subject if whose == "subject" else UUID(row)
