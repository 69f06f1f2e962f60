# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The part of the queue that a screen shows: the first lines in order, never more than a bounded number. Pure."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from heapq import nsmallest
from uuid import UUID

from vaka.web.cards import Card

LARGEST_VIEW = 300
"""Lines. Nobody reads further in a storm, and every browser must carry them; the rest is told as a number."""


class View:
    """The first cards by place."""

    def __init__(self, cards: Iterable[Card] = (), largest: int = LARGEST_VIEW) -> None:
        self._largest = largest
        self._cards: dict[UUID, Card] = {}
        self._order: list[tuple[str, UUID]] = []
        first = nsmallest(largest + 1, cards, key=lambda card: card.place)
        self._leaves_out = len(first) > largest
        for card in first[:largest]:
            self._insert(card)

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, alarm: UUID) -> bool:
        return alarm in self._cards

    @property
    def runs_dry(self) -> bool:
        """Whether there are cards it does not know, and room for them."""
        return self._leaves_out and len(self._order) < self._largest // 2

    @property
    def cards(self) -> list[Card]:
        """The cards in order."""
        return [self._cards[alarm] for _, alarm in self._order]

    def change(self, put: Iterable[Card], gone: Iterable[UUID]) -> tuple[list[Card], list[UUID]]:
        """Take in what changed; return what a screen with the old view has to put and to remove to show the new."""
        shown_before: dict[UUID, bool] = {}
        for alarm in gone:
            shown_before.setdefault(alarm, self._remove(alarm))
        for card in put:
            known = self._remove(card.alarm)
            shown_before.setdefault(card.alarm, known)
            if not known and len(self._order) >= self._largest:
                self._leaves_out = True
                last_place, last = self._order[-1]
                if card.place >= last_place:
                    continue
                self._remove(last)
                shown_before.setdefault(last, True)
            self._insert(card)
        placed = [self._cards[alarm] for alarm in shown_before if alarm in self._cards]
        return placed, [alarm for alarm, was in shown_before.items() if was and alarm not in self._cards]

    def _insert(self, card: Card) -> None:
        self._cards[card.alarm] = card
        insort(self._order, (card.place, card.alarm))

    def _remove(self, alarm: UUID) -> bool:
        card = self._cards.pop(alarm, None)
        if card is None:
            return False
        del self._order[bisect_left(self._order, (card.place, alarm))]
        return True
