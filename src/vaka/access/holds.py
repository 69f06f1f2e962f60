# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Placing and lifting legal holds (term 6): the authority's own people do, nobody of the supplier's can."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.confirming import Act, Confirmation
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


def placing_act(authority_id: UUID, person: UUID, reason: str) -> Act:
    """Return the act that placing a hold is, as a key confirms it. Raises UnusableReasonError."""
    return Act(Event.HOLD_PLACED.value, authority_id, f"person:{person}", {"reason": require_reason(reason)})


def lifting_act(authority_id: UUID, person: UUID, reason: str) -> Act:
    """Return the act that lifting a hold is, as a key confirms it. Raises UnusableReasonError."""
    return Act(Event.HOLD_LIFTED.value, authority_id, f"person:{person}", {"reason": require_reason(reason)})


async def place_hold(
    connection: Connection, principal: Principal, authority_id: UUID, person: UUID, *, reason: str, now: datetime,
    confirmation: Confirmation,
) -> int:  # fmt: skip
    """Let nothing of a person be removed or erased, on the portal's connection; return the entry's number.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableReasonError, AlreadyHeldError,
    NobodyToHoldError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_HOLD_PERSON, authority_id)
    why = require_reason(reason)
    confirmation.require(placing_act(authority_id, person, why))
    detail = {"reason": why, **confirmation.said}
    async with connection.transaction():
        await holds.place(connection, person, actor=principal.actor, reason=why, now=now)
        await require_standing(connection, now)
        entry = Entry(Event.HOLD_PLACED, principal.actor, now, f"person:{person}", detail=detail)
        return await append(connection, entry)


async def lift_hold(
    connection: Connection, principal: Principal, authority_id: UUID, person: UUID, *, reason: str, now: datetime,
    confirmation: Confirmation,
) -> int:  # fmt: skip
    """Let rules and orders hold for a person again; return the entry's number.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableReasonError, NotHeldError,
    LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_HOLD_PERSON, authority_id)
    why = require_reason(reason)
    confirmation.require(lifting_act(authority_id, person, why))
    detail = {"reason": why, **confirmation.said}
    async with connection.transaction():
        await holds.lift(connection, person)
        await require_standing(connection, now)
        entry = Entry(Event.HOLD_LIFTED, principal.actor, now, f"person:{person}", detail=detail)
        return await append(connection, entry)
