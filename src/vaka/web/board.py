# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Everything known to be open in one authority. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from vaka.web.cards import Card, Reading


@dataclass(frozen=True, slots=True)
class Tally:
    """What is open in one authority, counted over all of it and not only what a screen shows."""

    waiting: int
    """People nobody has answered, unknown senders among them."""
    oldest: datetime | None
    """Since when the first of them waits."""
    strangers: int
    """Alarms of unknown senders that are in nobody's hands."""
    ringing: int
    urged: int
    on_call: frozenset[tuple[str, str]]
    """Authority and number of whoever has to be called."""
    open: int
    """Alarms that were read, without those of an exercise."""
    again_to: frozenset[UUID]
    """Accounts with a new press to answer."""
    offered_to: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class News:
    """What a reading changed: life alarms nobody has answered that were not known so, other cards, what has left."""

    urgent: Mapping[UUID, Card]
    put: Mapping[UUID, Card]
    gone: Iterable[UUID]


@dataclass(slots=True)
class Board:
    """One authority's open alarms, as far as they were read."""

    cards: dict[UUID, Card] = field(default_factory=dict)
    waiting_beyond: int = 0
    open_beyond: int = 0
    down: bool = True
    """Whether its database did not answer the last time; so it is until the first reading."""
    is_intake: bool = False
    """Whether it is the reception of unknown senders."""
    _tally: Tally | None = None

    def take_in_all(self, reading: Reading) -> News:
        """Take in everything open; what is not in it has left the queue."""
        read = {card.alarm for card in reading.cards}
        # A reading that was cut off says nothing of what lies beyond it.
        gone = [] if reading.open_beyond else [alarm for alarm in self.cards if alarm not in read]
        self.waiting_beyond, self.open_beyond, self.down = reading.waiting_beyond, reading.open_beyond, False
        return self._take_in(reading.cards, gone)

    def take_in_some(self, ids: Iterable[UUID], cards: Iterable[Card]) -> News:
        """Take in those of ``ids`` that are still open; the others have left the queue."""
        found = {card.alarm: card for card in cards}
        return self._take_in(found.values(), [alarm for alarm in ids if alarm not in found and alarm in self.cards])

    def note_shown(self, alarm: UUID) -> bool:
        """Note that somebody's screen has shown it; return whether it is the first."""
        card = self.cards.get(alarm)
        if card is None or not card.unshown:
            return False
        self.cards[alarm] = replace(card, unshown=False)
        return True

    def tally(self) -> Tally:
        """Return what is open, counted once for each reading."""
        if self._tally is None:
            cards = self.cards.values()
            waiting = [card.received_at for card in cards if card.waiting]
            self._tally = Tally(
                waiting=len(waiting) + self.waiting_beyond,
                oldest=min(waiting, default=None),
                strangers=sum(card.stranger for card in cards) + (self.open_beyond if self.is_intake else 0),
                ringing=sum(card.urgent for card in cards),
                urged=sum(card.urged for card in cards),
                on_call=frozenset(card.on_call for card in cards if card.on_call),
                open=sum(not card.exercise for card in cards),
                again_to=frozenset(card.again_to for card in cards if card.again_to),
                offered_to=frozenset(card.offered_to for card in cards if card.offered_to),
            )
        return self._tally

    def _take_in(self, cards: Iterable[Card], gone: Iterable[UUID]) -> News:
        urgent: dict[UUID, Card] = {}
        put: dict[UUID, Card] = {}
        for card in cards:
            known = self.cards.get(card.alarm)
            if known == card:
                continue
            self.cards[card.alarm] = card
            rings_anew = card.urgent and (known is None or not known.urgent)
            (urgent if rings_anew else put)[card.alarm] = card
        for alarm in gone:
            del self.cards[alarm]
        self._tally = None
        return News(urgent, put, gone)
