# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Emergency access to the office: two custodians, one browser, a touch each. Offered plainly, and told to everybody."""

import os
from typing import Annotated, Literal
from uuid import UUID

import structlog
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.database.connections import transaction
from vaka.identity.break_glass import LONGEST_WHY
from vaka.identity.key_sign_in import ANSWERED_WITHIN, KeySignInRefusedError
from vaka.identity.pending import PendingSecret, read_pending
from vaka.identity.reasons import Reason
from vaka.web.browser_kinds import read_browser
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.preferences import read_preferences
from vaka.web.signin.arriving import EMERGENCY_COOKIE, host_of, let_in, show_refusal
from vaka.web.signin.entrance import Entrance, end_sessions

Stage = Literal["unusable", "first", "second"]


class EmergencyForm(Form):
    """What a key said; with the second one, why."""

    reason: Annotated[str, Field(max_length=2 * LONGEST_WHY)] = ""
    answer: KeyAnswer = ""


async def show_emergency(entrance: Entrance, request: Request) -> Response:
    """GET /emergency: what it is, what happens, and the form for the first touch; or why it cannot be used."""
    async with transaction(entrance.platform) as connection:
        ready = await entrance.emergency.is_ready(connection)
        if not ready:
            return _page(entrance, request, "unusable", None)
        pending = await entrance.emergency.wait(connection, None, os.urandom)
        overdue = await entrance.emergency.count_overdue(connection)
    return _page(entrance, request, "first", pending, overdue)


async def take_touch(entrance: Entrance, request: Request) -> Response:
    """POST /emergency: the first touch leads to the second, and that to the office; each refusal is written down."""
    form = await read_form(request, EmergencyForm)
    pending = read_pending(request.cookies.get(EMERGENCY_COOKIE, ""))
    try:
        async with transaction(entrance.platform) as connection:
            # Taken whatever comes of it, in a transaction of its own: a touch counts once.
            begun = await entrance.emergency.take(connection, pending)
        if pending is None:
            raise KeySignInRefusedError.of(Reason.EMERGENCY_SPENT)
        if begun is None:
            return await _begin(entrance, request, form, pending)
        return await _open(entrance, request, form, pending, begun)
    except KeySignInRefusedError as refused:
        await entrance.attempts.refuse(refused.code, host_of(request), refused.said)
        return show_refusal(entrance, request, refused.code, refused.sentence)


async def _begin(entrance: Entrance, request: Request, form: EmergencyForm, pending: PendingSecret) -> Response:
    async with transaction(entrance.platform) as connection:
        begun = await entrance.emergency.begin(connection, pending, form.answer)
        waiting = await entrance.emergency.wait(connection, begun, os.urandom)
    return _page(entrance, request, "second", waiting)


async def _open(
    entrance: Entrance, request: Request, form: EmergencyForm, pending: PendingSecret, begun: UUID
) -> Response:
    async with transaction(entrance.platform) as connection:
        token = await entrance.emergency.open(
            connection, begun, pending, form.answer, form.reason, browser=read_browser(request)
        )
    structlog.get_logger().warning("emergency access opened")
    await end_sessions(entrance, request)
    return await let_in(entrance, request, "administrator", token)


def _page(
    entrance: Entrance, request: Request, stage: Stage, pending: PendingSecret | None, overdue: int = 0
) -> Response:
    """Answer with one stage; the browser keeps what its touch will be over, and nobody else has it."""
    options = None if pending is None else entrance.emergency.ask(pending)
    page = entrance.pages.render(
        "signin_emergency.html", read_preferences(request), stage=stage, options=options, longest=LONGEST_WHY,
        overdue=overdue, review_days=entrance.settings.access.review_days,
    )  # fmt: skip
    response = HTMLResponse(page)
    if pending is not None:
        response.set_cookie(
            EMERGENCY_COOKIE, pending.cookie, max_age=int(ANSWERED_WITHIN.total_seconds()), path="/", secure=True,
            httponly=True, samesite="strict",
        )  # fmt: skip
    return response
