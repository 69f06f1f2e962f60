# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The cover of a locked desk: it shows how many wait and rings for them, and nothing of whom."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.access.decide import holds_somewhere
from vaka.access.permissions import Permission
from vaka.web import covering
from vaka.web.asker import Asker
from vaka.web.desk.desk import COVER_SCRIPTS, Desk
from vaka.web.routes import COVER


async def show(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /locked: the cover."""
    return await covering.show_cover(_cover(desk, asker), request, asker)


async def unlock(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /unlock: by a touch of one's key."""
    return await covering.unlock(_cover(desk, asker), request, asker)


def _cover(desk: Desk, asker: Asker) -> covering.Cover:
    def render(status: int, shown: Mapping[str, Any]) -> Response:
        facts = {**desk.facts(asker), **desk.room(asker), "back": COVER, "page": "locked", **shown, "locked": True}
        scripts = COVER_SCRIPTS if facts["may_see_queue"] else ()
        return HTMLResponse(
            desk.pages.render("desk_locked.html", asker.preferences, **{**facts, "scripts": scripts}), status
        )

    home = "/" if holds_somewhere(asker.principal, Permission.DESK_SEE_QUEUE) else "/history"
    return covering.Cover(desk.platform, desk.clock, desk.security_keys, desk.sign_in, render, home)
