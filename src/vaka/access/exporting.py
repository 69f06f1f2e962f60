# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Taking out everything an authority owns (term 6): one of its own people does, and the log says so before."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.tenants import exporting


def export_act(authority_id: UUID, reason: str) -> Act:
    """Return the act that taking everything out is, as a key confirms it. Raises UnusableReasonError."""
    return Act(Event.EXPORT_BEGUN.value, authority_id, f"authority:{authority_id}", {"reason": require_reason(reason)})


async def begin_export(
    connection: Connection, principal: Principal, authority_id: UUID, export: UUID, reason: str, *, now: datetime,
    confirmation: Confirmation,
) -> int:  # fmt: skip
    """Enter that everything is taken out, on the portal's connection to the authority's database; return the number of
    the entry. Only then does the database hand anything out.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableReasonError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_EXPORT_AUTHORITY, authority_id)
    why = require_reason(reason)
    async with confirmed(connection, confirmation, export_act(authority_id, reason)):
        number = await exporting.begin(connection, export, principal.account_id, why, now)
        await require_standing(connection, now)
        return number
