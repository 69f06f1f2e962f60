# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A trial alarm for every authority, round by round, and what became of each: told to the platform, and Prometheus."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from vaka.clock import Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.errors import ConfigurationError
from vaka.keys.identities import open_identities
from vaka.logs import describe_error
from vaka.metrics import Durations, Level
from vaka.operations.trials.standing import FINE, Trial, TrialOutcome, report_trial
from vaka.tenants.authorities import QUERIES, Authority, list_authorities
from vaka.tenants.gateway import Gateway
from vaka.tenants.trial_credentials import read_trial_device
from vaka.trial.sending import Known, Way, try_alarm

AT_ONCE = 16
"""Trials on their way at the same time: what real alarms notice nothing of."""
REST_SECONDS = 3600.0
"""Where a trial was taken for a real alarm, operators see it: the next one waits, and it stays red meanwhile."""
RESTING = frozenset({TrialOutcome.REAL, TrialOutcome.UNRECORDED})
"""What was answered and is not where it has to be, may be before somebody's eyes elsewhere: at the reception, say."""
SETTLED = timedelta(seconds=30)
"""By when every receiver knows a device that was registered, and takes what it sends for nobody else's."""
KnownDevices = Mapping[tuple[UUID, str], UUID | None]
"""By authority and sender; None where it was registered just now."""


class Trials(Collector):
    """Makes the rounds. What fails is logged once, until it changes."""

    def __init__(
        self, gateway: Gateway, platform: Pool, credentials: Path, open_way: Callable[[], Way], clock: Clock,
        settled: timedelta = SETTLED, *, machine: str,
    ) -> None:  # fmt: skip
        """`machine` is what this one calls itself: another may send as well, and each tells of its own."""
        self._gateway, self._platform, self._credentials = gateway, platform, credentials
        self._open_way, self._clock = open_way, clock
        self._settled, self._machine = settled, machine
        self._rests: dict[UUID, tuple[float, TrialOutcome]] = {}
        self._told: dict[UUID, TrialOutcome] = {}
        self._finished_at: float | None = None
        self._seconds = Durations("vaka_trial_seconds", "Trial alarm sent to seen by what feeds the desks.")

    async def make_round(self) -> int:
        """Send one for each authority that is served; return how many did not come through."""
        try:
            async with transaction(self._platform) as connection:
                served = [one for one in await list_authorities(connection) if not one.is_intake]
                known = await self._list_known(connection)
        except Exception as error:  # of whatever kind: nothing is told, and that is red
            structlog.get_logger().error("round failed", reason="directory", **describe_error(error))
            return 0
        self._gateway.admit(served)
        way, limit = await self._find_way(), asyncio.Semaphore(AT_ONCE)

        async def visit(authority: Authority) -> bool:
            async with limit:
                return await self._try(way, authority, known)

        failed = sum(await asyncio.gather(*map(visit, served)))
        self._told = {one.id: self._told[one.id] for one in served if one.id in self._told}
        self._finished_at = self._clock.now().timestamp()
        return failed

    def collect(self) -> Iterator[Metric]:
        """Yield the figures for Prometheus; none names anybody."""
        yield from self._seconds.collect()
        if self._finished_at is not None:
            at, told = self._finished_at, list(self._told.values())
            failing = sum(one not in FINE for one in told)
            yield from Level("vaka_trials", "Authorities with trial alarms.", lambda: len(told)).collect()
            yield from Level("vaka_trials_failing", "Of those, whose newest failed.", lambda: failing).collect()
            yield from Level("vaka_trials_finished_timestamp_seconds", "When a round ended.", lambda: at).collect()

    async def _find_way(self) -> Way | None:
        """Look up where receivers are, anew each time: names change their addresses, and issuers their certificates."""
        try:
            return await asyncio.to_thread(self._open_way)
        except ConfigurationError as error:
            structlog.get_logger().error("no way to the receivers", reason=error.sentence.en)
            return None

    async def _list_known(self, platform: Connection) -> KnownDevices:
        """Look up which devices receivers let in, and which of them every receiver knows by now: what others send goes
        to the reception.
        """
        before, rows = self._clock.now() - self._settled, await platform.execute(QUERIES["list_trial_devices"])
        return {
            (authority, sender): device if since <= before else None
            for authority, device, sender, since in await rows.fetchall() if since is not None
        }  # fmt: skip

    async def _try(self, way: Way | None, authority: Authority, known: KnownDevices) -> bool:
        """Send one, and tell what became of it; return whether it failed."""
        try:
            trial = await self._send(way, authority, known)
            if trial.seen_ms is not None:
                self._seconds.add(trial.seen_ms / 1000)
            self._note(authority.id, trial)
            async with transaction(self._platform) as connection:
                await report_trial(connection, self._machine, authority.id, trial)
        except Exception as error:  # one authority's trouble, of whatever kind, is not the others'
            structlog.get_logger().error(
                "trial not told", authority=str(authority.id), **describe_error(error)
            )  # fmt: skip
            return True
        return trial.outcome not in FINE

    async def _send(self, way: Way | None, authority: Authority, known: KnownDevices) -> Trial:
        rests_until, outcome = self._rests.get(authority.id, (0.0, TrialOutcome.WELL))
        if self._clock.monotonic() < rests_until:
            return Trial(outcome)
        device = await asyncio.to_thread(read_trial_device, self._credentials, authority)
        if device is None:
            return Trial(TrialOutcome.UNPREPARED)
        identities = await asyncio.to_thread(open_identities, self._credentials)
        sender = identities.blind(device.number)
        if (authority.id, sender) not in known:
            return Trial(TrialOutcome.UNPREPARED)
        device_id = known[authority.id, sender]
        if device_id is None:
            return Trial(TrialOutcome.SETTLING)
        if way is None:
            return Trial(TrialOutcome.UNANSWERED)
        connect = partial(self._gateway.open_own_connection, authority.id, "look")
        trial = await try_alarm(way, device, Known(device_id, sender), connect, self._clock)
        if trial.outcome in RESTING:
            self._rests[authority.id] = self._clock.monotonic() + REST_SECONDS, trial.outcome
        return trial

    def _note(self, authority_id: UUID, trial: Trial) -> None:
        outcome = trial.outcome
        before = self._told.get(authority_id, TrialOutcome.WELL)
        self._told[authority_id] = outcome
        if outcome is not before:
            tell = structlog.get_logger().info if outcome in FINE else structlog.get_logger().error
            tell("trial alarm", authority=str(authority_id), state=outcome.value, reason=trial.cause)
