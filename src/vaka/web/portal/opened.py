# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entering what an auditor opens (term 37): also pages about nobody, which leave no entry when colleagues of the
authority read them day by day. Pages of the log enter each reading by themselves, whoever reads.
"""

from uuid import UUID

from vaka.access.principal import Principal
from vaka.access.time_boxes import is_here_for_a_time
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.portal.portal import Portal


async def enter_opened(portal: Portal, asker: Asker, authority: Authority, page: str) -> None:
    """Enter in the authority's own log that a page of it was opened, before it is shown, if an auditor opens it."""
    await enter_opened_by(portal, asker.principal, authority.id, page)


async def enter_opened_by(portal: Portal, principal: Principal, authority_id: UUID, page: str) -> None:
    """Enter the same of somebody who is here by a link of his own and without a session."""
    if not is_here_for_a_time(principal, authority_id):
        return
    entry = Entry(
        Event.PAGE_OPENED, principal.actor, portal.clock.now(), f"authority:{authority_id}", detail={"page": page}
    )
    async with portal.gateway.transaction(authority_id) as tenant:
        await append(tenant, entry)
