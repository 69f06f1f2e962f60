# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where an operator is signed in, in the frame of the desk."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.web import own_sessions
from vaka.web.asker import Asker
from vaka.web.desk.desk import Desk
from vaka.web.outages import list_declared

HERE = "/sessions"


async def show(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /sessions: where one is signed in."""
    return await own_sessions.show_sessions(await _frame(desk, asker), request, asker)


async def end(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /sessions: sign out at another place, or at all others."""
    return await own_sessions.end_session(await _frame(desk, asker), request, asker)


async def _frame(desk: Desk, asker: Asker) -> own_sessions.Frame:
    declared = await list_declared(desk.platform, desk.clock, asker)

    def render(status: int, shown: Mapping[str, Any]) -> Response:
        facts = {"message": None, **desk.facts(asker), **desk.room(asker), "back": HERE, "page": "sessions",
                 "declared": declared, **shown}  # fmt: skip
        return HTMLResponse(desk.pages.render("desk_sessions.html", asker.preferences, **facts), status)

    return own_sessions.Frame(desk.platform, desk.clock, HERE, render)
