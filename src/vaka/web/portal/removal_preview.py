# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One proposal of rules: what it would remove, counted; and approving it, by somebody else than who proposed it."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.ledger.reading import read_state
from vaka.removal.deciding import NothingProposedError, approval_act, approve, withdraw
from vaka.removal.kinds import KINDS
from vaka.removal.preview import count_removable, note_seen
from vaka.removal.rules import NOTICE, RuleSet, list_rules
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, FormError, NoForm, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.receipts import receipt_address
from vaka.web.portal.removal import MAY_SET, actors_of
from vaka.web.portal.touching import confirm
from vaka.web.touching import Confirming

MAY_APPROVE = Permission.PORTAL_APPROVE_REMOVAL
_NIGHT_AFTER = timedelta(days=1)


class ApprovalForm(Form):
    """Which rules were shown, and that it is meant."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    sure: Literal["yes"]
    answer: KeyAnswer = ""


async def show_preview(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/removal/{proposal}: the rules, and what they would remove today and in the first night.

    That somebody was shown it is entered before it is; without that he cannot approve.
    """
    authority = await require_authority(portal, request, asker, MAY_SET)
    now = portal.clock.now()
    proposal = await _find(portal, authority, request)
    first = now + NOTICE + _NIGHT_AFTER
    today = await count_removable(portal.gateway, portal.keyring, authority.id, proposal, now)
    then = await count_removable(portal.gateway, portal.keyring, authority.id, proposal, first)
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        await note_seen(tenant, proposal, asker.principal.actor, now)
    names = await name_everything(portal.platform, Things(), [], actors_of([proposal]))
    path = f"/log/{authority.slug}"
    return portal.page(
        asker, "portal_removal_preview.html", authority, f"{path}/removal/{proposal.id}", 200,
        page="removal", path=path, state=state, names=names, kinds=KINDS, proposal=proposal, today=today, then=then,
        first=first, own=proposal.proposed_by == asker.principal.actor,
    )  # fmt: skip


async def approve_removal(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/removal/{proposal}/approve: approve what was shown, confirmed with a security key.

    What follows is the receipt.
    """
    authority = await require_authority(portal, request, asker, MAY_APPROVE)
    form = await read_form(request, ApprovalForm)
    proposal = _identifier(request)
    here = f"/log/{authority.slug}/removal/{proposal}"
    asked = Confirming(
        approval_act(authority.id, proposal, form.digest), f"{here}/approve", here, "removal",
        {"digest": form.digest, "sure": form.sure},
    )  # fmt: skip
    confirmed = await confirm(portal, asker, authority, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    async with transaction(portal.platform) as platform, portal.gateway.transaction(authority.id) as tenant:
        number = await approve(
            tenant, asker.principal, authority.id, proposal, form.digest, platform=platform, now=portal.clock.now(),
            confirmation=confirmed,
        )  # fmt: skip
    return RedirectResponse(receipt_address(authority, number), 303)


async def withdraw_removal(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/removal/{proposal}/withdraw: take back what nobody has approved."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    await read_form(request, NoForm)
    async with portal.gateway.transaction(authority.id) as tenant:
        await withdraw(tenant, asker.principal, authority.id, _identifier(request), now=portal.clock.now())
    return RedirectResponse(f"/log/{authority.slug}/removal", 303)


async def _find(portal: Portal, authority: Authority, request: Request) -> RuleSet:
    wanted = _identifier(request)
    async with portal.gateway.transaction(authority.id) as tenant:
        for one in await list_rules(tenant):
            if one.id == wanted and one.is_open:
                return one
    raise NothingProposedError


def _identifier(request: Request) -> UUID:
    try:
        return UUID(request.path_params["proposal"])
    except ValueError:
        raise FormError from None
