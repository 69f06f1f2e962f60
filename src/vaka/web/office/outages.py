# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Outages of issuers in the frame of the office: administrators propose them, and declare what a shift leader saw."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.permissions import Permission
from vaka.web import outages
from vaka.web.asker import Asker
from vaka.web.office.office import Office
from vaka.web.office.touching import key_frame

ROOM = "issuers"


async def show(office: Office, request: Request, asker: Asker) -> Response:
    """GET /outages: what is declared, what waits, what was."""
    return await outages.show_outages(_frame(office, asker), asker)


async def propose(office: Office, request: Request, asker: Asker) -> Response:
    """POST /outages: say that nobody gets in by an issuer."""
    return await outages.propose(_frame(office, asker), request, asker)


async def declare(office: Office, request: Request, asker: Asker) -> Response:
    """POST /outages/declare: declare what a shift leader proposed, after a touch."""
    return await outages.declare(_frame(office, asker), request, asker)


async def end(office: Office, request: Request, asker: Asker) -> Response:
    """POST /outages/end: end one, or take a proposal back."""
    return await outages.end(_frame(office, asker), request, asker)


def _frame(office: Office, asker: Asker) -> outages.Frame:
    def render(status: int, shown: Mapping[str, Any]) -> Response:
        return office.page(
            asker, "outages.html", ROOM, outages.HERE, status, frame="office_room.html", other_side="desk", **shown
        )

    return outages.Frame(
        office.platform, office.clock, Permission.OFFICE_DECLARE_OUTAGE, office.outage_hours, key_frame(office, asker),
        ROOM, render,
    )  # fmt: skip
