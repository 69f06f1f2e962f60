# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The part of the queue that a screen shows: the first lines in order, never more than a bounded number. Pure.

Senders nobody has registered have a small share of their own. Anybody can send from as many invented ones as he likes,
and must not be able to push the people we know off the screen.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from heapq import nsmallest
from uuid import UUID

from vaka.web.cards import Card

LARGEST_VIEW = 300
"""Lines. Nobody reads further in a storm, and every browser must carry them; the rest is told as a number."""
LARGEST_STRANGERS = 20
"""Lines beside those, of unknown senders that nobody has answered."""


class View:
    """The first cards by place."""

    def __init__(
        self,
        cards: Iterable[Card] = (),
        largest: int = LARGEST_VIEW,
        largest_strangers: int = LARGEST_STRANGERS,
    ) -> None:
        known: list[Card] = []
        strangers: list[Card] = []
        for card in cards:
            (strangers if card.stranger else known).append(card)
        self._known = _Lane(known, largest)
        self._strangers = _Lane(strangers, largest_strangers)

    def __len__(self) -> int:
        return len(self._known) + len(self._strangers)

    def __contains__(self, alarm: UUID) -> bool:
        return alarm in self._known or alarm in self._strangers

    @property
    def runs_dry(self) -> bool:
        """Whether there are cards it does not know, and room for them."""
        return self._known.runs_dry or self._strangers.runs_dry

    @property
    def strangers(self) -> int:
        """How many lines of unknown senders it shows."""
        return len(self._strangers)

    @property
    def people(self) -> int:
        """Behind how many of the other lines a person waits."""
        return self._known.waiting

    @property
    def cards(self) -> list[Card]:
        """The cards in order."""
        return sorted([*self._known.cards, *self._strangers.cards], key=lambda card: (card.place, card.alarm))

    def change(self, put: Iterable[Card], gone: Iterable[UUID]) -> tuple[list[Card], list[UUID]]:
        """Take in what changed; return what a screen with the old view has to put and to remove to show the new."""
        shown_before: dict[UUID, bool] = {}
        for alarm in gone:
            shown_before.setdefault(alarm, self._remove(alarm))
        for card in put:
            shown_before.setdefault(card.alarm, self._remove(card.alarm))
            dropped = (self._strangers if card.stranger else self._known).take_in(card)
            if dropped is not None:
                shown_before.setdefault(dropped, True)
        shown = {alarm: self._find(alarm) for alarm in shown_before}
        placed = [card for card in shown.values() if card is not None]
        return placed, [alarm for alarm, was in shown_before.items() if was and shown[alarm] is None]

    def _find(self, alarm: UUID) -> Card | None:
        return self._known.find(alarm) or self._strangers.find(alarm)

    def _remove(self, alarm: UUID) -> bool:
        return self._known.remove(alarm) or self._strangers.remove(alarm)


class _Lane:
    """The first so many of one kind."""

    def __init__(self, cards: Iterable[Card], largest: int) -> None:
        self._largest = largest
        self._cards: dict[UUID, Card] = {}
        self._order: list[tuple[str, UUID]] = []
        self.waiting = 0
        """Behind how many of them a person waits."""
        first = nsmallest(largest + 1, cards, key=lambda card: card.place)
        self._leaves_out = len(first) > largest
        for card in first[:largest]:
            self._insert(card)

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, alarm: UUID) -> bool:
        return alarm in self._cards

    @property
    def cards(self) -> Iterable[Card]:
        return self._cards.values()

    @property
    def runs_dry(self) -> bool:
        return self._leaves_out and len(self._order) < self._largest // 2

    def find(self, alarm: UUID) -> Card | None:
        return self._cards.get(alarm)

    def take_in(self, card: Card) -> UUID | None:
        """Put it in if it is among the first; return the alarm that had to leave for it."""
        dropped = None
        if len(self._order) >= self._largest:
            self._leaves_out = True
            last_place, last = self._order[-1]
            if card.place >= last_place:
                return None
            self.remove(last)
            dropped = last
        self._insert(card)
        return dropped

    def remove(self, alarm: UUID) -> bool:
        card = self._cards.pop(alarm, None)
        if card is None:
            return False
        self.waiting -= card.waiting
        del self._order[bisect_left(self._order, (card.place, alarm))]
        return True

    def _insert(self, card: Card) -> None:
        self._cards[card.alarm] = card
        self.waiting += card.waiting
        insort(self._order, (card.place, card.alarm))
