# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The cover of a locked portal."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.access.decide import holds_somewhere
from vaka.access.permissions import Permission
from vaka.web import covering
from vaka.web.asker import Asker
from vaka.web.portal.portal import Portal


async def show(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /locked: the cover."""
    return await covering.show_cover(_cover(portal, asker), request, asker)


async def unlock(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /unlock: by a touch of one's key."""
    return await covering.unlock(_cover(portal, asker), request, asker)


def _cover(portal: Portal, asker: Asker) -> covering.Cover:
    def render(status: int, shown: Mapping[str, Any]) -> Response:
        return HTMLResponse(portal.pages.render("plain_locked.html", asker.preferences, **shown), status)

    home = "/" if holds_somewhere(asker.principal, Permission.PORTAL_READ_LOG) else "/terms"
    return covering.Cover(portal.platform, portal.clock, portal.security_keys, portal.sign_in, render, home)
