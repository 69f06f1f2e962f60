# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Ordering and deciding that a whole authority is erased at the end of its contract (terms 6 and 31)."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.errors import Category
from vaka.identifiers import new_identifier
from vaka.identity.humans import is_same_human
from vaka.ledger.standing import require_standing
from vaka.tenants import ending
from vaka.tenants.authorities import Authority
from vaka.tenants.ending import not_endable, second_officer_needed
from vaka.tenants.erasure import Verdict


async def order_ending(
    connection: Connection,
    principal: Principal,
    authority_id: UUID,
    decision: str,
    *,
    digest: str = "",
    no_export: str = "",
    now: datetime,
) -> int:
    """Order that everything about everybody is erased, on the portal's connection to the authority's database; return
    the entry's number. `digest` is that of the file that was taken out, `no_export` why none is wanted.

    Raises NotAllowedError, NothingHereError, UnusableDecisionError, UnusableReasonError, NotEndableError,
    LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_END_AUTHORITY, authority_id)
    export = ending.require_export(digest, no_export)
    if export[1] is not None:
        require_reason(export[1])
    async with connection.transaction():
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
) -> int:
    """Approve or decline what a colleague ordered, take one's own order back, or stop what was approved and not begun;
    return the entry's number. Whoever approves has typed the authority's name. `platform` says which human is behind an
    account.

    Raises NotAllowedError, NothingHereError, NotEndableError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_END_AUTHORITY, authority.id)
    if verdict == "approved" and " ".join(name.split()).casefold() != authority.name.casefold():
        raise not_endable(
            f"Skriv myndighetens namn, {authority.name}, för att godkänna. Inget har ändrats.",
            f"Write the authority's name, {authority.name}, to approve. Nothing was changed.",
            Category.INVALID,
        )
    async with connection.transaction():
        await require_standing(connection, now)
        found = next((one for one in await ending.list_endings(connection) if one.id == order), None)
        is_own = found is not None and await is_same_human(platform, found.ordered_by, principal.account_id)
        if found is not None and verdict != "cancelled" and is_own != (verdict == "withdrawn"):
            raise second_officer_needed()
        return await ending.decide_ending(connection, order, verdict, principal.account_id, wait_days, now)
