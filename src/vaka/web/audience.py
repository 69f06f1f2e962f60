# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Everybody who may see the same of the same authorities in the same language: what they see is made once.

Event ids are ``<epoch>-<sequence>``: the epoch is drawn anew at every start of the process, the sequence counts the
changes. Neither says anything of an alarm.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from vaka.web.cards import Card
from vaka.web.texts import Language
from vaka.web.view import View

LARGEST_BACKLOG = 64
"""Messages a slow browser may lag behind before it is given the whole view instead."""
LARGEST_RING = 512
"""Changes that are remembered for browsers that come back."""
LARGEST_CATCH_UP = 200
"""Cards; whoever missed more is given the whole view."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the head of the desk shows."""

    waiting: int
    oldest: datetime | None
    open: int
    on_duty: int
    trouble: bool
    """The database of at least one of the authorities does not answer: new alarms may not show."""
    strangers: int = 0
    """Alarms of unknown senders that are in nobody's hands; they are counted in the others too."""
    known_waiting: int = 0
    """Those who wait and are not unknown."""
    ringing: int = 0
    """Life alarms that nobody answers."""
    urged: bool = False
    """Whether one of them has waited beyond the first limit."""
    on_call: tuple[tuple[str, str], ...] = ()
    """Authority and number of whoever has to be called; the number may be empty."""
    again_to: tuple[UUID, ...] = ()
    """Accounts with a new press to answer."""
    offered_to: tuple[UUID, ...] = ()
    """Accounts that a colleague offers an alarm."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How much is open that a view does not show."""

    people: int
    """Those who wait, of those we know."""
    strangers: int
    others: int


def left_out(numbers: Numbers, view: View) -> LeftOut:
    """Return what ``view`` does not show of what ``numbers`` count."""
    people = max(0, numbers.known_waiting - view.people)
    strangers = max(0, numbers.strangers - view.strangers)
    return LeftOut(people, strangers, max(0, numbers.open - len(view) - people - strangers))


class Subscriber:
    """One open desk."""

    def __init__(self, audience: "Audience", account_id: UUID, session_id: UUID, *, has_queue: bool = True) -> None:
        self.audience = audience
        self.has_queue = has_queue
        """Whether its page shows the queue; another page gets the numbers alone."""
        self.account_id = account_id
        self.session_id = session_id
        self.ended: str | None = None
        """Why the stream has to end, once it has to."""
        self.in_doubt = False
        """Whether something was said of its session that has to be looked into before anything more is sent."""
        self._backlog: deque[bytes] = deque()
        self._behind = False
        self._news = asyncio.Event()

    def push(self, message: bytes) -> None:
        """Give it a message, or note that it has fallen behind."""
        if self._behind:
            return
        if len(self._backlog) >= LARGEST_BACKLOG:
            self.fall_behind()
        else:
            self._backlog.append(message)
        self._news.set()

    def fall_behind(self) -> None:
        """Forget what was not delivered; the next thing it gets is the whole view."""
        self._backlog.clear()
        self._behind = True
        self._news.set()

    def end(self, reason: str) -> None:
        """Let the stream end as soon as it is next looked at."""
        self.ended = reason
        self._news.set()

    def doubt(self) -> None:
        """Let its session be looked at at once: something was said of it."""
        self.in_doubt = True
        self._news.set()

    @property
    def is_behind(self) -> bool:
        """Whether it needs the whole view."""
        return self._behind

    async def next(self, seconds: float) -> bytes | None:
        """Return the next message, or None when nothing came for ``seconds``, it is behind, in doubt, or has to end."""
        if not self._backlog and not self._behind and self.ended is None and not self.in_doubt:
            self._news.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                return None
        if self._behind or self.ended is not None or self.in_doubt:
            return None
        return self._backlog.popleft() if self._backlog else None

    def caught_up(self) -> None:
        """Note that the whole view was sent."""
        self._behind = False


@dataclass(frozen=True, slots=True)
class _Change:
    sequence: int
    put: Sequence[Card]
    gone: Sequence[UUID]


