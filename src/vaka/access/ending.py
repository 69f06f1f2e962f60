# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Ordering and deciding that a whole authority is erased at the end of its contract (terms 6 and 31)."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection
from vaka.errors import Category
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.humans import is_same_human
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.tenants import ending
from vaka.tenants.authorities import Authority
from vaka.tenants.ending import not_endable, second_officer_needed
from vaka.tenants.erasure import Verdict, require_decision


def ordering_act(authority_id: UUID, decision: str, *, digest: str, no_export: str) -> Act:
    """Return the act that an order is, as a key confirms it.

    Raises UnusableDecisionError, UnusableReasonError, NotEndableError.
    """
    export, reason = ending.require_export(digest, no_export)
    said = {"decision": require_decision(decision)}
    said |= {"export": export} if export is not None else {"reason": require_reason(reason or "")}
    return Act(Event.ENDING_ORDERED.value, authority_id, f"authority:{authority_id}", said)


def deciding_act(authority_id: UUID, order: UUID, verdict: Verdict, wait_days: int) -> Act:
    """Return the act that a decision about an order is, as a key confirms it."""
    said: dict[str, str | int] = {"verdict": verdict, **({"days": wait_days} if verdict == "approved" else {})}
    return Act(Event.ENDING_DECIDED.value, authority_id, f"ending:{order}", said)


def require_name(authority: Authority, name: str) -> None:
    """Return where whoever approves has typed the authority's name. Raises NotEndableError."""
    if " ".join(name.split()).casefold() != authority.name.casefold():
        raise not_endable(
            f"Skriv myndighetens namn, {authority.name}, för att godkänna. Inget har ändrats.",
            f"Write the authority's name, {authority.name}, to approve. Nothing was changed.",
            Category.INVALID,
        )


async def order_ending(
    connection: Connection,
    principal: Principal,
    authority_id: UUID,
    decision: str,
    *,
    digest: str = "",
    no_export: str = "",
    now: datetime,
    confirmation: Confirmation,
) -> int:
    """Order that everything about everybody is erased, on the portal's connection to the authority's database; return
    the entry's number. `digest` is that of the file that was taken out, `no_export` why none is wanted.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableDecisionError, UnusableReasonError,
    NotEndableError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_END_AUTHORITY, authority_id)
    act = ordering_act(authority_id, decision, digest=digest, no_export=no_export)
    export = ending.require_export(digest, no_export)
    async with confirmed(connection, confirmation, act):
        await require_standing(connection, now)
        return await ending.order_ending(connection, new_identifier(now), decision, export, principal.account_id, now)


async def decide_ending(
    connection: Connection,
    principal: Principal,
    authority: Authority,
    order: UUID,
    verdict: Verdict,
    *,
    platform: Connection,
    wait_days: int,
    name: str = "",
    now: datetime,
    confirmation: Confirmation,
) -> int:
    """Approve or decline what a colleague ordered, take one's own order back, or stop what was approved and not begun;
    return the entry's number. Whoever approves has typed the authority's name. `platform` says which human is behind an
    account.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, NotEndableError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_END_AUTHORITY, authority.id)
    if verdict == "approved":
        require_name(authority, name)
    async with confirmed(connection, confirmation, deciding_act(authority.id, order, verdict, wait_days)):
        await require_standing(connection, now)
        found = next((one for one in await ending.list_endings(connection) if one.id == order), None)
        is_own = found is not None and await is_same_human(platform, found.ordered_by, principal.account_id)
        if found is not None and verdict != "cancelled" and is_own != (verdict == "withdrawn"):
            raise second_officer_needed()
        return await ending.decide_ending(connection, order, verdict, principal.account_id, wait_days, now)
