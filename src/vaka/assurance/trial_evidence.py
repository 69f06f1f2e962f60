# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether trial alarms come through (term 21), and whether nothing else than trials' devices passes for one."""

from datetime import datetime
from uuid import UUID

from vaka.assurance.asking_databases import Place, ask_platform
from vaka.assurance.evidence import FINE, Found, Look
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.operations.trials.standing import TRIED_WITHIN, TrialOutcome
from vaka.tenants.authorities import QUERIES

UNLIKE = "unlike"
NOT_YET = frozenset({"untried", TrialOutcome.SETTLING.value})
"""Of whom none could be sent yet: nobody knows, and nothing is wrong."""

Devices = set[tuple[UUID, str]]


async def find_untried(place: Place, now: datetime) -> Look:
    """Look how the newest trial of each went; where it went well, compare which devices send them.

    What an authority's database marks as a trial's rings at nobody's: a device there that the platform does not know,
    or one that receivers let in and that database does not know, is a fault, and so are two that are let in.
    """
    tried = await ask_platform("find_untried", place, now, within=TRIED_WITHIN, machines=place.settings.trial.machines)
    known: dict[UUID, Devices] = {}
    living: dict[UUID, Devices] = {}
    async with transaction(place.platform) as platform:
        rows = await platform.execute(QUERIES["list_trial_devices"])
        for authority_id, device_id, sender, since in await rows.fetchall():
            known.setdefault(authority_id, set()).add((device_id, sender))
            if since is not None:
                living.setdefault(authority_id, set()).add((device_id, sender))
    found, unseen = [], []
    for one in tried.found:
        if one.authority_id is not None and one.reason in NOT_YET:
            unseen.append(one.authority_id)
            continue
        if one.authority_id is None or one.reason != FINE:
            found.append(one)
            continue
        try:
            async with place.gateway.transaction(one.authority_id) as tenant:
                rows = await tenant.execute(QUERIES["list_kept_trial_devices"])
                kept: Devices = {(device_id, sender) for device_id, sender in await rows.fetchall()}
        except VakaError:
            unseen.append(one.authority_id)
            continue
        let_in = living.get(one.authority_id, set())
        wrong = len(kept - known.get(one.authority_id, set())) + len(let_in - kept) + abs(len(let_in) - 1)
        found.append(Found(one.authority_id, UNLIKE, wrong) if wrong else one)
    return Look(found, unseen)
