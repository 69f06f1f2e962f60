# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Ordering and deciding the permanent erasure of a person (terms 2 and 6): two of the authority's own people do."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.identifiers import new_identifier
from vaka.identity.humans import is_same_human
from vaka.ledger.standing import require_standing
from vaka.tenants import erasure
from vaka.tenants.erasure import Verdict, second_person_needed


async def order_erasure(
    connection: Connection, principal: Principal, authority_id: UUID, person: UUID, decision: str, *, now: datetime
) -> int:
    """Order a person's erasure, on the portal's connection to the authority's database; return the entry's number.

    Raises NotAllowedError, NothingHereError, UnusableDecisionError, NotErasableError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_ERASE, authority_id)
    async with connection.transaction():
        await require_standing(connection, now)
        order = new_identifier(now)
        return await erasure.order_erasure(connection, order, person, decision, principal.account_id, now)


async def decide_erasure(
    connection: Connection,
    principal: Principal,
    authority_id: UUID,
    order: UUID,
    verdict: Verdict,
    *,
    platform: Connection,
    now: datetime,
) -> int:
    """Approve or decline what a colleague ordered, take one's own order back, or stop what was approved and not begun;
    return the entry's number. `platform` says which human is behind an account.

    Raises NotAllowedError, NothingHereError, NotErasableError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_ERASE, authority_id)
    async with connection.transaction():
        await require_standing(connection, now)
        found = await erasure.find_order(connection, order)
        is_own = found is not None and await is_same_human(platform, found.ordered_by, principal.account_id)
        # What was approved, either of the two may still stop.
        if found is not None and verdict != "cancelled" and is_own != (verdict == "withdrawn"):
            raise second_person_needed()
        return await erasure.decide_erasure(connection, order, verdict, principal.account_id, now)
