# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether what partners send is refused where it has to be (term 32): the guard is tried, and the rows are asked."""

from datetime import datetime, timedelta

from vaka.assurance.asking_databases import Place, ask_platform
from vaka.assurance.evidence import Found, Look
from vaka.operations.exchange.trying import count_overlooked

_LOOKED_BACK = timedelta(days=2)
"""As old as evidence may be, and as much again: nothing falls between two looks."""


async def find_exchange_faults(place: Place, now: datetime) -> Look:
    """Whether the guard refuses what is wrong, and no message was taken in that no agreement allowed."""
    overlooked = count_overlooked(now)
    if overlooked:
        # Of each, as what the rows say is: what is found of all and of each in turns has no end to show by.
        return Look([Found(authority, "overlooked", overlooked) for authority in place.authorities])
    return await ask_platform("find_wrongly_taken", place, now, every=_LOOKED_BACK)
