# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The cover of a locked office."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.web import covering
from vaka.web.asker import Asker
from vaka.web.office.office import Office


async def show(office: Office, request: Request, asker: Asker) -> Response:
    """GET /locked: the cover."""
    return await covering.show_cover(_cover(office, asker), request, asker)


async def unlock(office: Office, request: Request, asker: Asker) -> Response:
    """POST /unlock: by a touch of one's key."""
    return await covering.unlock(_cover(office, asker), request, asker)


def _cover(office: Office, asker: Asker) -> covering.Cover:
    def render(status: int, shown: Mapping[str, Any]) -> Response:
        return HTMLResponse(office.pages.render("plain_locked.html", asker.preferences, **shown), status)

    return covering.Cover(office.platform, office.clock, office.keys_for(asker.session), office.sign_in, render)
