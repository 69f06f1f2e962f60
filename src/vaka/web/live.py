# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The live queue: what changes in the authorities' databases reaches every desk that may see it.

Each authority is followed by ``following``; what it read is collected here and sent on. A life alarm nobody has
answered goes out at once; everything else waits for the next of at most five sendings a second, so that a storm costs
each browser a bounded number of larger updates. Each line is made once per language, each message once per audience.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from itertools import chain
from uuid import UUID

import structlog

from vaka.clock import Clock
from vaka.errors import Category, Sentence, VakaError
from vaka.logs import describe_error
from vaka.tenants.authorities import Authority
from vaka.web.audience import Audience, Numbers, Subscriber
from vaka.web.board import Board, News
from vaka.web.cards import Card, Reading, Source
from vaka.web.texts import Language
from vaka.web.view import LARGEST_STRANGERS, View

URGENT_SECONDS = 0.1
"""Shortest time between two sendings of unanswered life alarms."""
ORDINARY_SECONDS = 0.2
"""Shortest time between two sendings of anything else."""
LARGEST_HALL = 1000
"""Open desks one process serves."""
LARGEST_CHOICE = 64
"""Audiences kept for browsers that may come back."""
PRESENT_SECONDS = 0.05
"""Alarms shown within this time are marked as presented together."""

log = structlog.get_logger()


