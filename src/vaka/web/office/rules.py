# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The rules of the authorities, which all concern administrators, in the frame of the office."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vaka.web import rules
from vaka.web.asker import Asker
from vaka.web.office.office import Office


async def show(office: Office, request: Request, asker: Asker) -> Response:
    """GET /rules: the rules there are, what is not acknowledged first."""
    return await rules.show_rules(_frame(office, asker), asker)


async def show_one(office: Office, request: Request, asker: Asker) -> Response:
    """GET /rules/{rule}/{version}: one version, to be read."""
    return await rules.show_rule(_frame(office, asker), request, asker)


async def acknowledge(office: Office, request: Request, asker: Asker) -> Response:
    """POST /rules/{rule}/{version}: say that one has read it, and follows it."""
    return await rules.acknowledge(_frame(office, asker), request, asker)


def _frame(office: Office, asker: Asker) -> rules.Frame:
    def render(template: str, here: str, status: int, shown: Mapping[str, Any]) -> Response:
        return office.page(asker, template, "rules", here, status, frame="office_room.html", **shown)

    return rules.Frame(office.platform, office.clock, render, lambda one: f"{rules.HERE}/{one.rule}/{one.number}")
