# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How the supplier's machines keep time, and what flows to and from them with which protection. Names nobody."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vaka.database.connections import Connection, transaction
from vaka.ledger.reading import read_state
from vaka.settings_operations import ClockSettings
from vaka.web.asker import Asker
from vaka.web.machines import clock_facts, flow_facts
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.terms import MAY_SEE

Facts = Callable[[Connection, ClockSettings, datetime], Awaitable[Mapping[str, Any]]]


async def show_own_clocks(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /clocks: the page of one's own authority; of several, of the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "clocks")


async def show_own_flows(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /flows: the page of one's own authority; of several, of the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "flows")


async def show_clocks(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/clocks: each machine with its source, how far off it is, and what is wrong."""
    return await _show(portal, request, asker, "clocks", clock_facts)


async def show_flows(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/flows: every flow with its protection and exception, and certificates with their days."""
    return await _show(portal, request, asker, "flows", flow_facts)


async def _show(portal: Portal, request: Request, asker: Asker, page: str, facts: Facts) -> Response:
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, page)
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        shown = await facts(platform, portal.clocks, portal.clock.now())
    return portal.page(
        asker, f"portal_{page}.html", authority, f"/log/{authority.slug}/{page}",
        page=page, path=f"/log/{authority.slug}", state=state,
        say=lambda sentence: sentence.in_language(asker.preferences.language), **shown,
    )  # fmt: skip