class Audience:
    """The view of one set of authorities in one language, and who looks at it."""

    def __init__(
        self,
        authorities: frozenset[UUID],
        language: Language,
        epoch: str,
        sequence: int,
        cards: Iterable[Card],
        *,
        named: frozenset[UUID] = frozenset(),
    ) -> None:
        self.authorities = authorities
        self.named = named
        """Those of the authorities whose people may be named here."""
        self.language = language
        self.subscribers: set[Subscriber] = set()
        self.view = View(cards)
        self.told: Numbers | None = None
        """The numbers that were last sent to everybody."""
        self._epoch = epoch
        self._sequence = sequence
        self._remembered_after = sequence
        self._ring: deque[_Change] = deque()

    @property
    def position(self) -> str:
        """The id of the last event."""
        return f"{self._epoch}-{self._sequence}"

    def change(self, put: Iterable[Card], gone: Iterable[UUID], sequence: int) -> tuple[Sequence[Card], Sequence[UUID]]:
        """Take in a change and return what screens have to put and to remove."""
        placed, removed = self.view.change(put, gone)
        self._sequence = sequence
        if placed or removed:
            if len(self._ring) >= LARGEST_RING:
                self._remembered_after = self._ring.popleft().sequence
            self._ring.append(_Change(sequence, placed, removed))
        return placed, removed

    def refill(self, cards: Iterable[Card], sequence: int) -> None:
        """Begin a new view; nobody can catch up with it from an older one."""
        self.view = View(cards)
        self._ring.clear()
        self._sequence = self._remembered_after = sequence

    def missed_since(self, last_seen: str) -> tuple[Sequence[Card], Sequence[UUID]] | None:
        """Return what a browser that saw ``last_seen`` last has missed; None where it needs the whole view."""
        epoch, _, number = last_seen.partition("-")
        if epoch != self._epoch or not number.isascii() or not number.isdigit() or len(number) > 15:
            return None
        seen = int(number)
        if not self._remembered_after <= seen <= self._sequence:
            return None
        put: dict[UUID, Card] = {}
        gone: dict[UUID, None] = {}
        for change in self._ring:
            if change.sequence > seen:
                for card in change.put:
                    put[card.alarm] = card
                    gone.pop(card.alarm, None)
                for alarm in change.gone:
                    put.pop(alarm, None)
                    gone[alarm] = None
        if len(put) > LARGEST_CATCH_UP:
            return None
        return list(put.values()), list(gone)

    def message_all(self, numbers: Numbers, now: datetime) -> bytes:
        """Return the event that replaces whatever a browser shows."""
        return self._message("all", numbers, now, self.view.cards, ())

    def message_change(self, put: Sequence[Card], gone: Sequence[UUID], numbers: Numbers, now: datetime) -> bytes:
        """Return the event that changes some lines."""
        return self._message("change", numbers, now, put, gone)

    def message_beat(self, numbers: Numbers, now: datetime) -> bytes:
        """Return the event that says: still here, and this is the time."""
        return self._message("beat", numbers, now, (), ())

    def _message(self, event: str, numbers: Numbers, now: datetime, put: Sequence[Card], gone: Sequence[UUID]) -> bytes:
        rows = b",".join(card.line(self.language, named=card.authority in self.named) for card in put)
        unshown = left_out(numbers, self.view)
        facts: dict[str, Any] = {
            "gone": [str(alarm) for alarm in gone],
            "now": _milliseconds(now),
            "waiting": numbers.waiting,
            "oldest": None if numbers.oldest is None else _milliseconds(numbers.oldest),
            "people": unshown.people,
            "strangers": unshown.strangers,
            "more": unshown.others,
            "ringing": numbers.ringing,
            "urged": numbers.urged,
            "onCall": numbers.on_call,
            "again": [str(account) for account in numbers.again_to],
            "offered": [str(account) for account in numbers.offered_to],
            "onDuty": numbers.on_duty,
            "trouble": numbers.trouble,
        }
        return b'id: %s\nevent: %s\ndata: {"put":[%s],%s\n\n' % (
            self.position.encode(), event.encode(), rows, orjson.dumps(facts)[1:],
        )  # fmt: skip


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
