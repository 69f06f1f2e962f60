# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Going through an emergency access that is over (term 15): an administrator who is no custodian of it does."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.break_glass import LONGEST_REVIEW, enter_review, read_review
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing


class ReviewRefusedError(VakaError):
    """It cannot be gone through like this; says why by a word of the database's function, or ``words``."""

    def __init__(self, said: str) -> None:
        super().__init__(*_REFUSALS[said])


_REFUSALS = {
    "gone": (
        Category.CONFLICT,
        Sentence(
            "Nödåtkomsten pågår än, eller så har någon redan gått igenom den. Inget har ändrats.",
            "The emergency access goes on, or somebody has gone through it already. Nothing was changed.",
        ),
    ),
    "own": (
        Category.FORBIDDEN,
        Sentence(
            "Ingen går igenom en nödåtkomst som han själv har öppnat. Inget har ändrats. Be en kollega.",
            "Nobody goes through an emergency access that he himself has opened. Nothing was changed. Ask a colleague.",
        ),
    ),
    "stranger": (
        Category.FORBIDDEN,
        Sentence(
            "Det kontot är inget aktivt administratörskonto med rollen administratör. Inget har ändrats.",
            "That account is no active administrator's with the role administrator. Nothing was changed.",
        ),
    ),
    "words": (
        Category.INVALID,
        Sentence(
            f"Skriv vad som gjordes, med högst {LONGEST_REVIEW} tecken, utan namn och personnummer. Inget har ändrats.",
            f"Say what was done, in at most {LONGEST_REVIEW} characters, without names and personal numbers. Nothing "
            "was changed.",
        ),
    ),
}  # fmt: skip


def review_act(emergency: UUID, review: str) -> Act:
    """Return the act that it is, as a key confirms it. Raises ReviewRefusedError."""
    words = read_review(review)
    if words is None:
        raise ReviewRefusedError("words")
    return Act(Event.BREAK_GLASS_REVIEWED.value, None, f"break_glass:{emergency}", {"reason": words})


async def review_emergency(
    connection: Connection, principal: Principal, emergency: UUID, review: str, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Write down that an emergency was gone through, on the office's connection.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, ReviewRefusedError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_DECIDE_ACCOUNT, None)
    act = review_act(emergency, review)
    confirmation.require(act)
    async with connection.transaction():
        said = await enter_review(
            connection, emergency, principal.account_id, str(act.parameters["reason"]), confirmation.step_up, now
        )
        if said != "done":
            raise ReviewRefusedError(said)
        await require_standing(connection, now)
