# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Ordering and deciding the permanent erasure of a person (terms 2 and 6): two of the authority's own people do."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.humans import is_same_human
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.tenants import erasure
from vaka.tenants.erasure import Verdict, require_decision, second_person_needed


def ordering_act(authority_id: UUID, person: UUID, decision: str) -> Act:
    """Return the act that an order is, as a key confirms it. Raises UnusableDecisionError."""
    return Act(Event.ERASURE_ORDERED.value, authority_id, f"person:{person}", {"decision": require_decision(decision)})


def deciding_act(authority_id: UUID, order: UUID, verdict: Verdict) -> Act:
    """Return the act that a decision about an order is, as a key confirms it."""
    return Act(Event.ERASURE_DECIDED.value, authority_id, f"erasure:{order}", {"verdict": verdict})


async def order_erasure(
    connection: Connection, principal: Principal, authority_id: UUID, person: UUID, decision: str, *, now: datetime,
    confirmation: Confirmation,
) -> int:  # fmt: skip
    """Order a person's erasure, on the portal's connection to the authority's database; return the entry's number.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableDecisionError, NotErasableError,
    LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_ERASE, authority_id)
    async with confirmed(connection, confirmation, ordering_act(authority_id, person, decision)):
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
    confirmation: Confirmation,
) -> int:
    """Approve or decline what a colleague ordered, take one's own order back, or stop what was approved and not begun;
    return the entry's number. `platform` says which human is behind an account.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, NotErasableError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_ERASE, authority_id)
    async with confirmed(connection, confirmation, deciding_act(authority_id, order, verdict)):
        await require_standing(connection, now)
        found = await erasure.find_order(connection, order)
        is_own = found is not None and await is_same_human(platform, found.ordered_by, principal.account_id)
        # What was approved, either of the two may still stop.
        if found is not None and verdict != "cancelled" and is_own != (verdict == "withdrawn"):
            raise second_person_needed()
        return await erasure.decide_erasure(connection, order, verdict, principal.account_id, now)
