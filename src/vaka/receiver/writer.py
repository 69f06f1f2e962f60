# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Storing: takes what waits, sends it as one batch, and says what became of each message.

The load itself makes the batches: while one is under way the next gathers, and after it the writer rests for twice as
long as it took. On a busy machine batches take longer, so more messages share one and cost the database half as much;
on an idle one the rest is over before the next message comes. One transaction per batch; nothing is answered before it
has committed.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import orjson
import psycopg
import structlog

from vaka.database.connections import DatabaseUnavailableError
from vaka.database.queries import load_queries
from vaka.logs import describe_error
from vaka.receiver.channel import Channel, InterruptedStatementError
from vaka.receiver.counters import Reason
from vaka.receiver.lanes import Arrival, Turns
from vaka.receiver.limits import Lane, LaneLimits
from vaka.receiver.surroundings import Surroundings

_log = structlog.get_logger()

QUERIES = load_queries("vaka.receiver")

_LONGEST_PAUSE = 1.0
_RESTS = 2.0
"""The rest after a batch, in times what the batch took."""
_LONGEST_REST = 0.012
"""Seconds."""
_ENOUGH = 64
"""So many messages are a batch worth beginning at once."""
_ANSWERS_AT_ONCE = 32
"""Before others get their turn: a long batch of tests must not hold up the next life alarm."""
_DOUBTED_AFTER = 2
"""So many interruptions in a row of the statement that marks what is an exercise's: perhaps it is that which hangs."""
_DOUBTED_SECONDS = 60.0
"""So long nothing is marked then, and all is stored as real: people wait in the same lanes, behind every attempt."""


