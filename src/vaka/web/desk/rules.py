# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The rules of the authorities that an operator works for, in the frame of the desk."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.web import rules
from vaka.web.asker import Asker
from vaka.web.desk.desk import Desk, authority_of


async def show(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /rules: the rules there are, what is not acknowledged first."""
    return await rules.show_rules(frame_of(desk, asker), asker)


async def show_one(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /rules/{authority}/{rule}/{version}: one version, to be read."""
    authority = _require_authority(desk, request, asker)
    return await rules.show_rule(frame_of(desk, asker), request, asker, authority)


async def acknowledge(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /rules/{authority}/{rule}/{version}: say that one has read it, and follows it."""
    _require_authority(desk, request, asker)
    return await rules.acknowledge(frame_of(desk, asker), request, asker)


def _require_authority(desk: Desk, request: Request, asker: Asker) -> UUID:
    authority = authority_of(desk, request).id
    require(asker.principal, Permission.DESK_READ_RULES, authority)
    return authority


def frame_of(desk: Desk, asker: Asker) -> rules.Frame:
    """Return how the desk shows these pages."""

    def render(template: str, here: str, status: int, shown: Mapping[str, Any]) -> Response:
        facts = {
            **desk.facts(asker), **desk.room(asker), "back": here, "page": "rules", "frame": "desk_room.html", **shown
        }  # fmt: skip
        return HTMLResponse(desk.pages.render(template, asker.preferences, **facts), status)

    return rules.Frame(
        desk.platform, desk.clock, render, lambda one: f"{rules.HERE}/{one.authority_id}/{one.rule}/{one.number}"
    )
