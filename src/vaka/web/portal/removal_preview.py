# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One proposal of rules: what it would remove, counted; and approving it, by somebody else than who proposed it."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from vaka.ledger.reading import read_state
from vaka.removal.deciding import REMOVAL
from vaka.removal.kinds import KINDS
from vaka.removal.preview import count_removable, note_seen
from vaka.removal.rules import NOTICE
from vaka.web.asker import Asker
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.proposing import approve_shown, find_open, withdraw_proposed

_NIGHT_AFTER = timedelta(days=1)


async def show_preview(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/removal/{proposal}: the rules, and what they would remove today and in the first night.

    That somebody was shown it is entered before it is; without that he cannot approve.
    """
    authority = await require_authority(portal, request, asker, REMOVAL.may_propose)
    now = portal.clock.now()
    proposal = await find_open(portal, authority, request, REMOVAL)
    first = now + NOTICE + _NIGHT_AFTER
    today = await count_removable(portal.gateway, portal.keyring, authority.id, proposal, now)
    then = await count_removable(portal.gateway, portal.keyring, authority.id, proposal, first)
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        await note_seen(tenant, proposal, asker.principal.actor, now)
    names = await name_everything(portal.platform, Things(), [], proposal.actors)
    path = f"/log/{authority.slug}"
    return portal.page(
        asker, "portal_removal_preview.html", authority, f"{path}/removal/{proposal.id}", 200,
        page="removal", path=path, state=state, names=names, kinds=KINDS, proposal=proposal, today=today, then=then,
        first=first, own=proposal.proposed_by == asker.principal.actor,
    )  # fmt: skip


async def approve_removal(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/removal/{proposal}/approve: approve what was shown, confirmed with a security key."""
    return await approve_shown(portal, request, asker, REMOVAL, "removal")


async def withdraw_removal(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/removal/{proposal}/withdraw: take back what nobody has approved."""
    return await withdraw_proposed(portal, request, asker, REMOVAL, "removal")
