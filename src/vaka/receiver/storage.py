# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""All lanes of all authorities: who may still come in, who has waited too long, and what each is answered.

Life alarms have everything of their own: queue, connection, and turns to write. Nothing another lane does can take any
of it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from vaka.database.connections import Connection
from vaka.logs import describe_error
from vaka.receiver.channel import Channel
from vaka.receiver.countdown import Countdown
from vaka.receiver.counters import Reason
from vaka.receiver.exchange import Exchange
from vaka.receiver.lanes import Arrival
from vaka.receiver.limits import Lane
from vaka.receiver.surroundings import Surroundings
from vaka.receiver.writer import Writer

_log = structlog.get_logger()

_LIFE_IDLE_SECONDS = 900.0
_OTHER_IDLE_SECONDS = 60.0
"""With hundreds of authorities, connections that nobody uses would fill the server."""

Connect = Callable[[UUID, str], Awaitable[Connection]]
"""Opens a connection of its own to an authority's database, for a named purpose."""


@dataclass(slots=True)
class _Share:
    """What one authority has in one lane: found once for each message, for an identifier is slow to look up."""

    writer: Writer
    count: int = 0
    """Messages waiting or being stored."""
    size: int = 0
    """Bytes of their bodies."""


class Storage:
    """Takes messages in, and answers each exactly once: 200 after its commit, or 503 when that is not in sight."""

    def __init__(
        self,
        connect: Connect,
        confirm: Callable[[Exchange, bytes], None],
        *,
        receiver: str,
        deadline_seconds: float,
        retry_after_seconds: int,
        around: Surroundings,
    ) -> None:
        self.inside: Counter[Lane] = Counter(dict.fromkeys(Lane, 0))
        """Messages waiting or being stored."""
        self._bytes: Counter[Lane] = Counter(dict.fromkeys(Lane, 0))
        self._shares: dict[tuple[UUID, Lane], _Share] = {}
        self._connect = connect
        self._confirm = confirm
        self._receiver = receiver
        self._retry_after = (("Retry-After", str(retry_after_seconds)),)
        self._around = around
        self._counters = around.counters
        self._clock = around.clock
        self._limits = limits = around.limits
        self._deadline: Countdown[Arrival] = Countdown(deadline_seconds)
        self._shed = {
            lane: Countdown[Arrival](bounds.shed_after_seconds)
            for lane, bounds in limits.lanes.items()
            if bounds.shed_after_seconds is not None and bounds.shed_after_seconds < deadline_seconds
        }
        self._life_turns = asyncio.Semaphore(limits.life_batches)
        self._other_turns = asyncio.Semaphore(limits.other_batches)
        self._writers: dict[tuple[UUID, bool], Writer] = {}

    def offer(self, arrival: Arrival) -> bool:
        """Take a message in to be stored, or answer 503 where its lane is full; return whether it was taken."""
        lane, bounds = arrival.lane, self._limits.lanes[arrival.lane]
        share = self._share(arrival.authority_id, lane)
        if (
            self.inside[lane] >= bounds.capacity
            or share.count >= bounds.authority_capacity
            or self._bytes[lane] >= bounds.capacity_bytes
            or share.size >= bounds.capacity_bytes // 2
        ):
            self.refuse(arrival.exchange, Reason.LANE_FULL)
            return False
        if share.writer.queues[lane].waiting_of(arrival.key) >= self._limits.waiting_per_person:
            self.refuse(arrival.exchange, Reason.PERSON_BUSY)
            return False
        self.inside[lane] += 1
        self._bytes[lane] += arrival.size
        share.count += 1
        share.size += arrival.size
        share.writer.add(arrival)
        self._deadline.add(arrival, arrival.arrived_at)
        if lane in self._shed:
            self._shed[lane].add(arrival, arrival.arrived_at)
        return True

    def channel(self, authority_id: UUID) -> Channel:
        """Return the authority's connection for everything that is not a life alarm."""
        return self._writer(authority_id, life=False).channel

    def sweep(self, now: float) -> None:
        """Answer those that have waited too long; ``now`` in monotonic seconds. Call it every few hundredths."""
        for countdown in self._shed.values():
            for arrival in countdown.due(now):
                if arrival.queue is not None:
                    self._expire(arrival, Reason.SHED)
        for arrival in self._deadline.due(now):
            if not arrival.is_answered:
                self._expire(arrival, Reason.DEADLINE)

    async def close_idle(self) -> None:
        """Close connections that nobody has used for a while."""
        for (_, life), writer in list(self._writers.items()):
            await writer.channel.close_idle(_LIFE_IDLE_SECONDS if life else _OTHER_IDLE_SECONDS)

    async def tell_clock_state(self) -> None:
        """Let every open connection know how well our clock keeps time."""
        for writer in list(self._writers.values()):
            await writer.channel.tell_clock_state()

    async def drain(self, seconds: float) -> None:
        """Wait until everything is answered, but no longer than ``seconds``; what is left is answered 503."""
        until = self._clock.monotonic() + seconds
        while sum(self.inside.values()) and self._clock.monotonic() < until:
            await asyncio.sleep(0.01)
            self.sweep(self._clock.monotonic())
        for arrival in self._deadline.due(float("inf")):
            if not arrival.is_answered:
                self._expire(arrival, Reason.STOPPING)

    async def close(self) -> None:
        """Stop every writer."""
        await asyncio.gather(*(writer.close() for writer in self._writers.values()))

    def refuse(self, exchange: Exchange, reason: Reason) -> None:
        """Answer 503: the device repeats, or turns to its next receiver."""
        if not exchange.answered:
            self._counters.refusals.add(reason)
            exchange.answer(503, self._retry_after)

    def _expire(self, arrival: Arrival, reason: Reason) -> None:
        """Answer, and take out of the queue; one that is on its way to the database may still be stored."""
        self.refuse(arrival.exchange, reason)
        if arrival.queue is not None:
            arrival.queue.remove(arrival)
            self._leave(arrival)

    def _finished(self, arrival: Arrival, outcome: str) -> None:
        """What a crash before this line means: the device has no answer, asks again, and is told that we have it."""
        self._counters.stored.add(outcome)
        life = arrival.lane is Lane.LIFE
        try:
            if arrival.is_answered:
                # Its 503 went out first. Nothing is lost: the device sends it again, and it is a repeat.
                self._counters.late.add("life" if life else "other")
            else:
                arrival.exchange.answer(200)
                if life:
                    self._counters.answer_seconds.add(self._clock.monotonic() - arrival.arrived_at)
                self._confirm(arrival.exchange, arrival.confirmation)
        except Exception as error:  # one message's fault must not leave the rest of its batch without answers
            self._counters.refusals.add(Reason.INTERNAL)
            _log.error("answer_failed", lane=arrival.lane, **describe_error(error))
        finally:
            self._leave(arrival)

    def _refused(self, arrival: Arrival, reason: Reason) -> None:
        self.refuse(arrival.exchange, reason)
        self._leave(arrival)

    def _leave(self, arrival: Arrival) -> None:
        self.inside[arrival.lane] -= 1
        self._bytes[arrival.lane] -= arrival.size
        share = self._share(arrival.authority_id, arrival.lane)
        share.count -= 1
        share.size -= arrival.size
        # It stays in a countdown for a while, but its content is of no more use.
        arrival.row = {}
        arrival.exchange.let_go()

    def _share(self, authority_id: UUID, lane: Lane) -> _Share:
        share = self._shares.get((authority_id, lane))
        if share is None:
            share = self._shares[authority_id, lane] = _Share(self._writer(authority_id, lane is Lane.LIFE))
        return share

    def _writer(self, authority_id: UUID, life: bool) -> Writer:
        writer = self._writers.get((authority_id, life))
        if writer is None:
            lanes = {lane: bounds for lane, bounds in self._limits.lanes.items() if (lane is Lane.LIFE) == life}
            purpose = "life" if life else "other"
            writer = self._writers[authority_id, life] = Writer(
                lanes,
                Channel(lambda: self._connect(authority_id, purpose), self._clock),
                self._life_turns if life else self._other_turns,
                receiver=self._receiver,
                finished=self._finished,
                refused=self._refused,
                around=self._around,
            )
        return writer