class Writer:
    """Empties some lanes of one authority over one connection, one batch at a time."""

    def __init__(
        self,
        lanes: Mapping[Lane, LaneLimits],
        channel: Channel,
        turn: asyncio.Semaphore,
        *,
        receiver: str,
        finished: Callable[[Arrival, str], None],
        refused: Callable[[Arrival, Reason], None],
        around: Surroundings,
    ) -> None:
        self.channel = channel
        self.queues = {lane: Turns() for lane in lanes}
        self._lanes = lanes
        self._name = "life" if Lane.LIFE in lanes else "other"
        self._turn = turn
        self._receiver = receiver
        self._finished = finished
        self._refused = refused
        self._counters = around.counters
        self._clock = around.clock
        self._news = asyncio.Event()
        self._rest_until = 0.0
        self._hung = 0  # interrupted attempts at marking, in a row
        self._doubted_until = float("-inf")
        self._task = asyncio.create_task(self._run(), name=f"writer-{self._name}")

    def add(self, arrival: Arrival) -> None:
        """Queue one message."""
        self.queues[arrival.lane].add(arrival)
        self._news.set()

    async def close(self) -> None:
        """Stop, whatever is under way, and close the connection."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.channel.close()

    async def _run(self) -> None:
        pause = 0.0
        while True:
            await self._news.wait()
            try:
                # Before our turn: a server that cannot be reached must not use up the turns of those that can.
                await self.channel.open()
                await self._rest()
                # Taken only when it is our turn: whatever arrived while we waited goes along.
                async with self._turn:
                    batch = self._take()
                    if not batch:
                        self._news.clear()
                        continue
                    begun = self._clock.monotonic()
                    await self._store(batch)
                    ended = self._clock.monotonic()
                    self._rest_until = ended + min(_RESTS * (ended - begun), _LONGEST_REST)
                pause = 0.0
            except (DatabaseUnavailableError, InterruptedStatementError):
                # Sent again as soon as there is a database: if the batch did commit, it is a repeat and answered so.
                self._counters.interruptions.add(self._name)
                pause = min(2 * pause + 0.05, _LONGEST_PAUSE)
                await asyncio.sleep(pause)
            except Exception as error:
                _log.error("writer_failed", lane=self._name, **describe_error(error))
                await asyncio.sleep(_LONGEST_PAUSE)

    async def _rest(self) -> None:
        early = self._rest_until - self._clock.monotonic()
        if early > 0 and sum(queue.size for queue in self.queues.values()) < _ENOUGH:
            await asyncio.sleep(early)

    def _take(self) -> list[Arrival]:
        batch: list[Arrival] = []
        persons: set[str] = set()
        for lane, queue in self.queues.items():
            if queue.size:
                batch += queue.take(self._lanes[lane].batch, persons)
        return batch

    async def _store(self, batch: list[Arrival]) -> None:
        began = self._clock.monotonic()
        # In one order everywhere, so that two receivers wait for each other instead of blocking each other.
        batch.sort(key=lambda arrival: arrival.key)
        try:
            outcomes = await self._send([arrival.row for arrival in batch])
        except (psycopg.Error, orjson.JSONEncodeError) as error:
            _log.warning("batch_refused", lane=self._name, count=len(batch), **describe_error(error))
            await self._store_one_by_one(batch)
            return
        except BaseException:
            self._put_back(batch)
            raise
        self._counters.batch_seconds.add(self._clock.monotonic() - began)
        for number, (arrival, outcome) in enumerate(zip(batch, outcomes, strict=True), start=1):
            if outcome is not None:
                self._finished(arrival, outcome)
            if number % _ANSWERS_AT_ONCE == 0:
                await asyncio.sleep(0)
        self._put_back([arrival for arrival, outcome in zip(batch, outcomes, strict=True) if outcome is None])

    async def _store_one_by_one(self, batch: list[Arrival]) -> None:
        """One message that the database refuses must not take the others with it."""
        while batch:
            arrival = batch[0]
            try:
                outcome = await self._store_alone(arrival)
            except BaseException:
                self._put_back(batch)
                raise
            batch.pop(0)
            if outcome is not None:
                self._finished(arrival, outcome)
            else:
                self._refused(arrival, Reason.NOT_STORABLE)

    async def _store_alone(self, arrival: Arrival) -> str | None:
        with suppress(psycopg.Error, orjson.JSONEncodeError):
            return (await self._send([arrival.row]))[0]
        # Never lost for being an exercise's: then it is shown as real, and answered as that.
        if arrival.row.pop("exercise_id", None) is not None:
            with suppress(psycopg.Error, orjson.JSONEncodeError):
                return (await self._send([arrival.row]))[0]
        _log.error("message_refused", lane=self._name)
        return None

    async def _send(self, rows: list[dict[str, object]]) -> list[str | None]:
        """Return the outcome of each row, in order; None for one the database said nothing about."""
        is_doubted = self._clock.monotonic() < self._doubted_until
        for place, row in enumerate(rows):
            row["place"] = place
            if is_doubted:
                row.pop("exercise_id", None)
        batch = orjson.dumps(rows)
        marks = any("exercise_id" in row for row in rows)
        accept = "accept_exercises" if marks else "accept_messages"
        try:
            found = dict(await self.channel.run(QUERIES[accept], (batch.decode(), self._receiver)))
        except InterruptedStatementError:
            self._hung += marks
            if self._hung >= _DOUBTED_AFTER:
                self._hung, self._doubted_until = 0, self._clock.monotonic() + _DOUBTED_SECONDS
                _log.warning("exercises_doubted", lane=self._name, seconds=_DOUBTED_SECONDS)
            raise
        if marks:
            self._hung = 0
        return [found.get(place) for place in range(len(rows))]

    def _put_back(self, batch: Sequence[Arrival]) -> None:
        """Queue again what still waits for its answer; the others have had theirs, and are let go."""
        for arrival in batch:
            if arrival.is_answered:
                self._refused(arrival, Reason.DEADLINE)
        for lane, queue in self.queues.items():
            queue.put_back([arrival for arrival in batch if arrival.lane is lane and not arrival.is_answered])
