# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How the machines keep time, and what flows to and from them with which protection; authorities see the same."""

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.web.asker import Asker
from vaka.web.machines import clock_facts, flow_facts
from vaka.web.office.office import Office

MAY_SEE = Permission.OFFICE_SEE_TERMS


async def show_clocks(office: Office, request: Request, asker: Asker) -> Response:
    """GET /clocks: each machine with its source, how far off it is, and what is wrong."""
    require(asker.principal, MAY_SEE, None)
    async with transaction(office.platform) as connection:
        shown = await clock_facts(connection, office.clocks, office.clock.now())
    language = asker.preferences.language
    return office.page(
        asker, "office_clocks.html", "clocks", "/clocks", say=lambda sentence: sentence.in_language(language), **shown
    )


async def show_flows(office: Office, request: Request, asker: Asker) -> Response:
    """GET /flows: every flow with its protection and exception, and certificates with their days."""
    require(asker.principal, MAY_SEE, None)
    async with transaction(office.platform) as connection:
        shown = await flow_facts(connection, office.clocks, office.clock.now())
    language = asker.preferences.language
    return office.page(
        asker, "office_flows.html", "flows", "/flows", say=lambda sentence: sentence.in_language(language), **shown
    )
