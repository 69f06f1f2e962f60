# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where somebody of an authority is signed in, in the frame of the portal."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.permissions import Permission
from vaka.web import own_sessions
from vaka.web.asker import Asker
from vaka.web.portal.portal import Portal, require_authority

MINE = Permission.PORTAL_OWN_SESSIONS


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /sessions: one's sessions, in the room of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MINE, "sessions")


async def show(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/sessions: where one is signed in."""
    return await own_sessions.show_sessions(await _frame(portal, request, asker), request, asker)


async def end(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/sessions: sign out at another place, or at all others."""
    return await own_sessions.end_session(await _frame(portal, request, asker), request, asker)


async def _frame(portal: Portal, request: Request, asker: Asker) -> own_sessions.Frame:
    authority = await require_authority(portal, request, asker, MINE)
    here = f"/log/{authority.slug}/sessions"

    def render(status: int, shown: Mapping[str, Any]) -> Response:
        return portal.page(asker, "portal_sessions.html", authority, here, status, page="sessions", **shown)

    return own_sessions.Frame(portal.platform, portal.clock, here, render)
