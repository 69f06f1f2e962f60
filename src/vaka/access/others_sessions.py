# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing somebody else out, in the office (term 13): one administrator is enough to close a door, with a touch.

It waits for no ledger to be sealed: it only keeps somebody out.
"""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.sessions import EndReason, end_sessions_of
from vaka.ledger.events import Event


class NoSessionThereError(VakaError):
    """The account has no such session, or no longer."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Kontot är inte inloggat så. Inget har ändrats.",
                en="The account has no such session. Nothing was changed.",
            ),
        )


def ending_act(account_id: UUID, session_id: UUID | None, reason: EndReason) -> Act:
    """Return the act that ending one session of an account is, or all that it has."""
    whose = f"account:{account_id}"
    if session_id is None:
        return Act(Event.SESSION_ENDED.value, None, whose, {"reason": reason})
    return Act(Event.SESSION_ENDED.value, None, f"session:{session_id}", {"reason": reason, "account": whose})


async def end_others_sessions(
    connection: Connection, principal: Principal, account_id: UUID, session_id: UUID | None, reason: EndReason, *,
    now: datetime, confirmation: Confirmation,
) -> int:  # fmt: skip
    """End one session of an account or all of them, on the office's connection; return how many ended.

    What is open there ends within seconds. Raises NotAllowedError, NothingHereError, NotConfirmedError,
    NoSessionThereError.
    """
    require(principal, Permission.OFFICE_ASK_ACCOUNT, None)
    confirmation.require(ending_act(account_id, session_id, reason))
    ended = await end_sessions_of(
        connection, account_id, actor=principal.actor, now=now, reason=reason, only=session_id,
        step_up=confirmation.step_up,
    )  # fmt: skip
    if not ended:
        raise NoSessionThereError
    return ended
