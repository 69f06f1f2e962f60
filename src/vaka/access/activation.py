# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Deciding what codes and passwords have to be (term 16): the authority's own people do, nobody of the supplier's can.

What lets more through than before takes two of them. What asks for more, one puts in force alone.
"""

from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from vaka.access.decide import require
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.crypto.activation import Rules, require_sound
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.humans import is_same_human
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.search import identifier_in
from vaka.ledger.standing import require_standing
from vaka.ledger.stored import Connection
from vaka.tenants.activation import list_rules, write_rules
from vaka.tenants.authorities import QUERIES


class UndecidableRulesError(VakaError):
    """A proposal cannot be made or decided like this; says why."""


def _refusal(category: Category, sv: str, en: str) -> tuple[Category, Sentence]:
    return category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed.")


_REFUSALS = {
    "waits": _refusal(
        Category.CONFLICT, "Det finns redan ett förslag som väntar. Godkänn eller dra tillbaka det först.",
        "A proposal waits already. Approve or withdraw that one first.",
    ),
    "gone": _refusal(
        Category.CONFLICT, "Förslaget väntar inte längre: någon har godkänt det eller dragit tillbaka det.",
        "The proposal does not wait any more: somebody approved or withdrew it.",
    ),
    "changed": _refusal(
        Category.CONFLICT, "Kraven är inte de som du har sett. Läs sidan en gång till.",
        "These are not the rules that you have seen. Read the page once more.",
    ),
    "own": _refusal(
        Category.FORBIDDEN, "Förslaget sänker ett krav. Det godkänns av någon annan än den som lade det.",
        "The proposal lowers a requirement. Somebody else than who made it approves it.",
    ),
}  # fmt: skip


async def propose_rules(
    tenant: Connection, principal: Principal, authority_id: UUID, rules: Rules, *, reason: str, now: datetime
) -> UUID:
    """Propose rules, on the portal's connection; return the proposal's identifier. Nothing holds before it is approved.

    Raises NotAllowedError, NothingHereError, UnusableRulesError, UnusableReasonError, UndecidableRulesError,
    LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_SET_ACTIVATION, authority_id)
    why, wanted, proposal = require_reason(reason), Jsonb(write_rules(require_sound(rules))), new_identifier(now)
    async with tenant.transaction():
        try:
            values = {"id": proposal, "rules": wanted, "reason": why, "now": now, "actor": principal.actor}
            row = await (await tenant.execute(QUERIES["propose_activation"], values)).fetchone()
        except UniqueViolation:
            raise UndecidableRulesError(*_REFUSALS["waits"]) from None
        await require_standing(tenant, now)
        await append(tenant, Entry(
            Event.ACTIVATION_PROPOSED, principal.actor, now, f"activation:{proposal}",
            detail={"rules": "" if row is None else str(row[0]), "reason": why},
        ))  # fmt: skip
    return proposal


def approval_act(authority_id: UUID, proposal: UUID, digest: str) -> Act:
    """Return the act that an approval is, as a key confirms it."""
    return Act(Event.ACTIVATION_APPROVED.value, authority_id, f"activation:{proposal}", {"rules": digest})


async def approve_rules(
    tenant: Connection,
    principal: Principal,
    authority_id: UUID,
    proposal: UUID,
    digest: str,
    *,
    platform: Connection,
    now: datetime,
    confirmation: Confirmation,
) -> int:
    """Put the rules with this digest in force; return the entry's number. `platform` says which human is behind an
    account: what lowers a requirement is approved by another human than who proposed it.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UndecidableRulesError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_APPROVE_ACTIVATION, authority_id)
    confirmation.require(approval_act(authority_id, proposal, digest))
    async with tenant.transaction():
        proposer = next(
            (identifier_in(one.proposed_by) for one in await list_rules(tenant) if one.id == proposal and one.is_open),
            None,
        )
        alone = proposer is not None and await is_same_human(platform, proposer, principal.account_id)
        values = {"id": proposal, "digest": digest, "alone": alone, "now": now, "actor": principal.actor}
        row = await (await tenant.execute(QUERIES["approve_activation"], values)).fetchone()
        said = "gone" if row is None else str(row[0])
        if said not in ("approved", "weakened"):
            raise UndecidableRulesError(*_REFUSALS[said])
        await require_standing(tenant, now)
        return await append(tenant, Entry(
            Event.ACTIVATION_APPROVED, principal.actor, now, f"activation:{proposal}",
            detail={"rules": digest, "weakens": said == "weakened", **confirmation.said},
        ))  # fmt: skip


async def withdraw_rules(
    tenant: Connection, principal: Principal, authority_id: UUID, proposal: UUID, *, now: datetime
) -> int:
    """Take a proposal back that nobody has approved, one's own or a colleague's; return the entry's number.

    Raises NotAllowedError, NothingHereError, UndecidableRulesError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_SET_ACTIVATION, authority_id)
    async with tenant.transaction():
        values = {"id": proposal, "now": now, "actor": principal.actor}
        row = await (await tenant.execute(QUERIES["withdraw_activation"], values)).fetchone()
        if row != (True,):
            raise UndecidableRulesError(*_REFUSALS["gone"])
        await require_standing(tenant, now)
        return await append(
            tenant, Entry(Event.ACTIVATION_WITHDRAWN, principal.actor, now, f"activation:{proposal}")
        )  # fmt: skip
