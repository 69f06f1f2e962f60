# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether the authority's alarms are received now, since when, and how that has been: nothing about any other."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import NothingHereError
from vaka.access.permissions import Permission
from vaka.access.time_boxes import find_scope
from vaka.assurance.evidence import list_supervised
from vaka.database.connections import transaction
from vaka.ledger.reading import read_state
from vaka.operations.trials.standing import TrialOutcome, combine, list_trials
from vaka.operations.trials.wording import WORDS
from vaka.web.asker import Asker
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.terms_board import board_words, read_board, red_first
from vaka.web.trends import read_trends

MAY_SEE = Permission.PORTAL_SEE_TERMS


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /status: the page of one's own authority; of several, of the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "status")


async def show_own_trends(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /trends: the page of one's own authority; of several, of the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "trends")


async def show_status(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/status: whether trial alarms come through, since when, and what else is disturbed."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "status")
    now = portal.clock.now()
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        supervised = next((one for one in await list_supervised(platform, now) if one.id == authority.id), None)
        if supervised is None:
            raise NothingHereError  # the reception of unknown senders has no trial alarms
        board, scope = await read_board(platform, supervised, now), find_scope(asker.principal, authority.id)
        trial = combine(await list_trials(platform, authority.id), now, portal.trial_machines)
    if scope is not None:  # an auditor sees the terms of his audit
        board = replace(board, tiles=[one for one in board.tiles if one.term.number in scope])
    # What nobody has evidence of is no disturbance: a document may be missing. The board says so; here it is counted.
    disturbed = red_first(one for one in board.failing if one.term.group == "operations")
    unknown = sum(one.term.group == "operations" for one in board.red) - len(disturbed)
    language = asker.preferences.language
    return portal.page(
        asker, "portal_status.html", authority, f"/log/{authority.slug}/status",
        page="status", path=f"/log/{authority.slug}", state=state, trial=trial, disturbed=disturbed, unknown=unknown,
        is_known=trial is not None and trial.is_current(now),
        works=trial is not None and trial.outcome is TrialOutcome.WELL,
        what=WORDS[trial.outcome].in_language(language) if trial is not None and trial.outcome in WORDS else "",
        **board_words(language),
    )  # fmt: skip


async def show_trends(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/trends: a week of its trial alarms, and of what the installation has room for."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "trends")
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        shown = await read_trends(platform, portal.clock.now(), authority.id)
    return portal.page(
        asker, "portal_trends.html", authority, f"/log/{authority.slug}/trends",
        page="trends", path=f"/log/{authority.slug}", state=state, **shown,
    )  # fmt: skip
