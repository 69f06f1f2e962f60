# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Outages of issuers in the frame of the desk: everybody there sees them, shift leaders propose and declare them."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.access.permissions import Permission
from vaka.web import outages
from vaka.web.asker import Asker
from vaka.web.desk.desk import Desk
from vaka.web.desk.keys import key_frame


async def show(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /outages: what is declared, what waits, what was."""
    return await outages.show_outages(_frame(desk, asker), asker)


async def propose(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /outages: say that nobody gets in by an issuer."""
    return await outages.propose(_frame(desk, asker), request, asker)


async def declare(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /outages/declare: declare what an administrator proposed, after a touch."""
    return await outages.declare(_frame(desk, asker), request, asker)


async def end(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /outages/end: end one, or take a proposal back."""
    return await outages.end(_frame(desk, asker), request, asker)


def _frame(desk: Desk, asker: Asker) -> outages.Frame:
    def render(status: int, shown: Mapping[str, Any]) -> Response:
        facts = {
            **desk.facts(asker), **desk.room(asker), "back": outages.HERE, "frame": "desk_room.html",
            "other_side": "office", **shown,
        }  # fmt: skip
        return HTMLResponse(desk.pages.render("outages.html", asker.preferences, **facts), status)

    return outages.Frame(
        desk.platform, desk.clock, Permission.DESK_DECLARE_OUTAGE, desk.outage_hours, key_frame(desk, asker), "outages",
        render,
    )  # fmt: skip
