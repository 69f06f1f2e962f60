# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One device: sends what happened and does not give up before somebody has it."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from vaka.clock import Clock
from vaka.scaip.body import Mrs
from vaka.simulate.causes import NoAnswerError
from vaka.simulate.device_file import DeviceRecord
from vaka.simulate.links import Link
from vaka.simulate.reports import Report
from vaka.simulate.tally import Tally
from vaka.simulate.writing import Writer
from vaka.sip.fields import read_number

_LONGEST_RETRY_AFTER = 120


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long a device keeps trying."""

    attempts: int = 6
    """Transactions for one report before it counts as lost; a 401 that is answered does not count."""
    pause_seconds: float = 2.0
    """Between two attempts, give or take a half; a 503 with Retry-After is obeyed instead."""
    confirmation_seconds: float = 8.0
    """How long the `<mrs>` is waited for before the report is sent again."""
    confirmation_attempts: int = 2
    """How often a report that was answered 200 is sent again because its `<mrs>` never came."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one report."""

    report: Report
    ref: str
    status: int | None
    """The last answer; None where none came."""
    seconds: float
    """From the first byte sent to the last answer."""
    mrs: Mrs | None

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(slots=True)
class _Attempts:
    """What came of the latest attempt to send one report, also when it is stopped."""

    status: int | None = None
    cause: str = ""
    """Why there was no answer."""


class Device:
    """A simulated device. Its reports may overlap, as those of a real one with several triggers do."""

    def __init__(
        self,
        record: DeviceRecord,
        link: Link,
        host: str,
        *,
        references: Iterator[str],
        tally: Tally,
        clock: Clock,
        chance: Random,
        persistence: Persistence = Persistence(),
    ) -> None:
        self.record = record
        self._link = link
        self._references = references
        self._writer = Writer(record, host, chance)
        self._tally = tally
        self._clock = clock
        self._chance = chance
        self._persistence = persistence

    async def report(self, report: Report) -> Outcome:
        """Send ``report`` until it is answered and confirmed, or all attempts are used up. Never raises."""
        ref = next(self._references)
        body = self._writer.body(report, ref)
        confirmation = self._link.expect(ref)
        begun = self._clock.monotonic()
        self._tally.begin()
        attempts, finished = _Attempts(), False
        try:
            await self._send_until_answered(body, attempts)
            seconds = self._clock.monotonic() - begun
            self._tally.answer(report, attempts.status, seconds)
            finished = True  # what still may come is the confirmation of what the receiver has
            mrs = await self._await_confirmation(report, attempts.status, body, confirmation)
        finally:
            self._link.forget(ref)
            self._tally.end(finished=finished, cause=attempts.cause)
        self._tally.confirm(mrs)
        return Outcome(report, ref, attempts.status, seconds, mrs)

    async def _send_until_answered(self, body: bytes, attempts: _Attempts) -> None:
        for attempt in range(self._persistence.attempts):
            if attempt:
                self._tally.try_again()
            pause = self._persistence.pause_seconds * self._chance.uniform(0.5, 1.5)
            try:
                attempts.status, retry_after = await self._send(body)
            except NoAnswerError as error:
                attempts.status, attempts.cause = None, str(error)
            else:
                attempts.cause = ""
                if attempts.status != 503:
                    return
                self._tally.busy += 1
                if retry_after is not None:
                    pause = retry_after + self._chance.uniform(0.0, 1.0)
            if attempt + 1 < self._persistence.attempts:
                await asyncio.sleep(pause)

    async def _send(self, body: bytes) -> tuple[int, float | None]:
        """One transaction, or two where the receiver asks who we are. Return the status and Retry-After."""
        call_id = self._writer.new_call_id()
        sent_by = await self._link.open()
        response = await self._link.ask(call_id, self._writer.message(body, call_id, sent_by))
        for _ in range(2):  # a nonce may have become stale meanwhile
            if response.status != 401 or not self._writer.heed(response):
                break
            response = await self._link.ask(call_id, self._writer.message(body, call_id, sent_by))
        stated = read_number((response.headers.first("retry-after") or "").partition(";")[0].strip(), digits=6)
        return response.status, None if stated is None else min(stated, _LONGEST_RETRY_AFTER)

    async def _await_confirmation(
        self, report: Report, status: int | None, body: bytes, confirmation: "asyncio.Future[Mrs]"
    ) -> Mrs | None:
        """A device that is told nothing more sends its alarm again, with the same reference; a heartbeat is let be."""
        if status is None or not 200 <= status < 300:
            return None
        again = 0 if report is Report.HEARTBEAT else self._persistence.confirmation_attempts
        for attempt in range(again + 1):
            if attempt:
                self._tally.try_again()
                with suppress(NoAnswerError):
                    await self._send(body)
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(confirmation), self._persistence.confirmation_seconds)
        return None
