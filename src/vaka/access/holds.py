# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Placing and lifting legal holds (term 6): the authority's own people do, nobody of the supplier's can."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.ledger.stored import Connection
from vaka.ledger.wording import seems_personal
from vaka.tenants import holds


class UnusableReasonError(VakaError):
    """There is no reason, it is too long, or it seems to name somebody."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Skriv varför, i 1–{LONGEST_REASON} tecken, utan personnummer, telefonnummer och e-postadresser: "
                "det står kvar i loggen. Inget har ändrats.",
                en=f"Say why, in 1–{LONGEST_REASON} signs, without personal numbers, telephone numbers and mail "
                "addresses: it stays in the log. Nothing was changed.",
            ),
        )


def require_reason(text: str) -> str:
    """Return why something is decided, fit for the log. Raises UnusableReasonError."""
    reason = text.strip()
    if not reason or len(reason) > LONGEST_REASON or seems_personal(reason):
        raise UnusableReasonError
    return reason


async def place_hold(
    connection: Connection, principal: Principal, authority_id: UUID, person: UUID, *, reason: str, now: datetime
) -> int:
    """Let nothing of a person be removed or erased, on the portal's connection; return the entry's number.

    Raises NotAllowedError, NothingHereError, UnusableReasonError, AlreadyHeldError, NobodyToHoldError,
    LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_HOLD_PERSON, authority_id)
    why = require_reason(reason)
    async with connection.transaction():
        await holds.place(connection, person, actor=principal.actor, reason=why, now=now)
        return await _enter(connection, Event.HOLD_PLACED, principal, person, why, now)


async def lift_hold(
    connection: Connection, principal: Principal, authority_id: UUID, person: UUID, *, reason: str, now: datetime
) -> int:
    """Let rules and orders hold for a person again; return the entry's number.

    Raises NotAllowedError, NothingHereError, UnusableReasonError, NotHeldError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_HOLD_PERSON, authority_id)
    why = require_reason(reason)
    async with connection.transaction():
        await holds.lift(connection, person)
        return await _enter(connection, Event.HOLD_LIFTED, principal, person, why, now)


async def _enter(
    connection: Connection, event: Event, principal: Principal, person: UUID, reason: str, now: datetime
) -> int:
    await require_standing(connection, now)
    return await append(connection, Entry(event, principal.actor, now, f"person:{person}", detail={"reason": reason}))
