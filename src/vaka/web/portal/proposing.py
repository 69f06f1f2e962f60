# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the pages of every kind of proposed rules do alike: find one, approve it with a security key, take it back."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.proposing import Proposing, UndecidableProposalError
from vaka.database.connections import transaction
from vaka.ledger.proposals import Proposal, RulesT
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, FormError, NoForm, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.receipts import receipt_address
from vaka.web.portal.touching import confirm
from vaka.web.touching import Confirming


class ApprovalForm(Form):
    """Which rules were shown, and that it is meant."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    sure: Literal["yes"]
    answer: KeyAnswer = ""


async def find_open(
    portal: Portal, authority: Authority, request: Request, proposing: Proposing[RulesT]
) -> Proposal[RulesT]:
    """Return the proposal that an address names, while it waits. Raises UndecidableProposalError."""
    wanted = _identifier(request)
    async with portal.gateway.transaction(authority.id) as tenant:
        for one in await proposing.list(tenant):
            if one.id == wanted and one.is_open:
                return one
    raise UndecidableProposalError("missing")


async def approve_shown(
    portal: Portal, request: Request, asker: Asker, proposing: Proposing[RulesT], page: str
) -> Response:
    """Put in force what was shown, confirmed with a security key. What follows is the receipt."""
    authority = await require_authority(portal, request, asker, proposing.may_approve)
    form, proposal = await read_form(request, ApprovalForm), _identifier(request)
    here = f"/log/{authority.slug}/{page}/{proposal}"
    asked = Confirming(
        proposing.approval(authority.id, proposal, form.digest), f"{here}/approve", here, page,
        {"digest": form.digest, "sure": form.sure},
    )  # fmt: skip
    confirmed = await confirm(portal, asker, authority, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    async with transaction(portal.platform) as platform, portal.gateway.transaction(authority.id) as tenant:
        number = await proposing.approve(
            tenant, asker.principal, authority.id, proposal, form.digest, platform=platform, now=portal.clock.now(),
            confirmation=confirmed,
        )  # fmt: skip
    # Who may fetch no receipts is led to what is in force.
    may = portal.facts(asker, authority)["may_fetch_receipt"]
    return RedirectResponse(receipt_address(authority, number) if may else f"/log/{authority.slug}/{page}", 303)


async def withdraw_proposed(
    portal: Portal, request: Request, asker: Asker, proposing: Proposing[RulesT], page: str
) -> Response:
    """Take back what nobody has approved."""
    authority = await require_authority(portal, request, asker, proposing.may_propose)
    await read_form(request, NoForm)
    async with portal.gateway.transaction(authority.id) as tenant:
        await proposing.withdraw(tenant, asker.principal, authority.id, _identifier(request), now=portal.clock.now())
    return RedirectResponse(f"/log/{authority.slug}/{page}", 303)


def _identifier(request: Request) -> UUID:
    try:
        return UUID(request.path_params["proposal"])
    except ValueError:
        raise FormError from None
