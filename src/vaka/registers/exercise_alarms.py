# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The alarms of an authority's exercises as its own log has them (term 36): when each came, was shown, taken, closed.

Nothing here is read from an alarm: what the log says is what both sides can prove afterwards, and it names nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from vaka.database.connections import Connection
from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf
from vaka.ledger.search import Wanted, find_entries, identifier_in

SINCE = timedelta(days=731)
"""How far back exercises' alarms are looked for: this year's exercises and last year's."""
MOST_ENTRIES = 2000
MOST_LISTED = 60
"""Alarms that are listed, of all exercises together; the others are counted."""
_EVENTS = (
    Event.EXERCISE_ALARM_RAISED, Event.EXERCISE_ALARM_TAKEN, Event.EXERCISE_ALARM_CLOSED, Event.EXERCISE_ALARM_REAL,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExerciseAlarm:
    """What became of one alarm of an exercise."""

    exercise: UUID
    id: str
    raised_at: datetime
    shown_at: datetime | None = None
    taken_at: datetime | None = None
    closed_at: datetime | None = None
    real_at: datetime | None = None
    """Since when it counts as a real one: its device was heard outside the exercise."""


@dataclass(frozen=True, slots=True)
class ExerciseAlarms:
    """The alarms of one exercise: the first that came, and how many there were."""

    listed: tuple[ExerciseAlarm, ...]
    raised: int
    taken: int
    closed: int
    real: int


async def list_exercise_alarms(tenant: Connection, size: int, now: datetime) -> Mapping[UUID, ExerciseAlarms]:
    """Return by exercise what the log at ``size`` says of its alarms (as portal, in the authority's database)."""
    wanted = Wanted(now - SINCE, now + timedelta(days=1), [one.value for one in _EVENTS])
    hits = await find_entries(tenant, wanted, size=size, most=MOST_ENTRIES)
    alarms = follow(hit.leaf for hit in reversed(hits) if hit.leaf is not None and hit.agrees)
    newest = sorted(alarms.values(), key=lambda one: one.raised_at, reverse=True)[:MOST_LISTED]
    shown = {one.id: await _find_shown(tenant, one, size, now) for one in newest}
    found: dict[UUID, ExerciseAlarms] = {}
    for exercise in {one.exercise for one in alarms.values()}:
        own = [one for one in alarms.values() if one.exercise == exercise]
        found[exercise] = ExerciseAlarms(
            tuple(replace(one, shown_at=shown[one.id]) for one in own if one.id in shown), len(own),
            sum(one.taken_at is not None for one in own), sum(one.closed_at is not None for one in own),
            sum(one.real_at is not None for one in own),
        )  # fmt: skip
    return found


def follow(leaves: Iterable[Leaf]) -> dict[str, ExerciseAlarm]:
    """Return what became of each alarm, by its identifier, from its entries in their order. What has no beginning in
    them, since that was removed for its age, is left out.
    """
    alarms: dict[str, ExerciseAlarm] = {}
    for leaf in leaves:
        alarm, exercise = str(leaf.detail.get("alarm", "")), identifier_in(leaf.object or "")
        known = alarms.get(alarm)
        if leaf.event == Event.EXERCISE_ALARM_RAISED.value and exercise is not None:
            alarms.setdefault(alarm, ExerciseAlarm(exercise, alarm, leaf.at))
        elif known is None:
            continue
        elif leaf.event == Event.EXERCISE_ALARM_TAKEN.value:
            alarms[alarm] = replace(known, taken_at=known.taken_at or leaf.at)
        elif leaf.event == Event.EXERCISE_ALARM_CLOSED.value:
            alarms[alarm] = replace(known, closed_at=leaf.at)
        else:
            alarms[alarm] = replace(known, real_at=leaf.at)
    return alarms


async def _find_shown(tenant: Connection, alarm: ExerciseAlarm, size: int, now: datetime) -> datetime | None:
    wanted = Wanted(
        alarm.raised_at - timedelta(minutes=5), now + timedelta(days=1), [Event.ALARM_PRESENTED.value],
        object=f"alarm:{alarm.id}",
    )  # fmt: skip
    hits = await find_entries(tenant, wanted, size=size, most=1)
    return hits[0].leaf.at if hits and hits[0].leaf is not None else None
