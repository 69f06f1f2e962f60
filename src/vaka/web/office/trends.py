# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How trial alarms stand in every authority, and a week of them and of what was measured."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.operations.trials.standing import TrialOutcome, TrialStanding, combine, list_trials
from vaka.operations.trials.wording import WORDS
from vaka.tenants.authorities import list_authorities
from vaka.web.asker import Asker
from vaka.web.office.office import Office
from vaka.web.trends import read_trends

MAY_SEE = Permission.OFFICE_SEE_TERMS


async def show_trends(office: Office, request: Request, asker: Asker) -> Response:
    """GET /trends: what does not come through first, then a week of everything."""
    require(asker.principal, MAY_SEE, None)
    now = office.clock.now()
    async with transaction(office.platform) as connection:
        shown = await read_trends(connection, now, None)
        standings: dict[UUID, list[TrialStanding]] = {}
        for one in await list_trials(connection):
            standings.setdefault(one.authority_id, []).append(one)
        served = [each for each in await list_authorities(connection) if not each.is_intake]
    rows = [(each, combine(standings.get(each.id, ()), now, office.trial_machines)) for each in served]
    troubled = [
        (each, trial) for each, trial in rows
        if trial is None or not trial.is_current(now) or trial.outcome is not TrialOutcome.WELL
    ]  # fmt: skip
    language = asker.preferences.language
    return office.page(
        asker, "office_trends.html", "trends", "/trends", served=len(rows), troubled=troubled,
        what=lambda trial: WORDS[trial.outcome].in_language(language), **shown,
    )  # fmt: skip
