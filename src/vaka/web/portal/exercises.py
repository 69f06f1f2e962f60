# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Crisis exercises in the frame of the portal (term 36): the authority asks, agrees to plans, says within how many days
it is answered. Everybody who sees the terms sees them; the contract officer acts.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may
from vaka.access.permissions import Permission
from vaka.database.connections import Connection, transaction
from vaka.ledger.reading import read_state
from vaka.registers.exercise_acts import MOST_DAYS, ask, days_act, decide, set_days, withdraw
from vaka.registers.exercise_alarms import list_exercise_alarms
from vaka.registers.exercises import read_days
from vaka.tenants.authorities import Authority
from vaka.web import exercises
from vaka.web.asker import Asker
from vaka.web.exercises import EXPLAINED, Digest, Frame, OneForm, Text
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import confirm
from vaka.web.times import LOCAL
from vaka.web.touching import Confirming

MAY_SEE = Permission.PORTAL_SEE_TERMS
MAY_ASK = Permission.PORTAL_ASK_EXERCISE


class AskForm(Form):
    """What is to be exercised, in which year, and when in it."""

    year: Annotated[int, Field(ge=2020, le=2200)]
    wanted: Text
    wished: Text


class VerdictForm(OneForm):
    """What of a plan was shown, and what is decided."""

    digest: Digest
    verdict: Literal["agreed", "refused"]
    refusal: Text = ""


class DaysForm(Form):
    """Within how many days a request is answered."""

    days: Annotated[int, Field(ge=1, le=MOST_DAYS)]
    answer: KeyAnswer = ""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /exercises: those of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "exercises")


async def show_exercises(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/exercises: what was asked for, how far it has come, whose turn it is."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "exercises")
    return await exercises.show(await _frame(portal, asker, authority), asker)


async def ask_for_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/exercises: ask for an exercise."""
    authority, frame = await _require(portal, request, asker)
    form = await read_form(request, AskForm)
    try:
        async with transaction(portal.platform) as connection:
            await ask(
                connection, asker.principal, authority.id, year=form.year, wanted=form.wanted, wished=form.wished,
                now=portal.clock.now(),
            )  # fmt: skip
    except EXPLAINED as error:
        return await exercises.show(frame, asker, error)
    return RedirectResponse(frame.here, 303)


async def withdraw_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/exercises/withdraw: take a request back before it has begun."""
    _, frame = await _require(portal, request, asker)
    form = await read_form(request, OneForm)
    return await exercises.act(frame, asker, form.exercise, lambda connection, one: withdraw(
        connection, asker.principal, one, now=portal.clock.now()
    ))  # fmt: skip


async def decide_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/exercises/decide: agree to exactly the plan that was shown, or ask for another."""
    _, frame = await _require(portal, request, asker)
    form = await read_form(request, VerdictForm)
    refusal = form.refusal if form.verdict == "refused" else None
    return await exercises.act(frame, asker, form.exercise, lambda connection, one: decide(
        connection, asker.principal, one, form.digest, refusal=refusal, now=portal.clock.now()
    ))  # fmt: skip


async def agree_days(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/exercises/days: within how many days requests are answered, confirmed with a key."""
    authority, frame = await _require(portal, request, asker)
    form = await read_form(request, DaysForm)
    asked = Confirming(
        days_act(authority.id, form.days), f"{frame.here}/days", frame.here, "exercises", {"days": str(form.days)}
    )
    try:
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as connection:
            await set_days(
                connection, asker.principal, authority.id, form.days, now=portal.clock.now(), confirmation=confirmed
            )
    except EXPLAINED as error:
        return await exercises.show(frame, asker, error)
    return RedirectResponse(frame.here, 303)


async def end(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/exercises/end: end one before its hour."""
    _, frame = await _require(portal, request, asker)
    return await exercises.end_one(frame, request, asker)


async def attend(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/exercises/attend: say how many of the authority were there."""
    _, frame = await _require(portal, request, asker)
    return await exercises.attend_one(frame, request, asker)


async def note_lesson(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/exercises/lesson: write down what the authority learned."""
    _, frame = await _require(portal, request, asker)
    return await exercises.note_one(frame, request, asker)


async def _require(portal: Portal, request: Request, asker: Asker) -> tuple[Authority, Frame]:
    authority = await require_authority(portal, request, asker, MAY_ASK)
    return authority, await _frame(portal, asker, authority)


async def _frame(portal: Portal, asker: Asker, authority: Authority) -> Frame:
    path = f"/log/{authority.slug}"
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)

    async def read_more(connection: Connection, now: datetime) -> Mapping[str, Any]:
        year = now.astimezone(LOCAL).year
        async with portal.gateway.transaction(authority.id) as tenant:
            alarms = await list_exercise_alarms(tenant, state.size, now)
        return {
            "alarms": alarms, "days": await read_days(connection, authority.id), "years": (year, year + 1),
            "most_days": MOST_DAYS,
        }  # fmt: skip

    def render(status: int, shown: Mapping[str, Any]) -> Response:
        return portal.page(
            asker, "exercises.html", authority, f"{path}/exercises", status, path=path, state=state,
            may_act=may(asker.principal, MAY_ASK, authority.id), **shown,
        )  # fmt: skip

    return Frame(portal.platform, portal.clock, "portal", f"{path}/exercises", authority.id, read_more, render)
