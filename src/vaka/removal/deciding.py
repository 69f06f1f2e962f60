# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Proposing, approving and withdrawing rules of removal (terms 2 and 6): the authority's own people do, two for a rule.

Who proposed may not approve, nor who has not seen what would be removed, nor anybody what was changed since he saw it.
"""

from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from vaka.access.decide import require
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.removal.birth_days import QUERIES
from vaka.removal.rules import Connection, Rules, require_sound, write_rules


class ProposalWaitsError(VakaError):
    """Another proposal has not been decided yet."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Det finns redan ett förslag som väntar. Godkänn eller dra tillbaka det först. Inget har ändrats.",
                en="A proposal waits already. Approve or withdraw that one first. Nothing was changed.",
            ),
        )


class NothingProposedError(VakaError):
    """That proposal is not there any more: somebody approved or withdrew it."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Förslaget väntar inte längre: någon har godkänt det eller dragit tillbaka det. Inget har ändrats.",
                en="The proposal does not wait any more: somebody approved or withdrew it. Nothing was changed.",
            ),
        )


class OwnProposalError(VakaError):
    """Nobody approves what he himself proposed."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Den som har lagt förslaget kan inte godkänna det. Be en kollega. Inget har ändrats.",
                en="Whoever made the proposal cannot approve it. Ask a colleague. Nothing was changed.",
            ),
        )


class NotSeenError(VakaError):
    """Whoever approves has not seen what these very rules would remove."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Reglerna är inte de som du har sett. Läs förhandsvisningen en gång till. Inget har ändrats.",
                en="These are not the rules that you have seen. Read the preview once more. Nothing was changed.",
            ),
        )


_REFUSED: dict[str, type[NothingProposedError | OwnProposalError | NotSeenError]] = {
    "gone": NothingProposedError, "own": OwnProposalError, "changed": NotSeenError, "unseen": NotSeenError,
}  # fmt: skip


async def propose(
    connection: Connection, principal: Principal, authority_id: UUID, rules: Rules, *, reason: str, now: datetime
) -> UUID:
    """Propose a set of rules, on the portal's connection; return its identifier. Nothing holds before it is approved.

    Raises NotAllowedError, NothingHereError, UnusableRulesError, UnusableReasonError, ProposalWaitsError,
    LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_SET_REMOVAL, authority_id)
    why, wanted = require_reason(reason), Jsonb(write_rules(require_sound(rules)))
    proposal = new_identifier(now)
    async with connection.transaction():
        try:
            values = {"id": proposal, "rules": wanted, "reason": why, "now": now, "actor": principal.actor}
            row = await (await connection.execute(QUERIES["propose"], values)).fetchone()
        except UniqueViolation:
            raise ProposalWaitsError from None
        digest = "" if row is None else str(row[0])
        entry = Entry(
            Event.REMOVAL_PROPOSED, principal.actor, now, f"removal:{proposal}",
            detail={"rules": digest, "reason": why},
        )  # fmt: skip
        await require_standing(connection, now)
        await append(connection, entry)
    return proposal


def approval_act(authority_id: UUID, proposal: UUID, digest: str) -> Act:
    """Return the act that an approval is, as a key confirms it."""
    return Act(Event.REMOVAL_APPROVED.value, authority_id, f"removal:{proposal}", {"rules": digest})


async def approve(
    connection: Connection, principal: Principal, authority_id: UUID, proposal: UUID, digest: str, *, now: datetime,
    confirmation: Confirmation,
) -> int:  # fmt: skip
    """Approve the rules with this digest, which the asker has seen the preview of; return the entry's number.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, NothingProposedError, OwnProposalError, NotSeenError,
    LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_APPROVE_REMOVAL, authority_id)
    confirmation.require(approval_act(authority_id, proposal, digest))
    async with connection.transaction():
        values = {"id": proposal, "digest": digest, "now": now, "actor": principal.actor}
        row = await (await connection.execute(QUERIES["approve"], values)).fetchone()
        if row != ("approved",):
            raise _REFUSED["gone" if row is None else row[0]]()
        await require_standing(connection, now)
        entry = Entry(
            Event.REMOVAL_APPROVED, principal.actor, now, f"removal:{proposal}",
            detail={"rules": digest, **confirmation.said},
        )  # fmt: skip
        return await append(connection, entry)


async def withdraw(
    connection: Connection, principal: Principal, authority_id: UUID, proposal: UUID, *, now: datetime
) -> int:
    """Take a proposal back that nobody has approved, one's own or a colleague's; return the entry's number.

    Raises NotAllowedError, NothingHereError, NothingProposedError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_SET_REMOVAL, authority_id)
    async with connection.transaction():
        values = {"id": proposal, "now": now, "actor": principal.actor}
        row = await (await connection.execute(QUERIES["withdraw"], values)).fetchone()
        if row != (True,):
            raise NothingProposedError
        await require_standing(connection, now)
        return await append(
            connection, Entry(Event.REMOVAL_WITHDRAWN, principal.actor, now, f"removal:{proposal}")
        )  # fmt: skip
