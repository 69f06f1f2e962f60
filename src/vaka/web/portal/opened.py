# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entering what an auditor opens (term 37): also pages about nobody, which leave no entry when colleagues of the
authority read them day by day. Pages of the log enter each reading by themselves, whoever reads.
"""

from vaka.access.time_boxes import is_here_for_a_time
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.portal.portal import Portal


async def enter_opened(portal: Portal, asker: Asker, authority: Authority, page: str) -> None:
    """Enter in the authority's own log that a page of it was opened, before it is shown, if an auditor opens it."""
    if not is_here_for_a_time(asker.principal, authority.id):
        return
    entry = Entry(
        Event.PAGE_OPENED, asker.principal.actor, portal.clock.now(), f"authority:{authority.id}", detail={"page": page}
    )
    async with portal.gateway.transaction(authority.id) as tenant:
        await append(tenant, entry)
