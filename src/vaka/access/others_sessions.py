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
from vaka.identity.command_sessions import end_command_sessions
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


def ending_act(account_id: UUID, session_id: UUID | None, reason: EndReason, *, commands: bool = False) -> Act:
    """Return the act that ending one session of an account is (``commands``: in which commands run), or all it has."""
    whose = f"account:{account_id}"
    if commands:
        ended = f"command_session:{session_id}"
        return Act(Event.COMMAND_SIGNED_OUT.value, None, ended, {"reason": reason, "account": whose})
    if session_id is None:
        return Act(Event.SESSION_ENDED.value, None, whose, {"reason": reason})
    return Act(Event.SESSION_ENDED.value, None, f"session:{session_id}", {"reason": reason, "account": whose})


async def end_others_sessions(
    connection: Connection, principal: Principal, account_id: UUID, session_id: UUID | None, reason: EndReason, *,
    now: datetime, confirmation: Confirmation, commands: bool = False,
) -> int:  # fmt: skip
    """End one session of an account (``commands``: in which commands run) or all of them, on the office's connection;
    return how many ended.

    What is open there ends within seconds, and no further command begins. Raises NotAllowedError, NothingHereError,
    NotConfirmedError, NoSessionThereError.
    """
    require(principal, Permission.OFFICE_ASK_ACCOUNT, None)
    confirmation.require(ending_act(account_id, session_id, reason, commands=commands))
    actor, step_up, ended = principal.actor, confirmation.step_up, 0
    if not commands:
        ended += await end_sessions_of(
            connection, account_id, actor=actor, now=now, reason=reason, only=session_id, step_up=step_up
        )
    if commands or session_id is None:
        ended += await end_command_sessions(
            connection, account_id, actor=actor, now=now, reason=reason, only=session_id, step_up=step_up
        )
    if not ended:
        raise NoSessionThereError
    return ended
