# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The board of the 37 terms, as it stands this second: the same for the authority as for the supplier, red included."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import NothingHereError
from vaka.access.permissions import Permission
from vaka.access.time_boxes import find_scope
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.contract import read_contract
from vaka.assurance.evidence import list_supervised
from vaka.cases.contacts import contact_day, list_contacts, whose_duty
from vaka.database.connections import transaction
from vaka.ledger.reading import read_state
from vaka.web.asker import Asker
from vaka.web.backup_shown import read_backup
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.terms_board import board_words, read_board

MAY_SEE = Permission.PORTAL_SEE_TERMS


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /terms: the board of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "terms")


async def show_board(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/terms: the 37 terms in a reviewer's groups, what is red first, each with its evidence."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "terms")
    now = portal.clock.now()
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        supervised = next((one for one in await list_supervised(platform, now) if one.id == authority.id), None)
        if supervised is None:
            raise NothingHereError  # the reception of unknown senders has no contract
        scope = find_scope(asker.principal, authority.id)
        board = await read_board(platform, supervised, now)
        if scope is not None:  # an auditor sees the terms of his audit
            board = replace(board, tiles=[one for one in board.tiles if one.term.number in scope])
        contract = await read_contract(platform)
        backup = await read_backup(platform, portal.backup, authority.slug, now)
        duty = whose_duty(await list_contacts(platform, authority.id), contact_day(now))
    return portal.page(
        asker, "portal_terms.html", authority, f"/log/{authority.slug}/terms",
        page="terms", path=f"/log/{authority.slug}", state=state, board=board, duty=duty, backup=backup,
        contract=contract,
        # Whether this version looks for it; what somebody supplies by hand has no collector.
        is_collected=lambda evidence: evidence.requirement.id in COLLECTORS,
        **board_words(asker.preferences.language),
    )  # fmt: skip
