# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where an administrator is signed in, in the frame of the office."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vaka.web import own_sessions
from vaka.web.asker import Asker
from vaka.web.office.office import Office

HERE = "/sessions"


async def show(office: Office, request: Request, asker: Asker) -> Response:
    """GET /sessions: where one is signed in."""
    return await own_sessions.show_sessions(_frame(office, asker), request, asker)


async def end(office: Office, request: Request, asker: Asker) -> Response:
    """POST /sessions: sign out at another place, or at all others."""
    return await own_sessions.end_session(_frame(office, asker), request, asker)


def _frame(office: Office, asker: Asker) -> own_sessions.Frame:
    def render(status: int, shown: Mapping[str, Any]) -> Response:
        return office.page(asker, "office_sessions.html", "sessions", HERE, status, **shown)

    return own_sessions.Frame(office.platform, office.clock, HERE, render, commands=True)