class HallFullError(VakaError):
    """More desks are open than one process serves."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(
                sv="Fler arbetsplatser är öppna än vad som går att betjäna. Stäng flikar som inte används.",
                en="More desks are open than can be served. Close tabs that are not in use.",
            ),
        )


class Hub:
    """Knows what is open and who looks; the only state of the desk process that is worth a name."""

    def __init__(self, source: Source, clock: Clock, epoch: str | None = None) -> None:
        self._source = source
        self._clock = clock
        self._epoch = epoch or secrets.token_hex(4)
        self._sequence = 0
        self._boards: defaultdict[UUID, Board] = defaultdict(Board)
        self._audiences: dict[tuple[frozenset[UUID], frozenset[UUID], Language], Audience] = {}
        self._urgent: dict[UUID, Card] = {}
        self._put: dict[UUID, Card] = {}
        self._gone: dict[UUID, None] = {}
        self._news = asyncio.Event()
        self._shown: dict[UUID, set[UUID]] = {}
        self._shown_news = asyncio.Event()
        self._authorities: dict[UUID, Authority] = {}

    # What follows the databases tells us.

    def take_in_all(self, authority: Authority, reading: Reading) -> None:
        """Take in everything open in one authority; what is not in it has left the queue."""
        self._authorities[authority.id] = authority
        board = self._boards[authority.id]
        board.is_intake = authority.is_intake
        self._spread(board.take_in_all(reading))

    def take_in_some(self, authority: Authority, ids: Iterable[UUID], cards: Sequence[Card]) -> None:
        """Take in those of ``ids`` that are still open; the others have left the queue."""
        self._spread(self._boards[authority.id].take_in_some(ids, cards))

    def tell_down(self, authority: Authority) -> None:
        """Note that an authority's database does not answer; every desk concerned is told."""
        board = self._boards[authority.id]
        if not board.down:
            board.down = True
            self._news.set()

    # What desks ask.

    def subscribe(
        self,
        authorities: frozenset[UUID],
        language: Language,
        account_id: UUID,
        session_id: UUID,
        last_seen: str = "",
        *,
        named: frozenset[UUID] = frozenset(),
        has_queue: bool = True,
        is_cover: bool = False,
    ) -> Subscriber:
        """Open a desk's stream: it begins with what the browser missed, or with the whole view.

        Only the people of the authorities in ``named`` are named. A page without the queue gets the numbers alone,
        and shows no alarm. Raises HallFullError.
        """
        if sum(len(audience.subscribers) for audience in self._audiences.values()) >= LARGEST_HALL:
            raise HallFullError
        audience = self._audience(authorities, language, named)
        subscriber = Subscriber(audience, account_id, session_id, has_queue=has_queue, is_cover=is_cover)
        audience.subscribers.add(subscriber)
        missed = audience.missed_since(last_seen) if last_seen and has_queue else None
        if missed is None:
            subscriber.fall_behind()
        else:
            put, gone = missed
            subscriber.push(audience.message_change(put, gone, self.numbers(authorities), self._clock.now()))
            # All of it is on that screen now: what came with the page, and what it missed since.
            self._note_shown(audience.view.cards)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a desk whose stream has ended."""
        subscriber.audience.subscribers.discard(subscriber)

    def move(
        self, subscriber: Subscriber, authorities: frozenset[UUID], *, named: frozenset[UUID] = frozenset()
    ) -> None:
        """Let a desk see other authorities, or more or less of them, because its rights have changed."""
        self.unsubscribe(subscriber)
        subscriber.audience = self._audience(authorities, subscriber.audience.language, named)
        subscriber.audience.subscribers.add(subscriber)
        subscriber.fall_behind()

    def everything(self, subscriber: Subscriber) -> bytes:
        """Return the whole view for a desk that begins or has fallen behind."""
        audience = subscriber.audience
        subscriber.caught_up()
        if not subscriber.has_queue:
            return self.beat(subscriber)
        self._note_shown(audience.view.cards)
        return audience.message_all(self.numbers(audience.authorities), self._clock.now())

    def beat(self, subscriber: Subscriber) -> bytes:
        """Return the sign of life, with the numbers."""
        audience = subscriber.audience
        return audience.message_beat(self.numbers(audience.authorities), self._clock.now())

    def end_session(self, session_id: UUID) -> None:
        """End every stream of a session that was signed out."""
        for subscriber in self._subscribers():
            if subscriber.session_id == session_id:
                subscriber.end("signed_out")

    def doubt(self, *, session_id: UUID | None = None, account_id: UUID | None = None) -> None:
        """Let streams look at once whether their session holds and what it may see: of one, of an account, or all."""
        for subscriber in self._subscribers():
            if session_id in (None, subscriber.session_id) and account_id in (None, subscriber.account_id):
                subscriber.doubt()

    def close(self) -> None:
        """End every stream: the process stops, the browsers come back to the next one."""
        for subscriber in self._subscribers():
            subscriber.end("restart")

    def cards(
        self, authorities: frozenset[UUID], language: Language, *, named: frozenset[UUID] = frozenset()
    ) -> list[Card]:
        """Return the lines a page shows before its stream has begun."""
        return self._audience(authorities, language, named).view.cards

    def takeable(self, authorities: frozenset[UUID], count: int) -> list[Card]:
        """Return the first that nobody has answered, as freshly as it is known; in a flood, strangers last.

        After everything real comes what is an exercise's.
        """
        waiting = [card for card in self._open_in(authorities) if card.takeable]
        # An unknown sender's life alarm comes before a known person's request, as any does; a flood of them does not.
        flooded = sum(card.stranger and card.urgent for card in waiting) > LARGEST_STRANGERS
        return nsmallest(count, waiting, key=lambda card: (card.exercise, flooded and card.stranger, card.place))

    def left(self, authorities: frozenset[UUID]) -> Card | None:
        """Return the first that rings for all although somebody holds it; None where there is none."""
        ringing = (card for card in self._open_in(authorities) if card.urgent and not card.takeable)
        return min(ringing, key=lambda card: card.place, default=None)

    def position(
        self, authorities: frozenset[UUID], language: Language, *, named: frozenset[UUID] = frozenset()
    ) -> str:
        """Return the event id that stands for ``cards`` as they are now; a stream that follows it misses nothing."""
        return self._audience(authorities, language, named).position

    def view(self, authorities: frozenset[UUID], language: Language, *, named: frozenset[UUID] = frozenset()) -> View:
        """Return what a page shows before its stream has begun."""
        return self._audience(authorities, language, named).view

    def has_taken(self, account_id: UUID) -> bool:
        """Whether an alarm is in somebody's hands, as far as is known here: there may be more than there are lines."""
        return any(card.taken_by == account_id for board in self._boards.values() for card in board.cards.values())

    def has_open(self, authority_id: UUID, *sections: str) -> bool:
        """Whether anything stands in these sections of one authority's queue."""
        return any(card.section in sections for card in self._boards[authority_id].cards.values())

    def numbers(self, authorities: frozenset[UUID]) -> Numbers:
        """Return what the head of the desk shows."""
        boards = [self._boards[authority] for authority in authorities]
        tallies = [(board, board.tally()) for board in boards]
        strangers = sum(tally.strangers for _, tally in tallies)
        waiting = sum(tally.waiting for _, tally in tallies)
        # In a flood of unknown senders they go on ringing, but they do not drown out whom we know.
        calling = sum(tally.ringing + board.open_beyond for board, tally in tallies if board.is_intake)
        urged = any(tally.urged and not (board.is_intake and calling > LARGEST_STRANGERS) for board, tally in tallies)
        on_duty = {
            subscriber.account_id
            for audience in self._audiences.values()
            if audience.authorities & authorities
            for subscriber in audience.subscribers
            if not subscriber.is_cover
        }
        return Numbers(
            waiting=waiting,
            oldest=min((tally.oldest for _, tally in tallies if tally.oldest is not None), default=None),
            open=sum(tally.open + board.open_beyond for board, tally in tallies),
            on_duty=len(on_duty),
            trouble=any(board.down for board in boards),
            strangers=strangers,
            known_waiting=sum(tally.waiting for board, tally in tallies if not board.is_intake),
            ringing=sum(tally.ringing for _, tally in tallies),
            urged=urged,
            on_call=tuple(sorted({call for _, tally in tallies for call in tally.on_call})),
            again_to=tuple(sorted({account for _, tally in tallies for account in tally.again_to})),
            offered_to=tuple(sorted({account for _, tally in tallies for account in tally.offered_to})),
        )

    def on_duty(self, authority_id: UUID) -> frozenset[UUID]:
        """Return the accounts with a desk open on this authority."""
        return frozenset(
            subscriber.account_id
            for subscriber in self._subscribers()
            if authority_id in subscriber.audience.authorities and not subscriber.is_cover
        )

    def at_desks(self) -> frozenset[UUID]:
        """Return every account with a desk open."""
        return frozenset(subscriber.account_id for subscriber in self._subscribers() if not subscriber.is_cover)

    # What goes on by itself.

    async def send(self) -> None:
        """Send changes on, for ever."""
        last = last_ordinary = -ORDINARY_SECONDS
        while True:
            await self._news.wait()
            now = self._clock.monotonic()
            ordinary_at = last_ordinary + ORDINARY_SECONDS
            due = min(ordinary_at, last + URGENT_SECONDS) if self._urgent else ordinary_at
            if due > now:
                # An urgent one may come meanwhile; look again no later than it could be sent.
                await asyncio.sleep(min(due - now, URGENT_SECONDS / 2))
                continue
            last = now
            put, gone, self._urgent = self._urgent, {}, {}
            if ordinary_at <= now:
                last_ordinary = now
                put, gone = self._put | put, self._gone
                self._put, self._gone = {}, {}
            if not self._put and not self._gone:
                self._news.clear()
            try:
                self._send(list(put.values()), list(gone))
            except Exception as error:  # one bad line must not silence every desk; whole readings come round again
                log.error("an update was not sent", **describe_error(error))

    async def mark_presented(self) -> None:
        """Note, for ever and in batches, which alarms have been shown."""
        while True:
            await self._shown_news.wait()
            await asyncio.sleep(PRESENT_SECONDS)
            self._shown_news.clear()
            shown, self._shown = self._shown, {}
            for authority_id, ids in shown.items():
                try:
                    await self._source.mark_presented(self._authorities[authority_id], sorted(ids))
                except Exception as error:  # the next whole reading finds them unshown still, and tries again
                    log.warning(
                        "presented alarms were not marked", authority=str(authority_id), **describe_error(error)
                    )

    def _spread(self, news: News) -> None:
        for alarm, card in news.urgent.items():
            self._forget(alarm)
            self._urgent[alarm] = card
        for alarm, card in news.put.items():
            # One that has not been sent yet keeps its right of way.
            lane = self._urgent if card.urgent and alarm in self._urgent else self._put
            self._forget(alarm)
            lane[alarm] = card
        for alarm in news.gone:
            self._forget(alarm)
            self._gone[alarm] = None
        self._news.set()

    def _forget(self, alarm: UUID) -> None:
        for waiting in (self._urgent, self._put, self._gone):
            waiting.pop(alarm, None)

    def _send(self, put: Sequence[Card], gone: Sequence[UUID]) -> None:
        self._sequence += 1
        now = self._clock.now()
        for audience in self._audiences.values():
            mine = [card for card in put if card.authority in audience.authorities]
            placed, removed = audience.change(mine, gone, self._sequence)
            numbers = self.numbers(audience.authorities)
            refill = audience.view.runs_dry
            if not (refill or placed or removed or numbers != audience.told):
                continue
            audience.told = numbers
            if refill:
                audience.refill(self._open_in(audience.authorities), self._sequence)
            if not audience.subscribers:
                continue
            if refill:
                message = audience.message_all(numbers, now)
                placed = audience.view.cards
            else:
                message = audience.message_change(placed, removed, numbers, now)
            of_numbers = audience.message_beat(numbers, now)
            for subscriber in audience.subscribers:
                subscriber.push(message if subscriber.has_queue else of_numbers)
            if any(subscriber.has_queue for subscriber in audience.subscribers):
                self._note_shown(placed)

    def _note_shown(self, cards: Iterable[Card]) -> None:
        for card in cards:
            if self._boards[card.authority].note_shown(card.alarm):
                self._shown.setdefault(card.authority, set()).add(card.alarm)
                self._shown_news.set()

    def _audience(self, authorities: frozenset[UUID], language: Language, named: frozenset[UUID]) -> Audience:
        key = (authorities, named, language)
        audience = self._audiences.get(key)
        if audience is None:
            if len(self._audiences) >= LARGEST_CHOICE:
                self._audiences = {key: one for key, one in self._audiences.items() if one.subscribers}
            cards = self._open_in(authorities)
            audience = Audience(authorities, language, self._epoch, self._sequence, cards, named=named)
            self._audiences[key] = audience
        return audience

    def _open_in(self, authorities: frozenset[UUID]) -> Iterable[Card]:
        return chain.from_iterable(self._boards[authority].cards.values() for authority in authorities)

    def _subscribers(self) -> list[Subscriber]:
        return [subscriber for audience in self._audiences.values() for subscriber in audience.subscribers]
