# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Crisis exercises (term 36): what an authority asked for, how far it has come, and whose turn it is.

An exercise is no entry of a register: two sides write of it, each in its own process, and neither for the other. Its
lessons become entries, of the register of shortcomings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.registers.store import QUERIES

EARLY = timedelta(minutes=30)
"""So long before its hour an exercise can begin."""
NEEDED = timedelta(hours=4)
"""Half a day in the calendar year."""

Side = Literal["office", "portal"]
State = Literal["withdrawn", "asked", "refused", "lapsed", "planned", "agreed", "running", "held", "closed"]
Turn = Literal["office", "portal", "both", "nobody"]


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise, as the database tells of it at one second."""

    id: UUID
    authority_id: UUID
    year: int
    """The calendar year that it is asked for."""
    wanted: str
    wished: str
    """When in the year."""
    asked_by: UUID
    asked_at: datetime
    answer_by: datetime
    """When a plan is owed, where none waits or is agreed."""
    withdrawn_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    office_takes_part: str | None
    portal_takes_part: str | None
    injects: str | None
    planned_at: datetime | None
    agreed_by: UUID | None
    agreed_at: datetime | None
    refused_at: datetime | None
    refusal: str | None
    """Why another plan is asked for."""
    begun_at: datetime | None
    ended_at: datetime | None
    """None also where it ended by itself, at its hour."""
    office_present: int | None
    """How many of the supplier were there; None until it has said so."""
    portal_present: int | None
    closed_at: datetime | None
    digest: str | None
    """SHA-256 (hex) of the plan: what is agreed to, and begun."""
    seconds: int
    """For how long it has been held and both sides were there."""
    owes_plan: bool
    """Whether the supplier owes a plan."""

    @property
    def over_at(self) -> datetime | None:
        """When it ended, or ends by itself; None before it is planned."""
        return self.ended_at or self.ends_at

    @property
    def held(self) -> timedelta:
        """For how long it has been held and both sides were there."""
        return timedelta(seconds=self.seconds)

    def state(self, now: datetime) -> State:
        """Return how far it has come. ``lapsed``: the day of the plan went by, and nobody had agreed or begun."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.closed_at is not None:
            return "closed"
        if self.begun_at is not None:
            return "running" if self.over_at is not None and now < self.over_at else "held"
        if self.planned_at is None:
            return "asked"
        if self.refused_at is not None:
            return "refused"
        if self.owes_plan:
            return "lapsed"
        return "planned" if self.agreed_at is None else "agreed"

    def turn(self, now: datetime) -> Turn:
        """Return who does the next thing."""
        state = self.state(now)
        if state in ("withdrawn", "closed"):
            return "nobody"
        if state == "held" and self.portal_present is None:
            return "both" if self.office_present is None else "portal"
        return "both" if state == "running" else "portal" if state == "planned" else "office"

    def is_late(self, now: datetime) -> bool:
        """Whether a plan was owed before now."""
        return self.owes_plan and self.answer_by < now

    def can_begin(self, now: datetime) -> bool:
        """Whether its hour has come, or nearly so."""
        return self.state(now) == "agreed" and self.starts_at is not None and self.starts_at - EARLY <= now


@dataclass(frozen=True, slots=True)
class Lesson:
    """Something that was learned, and what became of it."""

    id: UUID
    exercise_id: UUID
    lesson: str
    side: Side
    """Which side learned it."""
    noted_at: datetime
    finding: UUID | None
    """The shortcoming that it became, with an owner and a day."""
    motive: str | None
    """Why nothing is done about it."""
    title: str | None
    due: str | None
    state: str | None
    """How the shortcoming stands in the register now."""

    @property
    def is_settled(self) -> bool:
        """Whether something became of it."""
        return self.finding is not None or self.motive is not None


async def list_exercises(connection: Connection, authority_id: UUID | None, now: datetime) -> list[Exercise]:
    """Return the exercises of one authority (as portal), or with None of all (as office).

    Those that something can still become of come first, what the supplier owes soonest at the top; then the newest.
    """
    return await _read(connection, authority_id, now)


async def find_exercise(
    connection: Connection, authority_id: UUID | None, wanted: UUID, now: datetime
) -> Exercise | None:
    """Return one, of one authority (as portal) or of any (None; as office); None where there is none."""
    return next(iter(await _read(connection, authority_id, now, wanted)), None)


async def list_lessons(
    connection: Connection, authority_id: UUID | None, exercises: Sequence[Exercise]
) -> dict[UUID, Sequence[Lesson]]:
    """Return what was learned in some, by exercise, in order (as portal, or with None as office)."""
    wanted = [one.id for one in exercises]
    async with connection.cursor(row_factory=class_row(Lesson)) as cursor:
        await cursor.execute(QUERIES["list_exercise_lessons"], {"authority_id": authority_id, "exercises": wanted})
        lessons: dict[UUID, list[Lesson]] = {}
        for one in await cursor.fetchall():
            lessons.setdefault(one.exercise_id, []).append(one)
    return dict(lessons)


async def read_days(connection: Connection, authority_id: UUID) -> int:
    """Return within how many days the supplier answers a request (as office or portal)."""
    row = await (await connection.execute(QUERIES["read_exercise_days"], {"authority_id": authority_id})).fetchone()
    assert row is not None  # noqa: S101 - narrows the type; the function always answers
    return int(row[0])


async def _read(
    connection: Connection, authority_id: UUID | None, now: datetime, one: UUID | None = None
) -> list[Exercise]:
    async with connection.cursor(row_factory=class_row(Exercise)) as cursor:
        await cursor.execute(QUERIES["list_exercises"], {"authority_id": authority_id, "now": now, "id": one})
        return await cursor.fetchall()
