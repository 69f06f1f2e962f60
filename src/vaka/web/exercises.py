# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Crisis exercises (term 36): the page, and what both sides do about one. Written once; the portal and the office put
it into their frames, and each adds what it alone does.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.clock import Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.errors import VakaError
from vaka.identity.confirming import NotConfirmedError
from vaka.ledger.standing import LedgerStandsStillError
from vaka.registers.exercise_acts import LONGEST, MOST_PRESENT, ExerciseError, attend, end, note_lesson
from vaka.registers.exercises import NEEDED, Exercise, Lesson, Side, find_exercise, list_exercises, list_lessons
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.pages import Message
from vaka.web.refusals import STATUS
from vaka.web.texts import mark
from vaka.web.times import LOCAL

EXPLAINED = (ExerciseError, NotConfirmedError, LedgerStandsStillError)
Text = Annotated[str, Field(max_length=2 * max(LONGEST.values()))]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

STATES: Mapping[str, str] = MappingProxyType(
    {
        "withdrawn": mark("Taken back"),
        "asked": mark("Asked for"),
        "refused": mark("Another plan is asked for"),
        "lapsed": mark("The planned day went by"),
        "planned": mark("A plan waits for the authority"),
        "agreed": mark("Agreed by both"),
        "running": mark("Goes on now"),
        "held": mark("Held, not closed yet"),
        "closed": mark("Closed"),
    }
)
TURNS: Mapping[str, str] = MappingProxyType(
    {
        "office": mark("It is the supplier's turn."),
        "portal": mark("It is the authority's turn."),
        "both": mark("It is the turn of both."),
        "nobody": mark("Nobody has anything left to do."),
    }
)


class OneForm(Form):
    """Which exercise."""

    exercise: UUID


class AttendForm(Form):
    """How many of one's own side were there."""

    exercise: UUID
    present: Annotated[int, Field(ge=0, le=MOST_PRESENT)]


class LessonForm(Form):
    """What was learned."""

    exercise: UUID
    lesson: Text


@dataclass(frozen=True, slots=True)
class Frame:
    """How one of the two sides shows the page."""

    platform: Pool
    clock: Clock
    side: Side
    here: str
    authority_id: UUID | None
    """Whose exercises these are; None: those of every authority."""
    read_more: Callable[[Connection, datetime], Awaitable[Mapping[str, Any]]]
    """What the side's own forms need."""
    render: Callable[[int, Mapping[str, Any]], Response]


@dataclass(frozen=True, slots=True)
class Line:
    """One exercise as the page shows it."""

    exercise: Exercise
    state: str
    turn: str
    mine: bool
    """Whether the next thing is this side's."""
    lessons: Sequence[Lesson]

    @property
    def unsettled(self) -> int:
        """Lessons of which nothing has become yet."""
        return sum(not one.is_settled for one in self.lessons)


async def show(frame: Frame, asker: Asker, error: VakaError | None = None) -> Response:
    """GET: what was asked for, how far it has come and whose turn it is; with the forms of this side."""
    now = frame.clock.now()
    async with transaction(frame.platform) as connection:
        exercises = await list_exercises(connection, frame.authority_id, now)
        lessons = await list_lessons(connection, frame.authority_id, exercises)
        more = await frame.read_more(connection, now)
    lines = [_line(one, lessons.get(one.id, ()), frame.side, now) for one in exercises]
    year = now.astimezone(LOCAL).year
    held = sum(one.seconds for one in exercises if one.begun_at and one.begun_at.astimezone(LOCAL).year == year)
    message = None if error is None else Message(error.sentence.in_language(asker.preferences.language))
    facts = {
        "page": "exercises", "here": frame.here, "side": frame.side, "lines": lines, "message": message, "year": year,
        "late": sum(one.exercise.is_late(now) for one in lines), "mine": sum(one.mine for one in lines),
        "asked_this_year": any(one.year == year and one.withdrawn_at is None for one in exercises),
        "held_hours": _hours(held), "needed_hours": _hours(NEEDED.total_seconds()), "hours_of": _hours,
        "states": STATES, "turns": TURNS, "longest": LONGEST, **more,
    }  # fmt: skip
    return frame.render(HTTPStatus.OK if error is None else STATUS[error.category], facts)


async def end_one(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST …/end: end one before its hour."""
    form = await read_form(request, OneForm)
    return await act(frame, asker, form.exercise, lambda connection, one: end(
        connection, asker.principal, one, now=frame.clock.now()
    ))  # fmt: skip


async def attend_one(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST …/attend: say how many of one's own side were there."""
    form = await read_form(request, AttendForm)
    return await act(frame, asker, form.exercise, lambda connection, one: attend(
        connection, asker.principal, one, form.present, now=frame.clock.now()
    ))  # fmt: skip


async def note_one(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST …/lesson: write down what was learned."""
    form = await read_form(request, LessonForm)
    return await act(frame, asker, form.exercise, lambda connection, one: note_lesson(
        connection, asker.principal, one, form.lesson, now=frame.clock.now()
    ))  # fmt: skip


async def act(
    frame: Frame, asker: Asker, wanted: UUID, work: Callable[[Connection, Exercise], Awaitable[object]]
) -> Response:
    """Do something about an exercise that this side sees, and lead back to the page. Of another's there is none."""
    try:
        async with transaction(frame.platform) as connection:
            await work(connection, await find(frame, connection, wanted))
    except EXPLAINED as error:
        return await show(frame, asker, error)
    return RedirectResponse(frame.here, HTTPStatus.SEE_OTHER)


async def find(frame: Frame, connection: Connection, wanted: UUID) -> Exercise:
    """Return an exercise that this side sees. Raises ExerciseError."""
    found = await find_exercise(connection, frame.authority_id, wanted, frame.clock.now())
    if found is None:
        raise ExerciseError("gone")
    return found


def _line(one: Exercise, lessons: Sequence[Lesson], side: Side, now: datetime) -> Line:
    turn = one.turn(now)
    return Line(one, one.state(now), turn, turn in (side, "both"), lessons)


def _hours(seconds: float) -> str:
    """Return a length of time in hours and minutes: ``3:45``."""
    minutes = int(seconds // 60)
    return f"{minutes // 60}:{minutes % 60:02}"
