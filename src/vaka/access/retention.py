# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Deciding how long an authority's log is kept (term 25): its own people do, nobody of the supplier's can."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.deciding import set_retention
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.ledger.stored import Connection


def retention_act(authority_id: UUID, days: int, reason: str) -> Act:
    """Return the act that a decision is, as a key confirms it."""
    return Act(
        Event.RETENTION_SET.value, authority_id, f"authority:{authority_id}", {"days": days, "reason": reason.strip()}
    )


async def decide_retention(
    connection: Connection, principal: Principal, authority_id: UUID, *, days: int, reason: str, now: datetime,
    confirmation: Confirmation,
) -> int:  # fmt: skip
    """Enter the authority's decision, on the portal's connection to its database; return the entry's number.

    The number is what `ledger.receipts.wait_for_receipt` takes, once this is committed. A shorter time than before lets
    nothing go for thirty days.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableRetentionError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_SET_RETENTION, authority_id)
    confirmation.require(retention_act(authority_id, days, reason))
    entry = Entry(
        Event.RETENTION_SET, principal.actor, now, f"authority:{authority_id}",
        detail={"days": days, "reason": reason.strip(), "step_up": confirmation.step_up},
    )  # fmt: skip
    async with connection.transaction():
        await require_standing(connection, now)
        return await set_retention(connection, entry)
