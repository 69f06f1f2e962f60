# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How the trial alarms of each authority stand, and what they were like hour by hour."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.operations.trials")
TRIAL_SECONDS = 60.0
"""How often each authority has one. No setting: who could make it longer would turn red to green."""
TRIED_WITHIN = timedelta(seconds=2 * TRIAL_SECONDS)
"""Of whom none was tried for so long, nobody knows anything."""
MISSED_FOR = timedelta(days=1)
"""For how long a machine is missed that sends no more, where the settings name none."""


class TrialOutcome(StrEnum):
    """What became of a trial alarm."""

    WELL = "well"
    UNREACHABLE = "unreachable"  # the authority's database does not answer whoever would look there
    UNANSWERED = "unanswered"  # the receiver cannot be reached, does not prove who it is, or says nothing
    BUSY = "busy"  # it says that it cannot store anything
    REFUSED = "refused"  # it does not take the device for what it is
    UNCONFIRMED = "unconfirmed"  # it took the alarm, and the confirmation never came
    UNRECORDED = "unrecorded"  # it took the alarm, which does not stand in the authority's database, or not in its log
    UNSEEN = "unseen"  # it stands there, and what feeds the desks was not told
    REAL = "real"  # it was stored as a real one: a rule of the authority's makes tests something else
    UNPREPARED = "unprepared"  # there is no device to send it
    SETTLING = "settling"  # its device was registered just now, and none was ever sent: not every receiver knows it yet
    SILENT = "silent"  # of several machines that send them, one has sent none lately; said of all of them, told by none


NOT_TRIED = frozenset({TrialOutcome.SETTLING, TrialOutcome.UNPREPARED})
"""What is told where none was sent."""
FINE = frozenset({TrialOutcome.WELL, TrialOutcome.SETTLING})


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial alarm, and how long it took; where it did not come so far, there is nothing to say."""

    outcome: TrialOutcome
    answered_ms: int | None = None
    seen_ms: int | None = None
    cause: str = field(default="", compare=False)
    """Why no answer came, in a sentence for the log of whoever sends; it is told nowhere else."""


@dataclass(frozen=True, slots=True)
class TrialStanding:
    """The newest of one authority: that of a machine, or of all that send them together."""

    authority_id: UUID
    machine: str
    tried_at: datetime
    outcome: TrialOutcome
    since: datetime
    """Since when they come through, or do not."""
    well_at: datetime | None
    """When one came through last."""
    answered_ms: int | None
    seen_ms: int | None
    created_at: datetime
    """When the authority came to be."""

    def is_current(self, now: datetime) -> bool:
        """Whether it was tried lately; otherwise nobody knows."""
        return abs(now - self.tried_at) <= TRIED_WITHIN

    @property
    def is_untried(self) -> bool:
        """Whether none was ever sent that could have come through."""
        return self.well_at is None and self.outcome in NOT_TRIED


@dataclass(frozen=True, slots=True)
class TrialHour:
    """The trial alarms of one hour."""

    hour: datetime
    tried: int
    failed: int
    slowest_ms: int | None
    total_ms: int
    """Of those that came through, together."""

    @property
    def usual_ms(self) -> int | None:
        """How long one took on the average; None where none came through."""
        well = self.tried - self.failed
        return round(self.total_ms / well) if well else None


def combine(standings: Sequence[TrialStanding], now: datetime, named: Collection[str] = ()) -> TrialStanding | None:
    """Return how one authority's stand, by what every machine told that sends them; None where nobody told anything.

    What does not come through from one machine does not come through, nor where one is silent that has to send: each
    that is `named`, or, where none is, each that told within a day. Where all come through, it is the slowest.
    """
    if not standings:
        return None
    current = [one for one in standings if one.is_current(now)]
    newest, well_at = max(standings, key=lambda one: one.tried_at), [one.well_at for one in standings if one.well_at]
    if not current:
        said = newest
    elif wrong := [one for one in current if one.outcome not in FINE]:
        said = min(wrong, key=lambda one: one.since)
    elif silent_since := _list_silent(standings, now, named):
        since = min(silent_since)
        said = replace(newest, outcome=TrialOutcome.SILENT, since=since, answered_ms=None, seen_ms=None)
    elif well := [one for one in current if one.outcome is TrialOutcome.WELL]:
        slowest = max(well, key=lambda one: one.seen_ms or 0)
        said = replace(slowest, since=max(one.since for one in well))
    else:
        said = newest
    return replace(said, tried_at=newest.tried_at, well_at=max(well_at, default=None))


def _list_silent(standings: Sequence[TrialStanding], now: datetime, named: Collection[str]) -> Sequence[datetime]:
    """Return since when each machine is silent that has to send. Of one that never told nobody knows since when: as of
    now, and not while the authority is new.
    """
    told = {one.machine: one.tried_at for one in standings}
    expected = set(named) or {machine for machine, at in told.items() if at > now - MISSED_FOR}
    silent = expected - {one.machine for one in standings if one.is_current(now)}
    is_new = any(abs(now - one.created_at) <= TRIED_WITHIN for one in standings)
    return [told.get(machine, now) for machine in silent if machine in told or not is_new]


async def report_trial(platform: Connection, machine: str, authority_id: UUID, trial: Trial) -> None:
    """Tell what became of one that a machine sent (as trial); when that was, is the database's clock."""
    told = {"authority": authority_id, "machine": machine, "outcome": trial.outcome.value,
            "answered": trial.answered_ms, "seen": trial.seen_ms}  # fmt: skip
    await platform.execute(QUERIES["report_trial"], told)


async def list_trials(platform: Connection, authority_id: UUID | None = None) -> Sequence[TrialStanding]:
    """Return how those of one authority stand, or those of all, machine by machine (as office or portal)."""
    cursor = await platform.execute(QUERIES["list_trials"], {"authority": authority_id})
    return [
        TrialStanding(authority, machine, tried_at, TrialOutcome(outcome), since, well_at, answered, seen, created_at)
        for authority, machine, tried_at, outcome, since, well_at, answered, seen, created_at in await cursor.fetchall()
    ]


async def list_trial_hours(
    platform: Connection, since: datetime, authority_id: UUID | None = None
) -> Sequence[TrialHour]:
    """Return the hours in which there were any, oldest first (as office or portal)."""
    async with platform.cursor(row_factory=class_row(TrialHour)) as cursor:
        await cursor.execute(QUERIES["list_trial_hours"], {"authority": authority_id, "since": since})
        return await cursor.fetchall()
