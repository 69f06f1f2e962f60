# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Proposing, approving and withdrawing rules of an authority (term 2): its own people do, nobody of the supplier's can.

One proposal of a kind waits at a time. Nobody approves what he has not seen, nor what was changed since he saw it.
Where it takes two, they are two humans, however many accounts they have.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, LiteralString
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
from vaka.identity.humans import is_same_human
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.proposals import Proposal, RulesT
from vaka.ledger.search import identifier_in
from vaka.ledger.standing import require_standing
from vaka.ledger.stored import Connection


class UndecidableProposalError(VakaError):
    """A proposal cannot be made or decided like this; `why` is ``waits``, ``gone``, ``missing``, ``changed``,
    ``unseen``, ``own`` or ``lowers``."""

    def __init__(self, why: str) -> None:
        category, sv, en = _REFUSALS[why]
        super().__init__(category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))
        self.why = why


_CHANGED = (
    Category.CONFLICT, "Reglerna är inte de som du har sett. Läs förslaget en gång till.",
    "These are not the rules that you have seen. Read the proposal once more.",
)  # fmt: skip
_REFUSALS = {
    "waits": (
        Category.CONFLICT, "Det finns redan ett förslag som väntar. Godkänn eller dra tillbaka det först.",
        "A proposal waits already. Approve or withdraw that one first.",
    ),
    "gone": (
        Category.CONFLICT, "Förslaget väntar inte längre: någon har godkänt det eller dragit tillbaka det.",
        "The proposal does not wait any more: somebody approved or withdrew it.",
    ),
    "missing": (
        Category.MISSING,
        "Det finns inget sådant förslag som väntar: någon kan ha godkänt det eller dragit tillbaka det.",
        "No such proposal waits: somebody may have approved or withdrawn it.",
    ),
    "changed": _CHANGED,
    "unseen": _CHANGED,
    "own": (
        Category.FORBIDDEN, "Den som har lagt förslaget kan inte godkänna det. Be en kollega.",
        "Whoever made the proposal cannot approve it. Ask a colleague.",
    ),
    "lowers": (
        Category.FORBIDDEN, "Förslaget sänker ett krav. Det godkänns av någon annan än den som lade det.",
        "The proposal lowers a requirement. Somebody else than who made it approves it.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statements:
    """What a kind of rules is decided by in the database, where what may be decided is looked at once more."""

    propose: LiteralString
    approve: LiteralString
    withdraw: LiteralString


@dataclass(frozen=True, slots=True)
class Proposing(Generic[RulesT]):
    """How one kind of rules is decided. All on the portal's connection to the authority's database."""

    kind: str
    """The kind of the object in the log."""
    may_propose: Permission
    may_approve: Permission
    proposed: Event
    approved: Event
    withdrawn: Event
    statements: Statements
    list: Callable[[Connection], Awaitable[Sequence[Proposal[RulesT]]]]
    write: Callable[[RulesT], Mapping[str, Any]]
    """Returns the rules as they are kept. Raises where they are not sound."""
    takes_two: bool
    """Whether it always takes two. Else it does where a requirement is lowered, which the database finds out."""

    async def propose(
        self, tenant: Connection, principal: Principal, authority_id: UUID, rules: RulesT, *, reason: str, now: datetime
    ) -> UUID:
        """Propose rules; return the proposal's identifier. Nothing holds before it is approved.

        Raises NotAllowedError, NothingHereError, UnusableReasonError, UndecidableProposalError, LedgerStandsStillError,
        and what `write` does.
        """
        require(principal, self.may_propose, authority_id)
        why, wanted, proposal = require_reason(reason), Jsonb(self.write(rules)), new_identifier(now)
        async with tenant.transaction():
            try:
                values = {"id": proposal, "rules": wanted, "reason": why, "now": now, "actor": principal.actor}
                row = await (await tenant.execute(self.statements.propose, values)).fetchone()
            except UniqueViolation:
                raise UndecidableProposalError("waits") from None
            await require_standing(tenant, now)
            await append(tenant, Entry(
                self.proposed, principal.actor, now, self._object(proposal),
                detail={"rules": "" if row is None else str(row[0]), "reason": why},
            ))  # fmt: skip
        return proposal

    def approval(self, authority_id: UUID, proposal: UUID, digest: str) -> Act:
        """Return the act that an approval is, as a key confirms it."""
        return Act(self.approved.value, authority_id, self._object(proposal), {"rules": digest})

    async def approve(
        self, tenant: Connection, principal: Principal, authority_id: UUID, proposal: UUID, digest: str, *,
        platform: Connection, now: datetime, confirmation: Confirmation,
    ) -> int:  # fmt: skip
        """Put the rules with this digest in force; return the entry's number. `platform` says whose an account is.

        Raises NotAllowedError, NothingHereError, NotConfirmedError, UndecidableProposalError, LedgerStandsStillError.
        """
        require(principal, self.may_approve, authority_id)
        confirmation.require(self.approval(authority_id, proposal, digest))
        async with tenant.transaction():
            found = [one for one in await self.list(tenant) if one.id == proposal and one.is_open]
            proposer = identifier_in(found[0].proposed_by) if found else None
            alone = proposer is not None and await is_same_human(platform, proposer, principal.account_id)
            if alone and self.takes_two:
                raise UndecidableProposalError("own")
            values = {"id": proposal, "digest": digest, "alone": alone, "now": now, "actor": principal.actor}
            row = await (await tenant.execute(self.statements.approve, values)).fetchone()
            said = "gone" if row is None else str(row[0])
            if said not in ("approved", "weakened"):
                raise UndecidableProposalError("lowers" if said == "own" and not self.takes_two else said)
            await require_standing(tenant, now)
            weakens = {} if self.takes_two else {"weakens": said == "weakened"}
            return await append(tenant, Entry(
                self.approved, principal.actor, now, self._object(proposal),
                detail={"rules": digest, **weakens, **confirmation.said},
            ))  # fmt: skip

    async def withdraw(
        self, tenant: Connection, principal: Principal, authority_id: UUID, proposal: UUID, *, now: datetime
    ) -> int:
        """Take a proposal back that nobody has approved, one's own or a colleague's; return the entry's number.

        Raises NotAllowedError, NothingHereError, UndecidableProposalError, LedgerStandsStillError.
        """
        require(principal, self.may_propose, authority_id)
        async with tenant.transaction():
            values = {"id": proposal, "now": now, "actor": principal.actor}
            row = await (await tenant.execute(self.statements.withdraw, values)).fetchone()
            if row != (True,):
                raise UndecidableProposalError("gone")
            await require_standing(tenant, now)
            return await append(tenant, Entry(self.withdrawn, principal.actor, now, self._object(proposal)))

    def _object(self, proposal: UUID) -> str:
        return f"{self.kind}:{proposal}"
