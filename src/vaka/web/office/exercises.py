# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Crisis exercises in the frame of the office (term 36): the supplier plans what authorities asked for, begins it with
a touch, says what became of each lesson, and closes it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import may
from vaka.access.permissions import Permission
from vaka.database.connections import Connection, transaction
from vaka.registers.declarations import load_registers
from vaka.registers.exercise_acts import (
    ExerciseError,
    Plan,
    begin,
    beginning_act,
    close,
    plan,
    settle_lesson,
)
from vaka.registers.model import Version
from vaka.registers.store import list_lines
from vaka.tenants.authorities import list_every_authority
from vaka.web import exercises
from vaka.web.asker import Asker
from vaka.web.exercises import EXPLAINED, Digest, Frame, OneForm, Text
from vaka.web.forms import FormError, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office
from vaka.web.office.touching import confirm
from vaka.web.times import LOCAL, whole_minute
from vaka.web.touching import Confirming

HERE, ROOM = "/exercises", "exercises"
FINDINGS = "findings"
Minute = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$")]
"""A minute of Swedish time, as a browser sends it."""


class PlanForm(OneForm):
    """When, who takes part on either side, and what is injected."""

    starts: Minute
    ends: Minute
    office: Text
    portal: Text
    injects: Text


class BeginForm(OneForm):
    """What of the plan was shown."""

    digest: Digest
    answer: KeyAnswer = ""


class SettleForm(OneForm):
    """What becomes of a lesson: a shortcoming in the register, or the reason why none."""

    lesson: UUID
    finding: UUID | Literal[""] = ""
    motive: Text = ""


async def show_exercises(office: Office, request: Request, asker: Asker) -> Response:
    """GET /exercises: what every authority asked for, how far it has come, whose turn it is."""
    return await exercises.show(_frame(office, asker), asker)


async def plan_one(office: Office, request: Request, asker: Asker) -> Response:
    """POST /exercises/plan: answer with a plan, or with another."""
    form = await read_form(request, PlanForm)
    proposed = Plan(_read(form.starts), _read(form.ends), form.office, form.portal, form.injects)
    return await exercises.act(_frame(office, asker), asker, form.exercise, lambda connection, one: plan(
        connection, asker.principal, one.id, proposed, now=office.clock.now()
    ))  # fmt: skip


async def begin_one(office: Office, request: Request, asker: Asker) -> Response:
    """POST /exercises/begin: begin what both agreed to, confirmed with a security key."""
    form, frame = await read_form(request, BeginForm), _frame(office, asker)
    try:
        async with transaction(office.platform) as connection:
            found = await exercises.find(frame, connection, form.exercise)
            names = {one.id: one.name for one in await list_every_authority(connection)}
        if found.digest != form.digest:
            raise ExerciseError("changed")
        if not found.can_begin(office.clock.now()):
            raise ExerciseError("early" if found.state(office.clock.now()) == "agreed" else "gone")
        when = " – ".join(whole_minute(one) for one in (found.starts_at, found.ends_at) if one is not None)
        asked = Confirming(
            beginning_act(found), f"{HERE}/begin", HERE, ROOM,
            {"exercise": str(form.exercise), "digest": form.digest},
            {f"authority:{found.authority_id}": names.get(found.authority_id, "–"), f"exercise:{found.id}": when},
        )  # fmt: skip
        confirmed = await confirm(office, asker, asked, form.answer)
    except EXPLAINED as error:
        return await exercises.show(frame, asker, error)
    if isinstance(confirmed, Response):
        return confirmed
    return await exercises.act(frame, asker, form.exercise, lambda connection, _: begin(
        connection, asker.principal, found, now=office.clock.now(), confirmation=confirmed
    ))  # fmt: skip


async def settle_one(office: Office, request: Request, asker: Asker) -> Response:
    """POST /exercises/settle: say what became of a lesson."""
    form = await read_form(request, SettleForm)
    return await exercises.act(_frame(office, asker), asker, form.exercise, lambda connection, _: settle_lesson(
        connection, asker.principal, form.lesson, finding=form.finding or None, motive=form.motive,
        now=office.clock.now(),
    ))  # fmt: skip


async def close_one(office: Office, request: Request, asker: Asker) -> Response:
    """POST /exercises/close: close one of whose lessons each became something."""
    form = await read_form(request, OneForm)
    return await exercises.act(_frame(office, asker), asker, form.exercise, lambda connection, one: close(
        connection, asker.principal, one.id, now=office.clock.now()
    ))  # fmt: skip


async def end(office: Office, request: Request, asker: Asker) -> Response:
    """POST /exercises/end: end one before its hour."""
    return await exercises.end_one(_frame(office, asker), request, asker)


async def attend(office: Office, request: Request, asker: Asker) -> Response:
    """POST /exercises/attend: say how many of the supplier were there."""
    return await exercises.attend_one(_frame(office, asker), request, asker)


async def note_lesson(office: Office, request: Request, asker: Asker) -> Response:
    """POST /exercises/lesson: write down what the supplier learned."""
    return await exercises.note_one(_frame(office, asker), request, asker)


def _frame(office: Office, asker: Asker) -> Frame:
    async def read_more(connection: Connection, now: datetime) -> Mapping[str, Any]:
        lines = await list_lines(connection, load_registers()[FINDINGS])
        findings = [one.holding for one in lines if one.holding is not None]
        return {
            "authority_names": {one.id: one.name for one in await list_every_authority(connection)},
            "findings_of": lambda authority: [one for one in findings if _concerns(one, authority)],
        }

    def render(status: int, shown: Mapping[str, Any]) -> Response:
        return office.page(
            asker, "exercises.html", ROOM, HERE, status, frame="office_room.html",
            may_act=may(asker.principal, Permission.OFFICE_KEEP_EXERCISES, None), **shown,
        )  # fmt: skip

    return Frame(office.platform, office.clock, "office", HERE, None, read_more, render)


def _concerns(finding: Version, authority: UUID) -> bool:
    return finding.concerned is None or authority in finding.concerned


def _read(minute: str) -> datetime:
    """Return a minute of Swedish time. Raises FormError."""
    try:
        return datetime.fromisoformat(minute).replace(tzinfo=LOCAL)
    except ValueError:
        raise FormError from None
