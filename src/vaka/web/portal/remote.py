# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier's quarterly check of remote work, for an authority: when, of how many, what deviated. Names nobody."""

from starlette.requests import Request
from starlette.responses import Response

from vaka.assurance.remote_samples import list_deviations, list_draws
from vaka.database.connections import transaction
from vaka.ledger.reading import read_state
from vaka.web.asker import Asker
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.terms import MAY_SEE


async def show(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/remote: each draw with what it follows from, how far it is gone through, what deviated."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "remote")
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        draws, deviations = await list_draws(platform), await list_deviations(platform)
    return portal.page(
        asker, "portal_remote.html", authority, f"/log/{authority.slug}/remote",
        page="terms", path=f"/log/{authority.slug}", state=state, draws=draws,
        deviations={one.id: [two for two in deviations if two.draw == one.id] for one in draws},
    )  # fmt: skip
