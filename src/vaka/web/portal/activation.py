# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What codes and passwords have to be (term 16): what is asked, which devices have something else, and new rules.

A proposal is shown with what it would flag, and is in force when it is approved: `vaka.access.activation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.activation import ACTIVATION
from vaka.access.permissions import Permission
from vaka.crypto.activation import DEVICE_SECRET, FLOORS, KINDS, Rule, Rules, weakens
from vaka.database.connections import transaction
from vaka.errors import Category, VakaError
from vaka.identity.humans import is_same_human
from vaka.keys.identities import BlindSender, label
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.reading import read_state
from vaka.ledger.search import identifier_in
from vaka.tenants.activation import DeviceSecret, RuleSet, list_faulty, list_rules, read_rules
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.pages import Message
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.proposing import approve_shown, find_open, withdraw_proposed
from vaka.web.texts import mark

MAY_SET = Permission.PORTAL_SET_ACTIVATION
MOST_SHOWN = 200
"""Devices on a page; how many there are is said."""
MOST_SETS = 20
FAULTS: Mapping[str, str] = {
    "unknown": mark("Nothing is known of it: it was given before this was asked"),
    "weak": mark("Shorter, or of fewer kinds of characters, than is asked"),
    "old": mark("Older than is allowed"),
}

Figures = Annotated[str, Field(max_length=4, pattern=r"^[0-9]*$")]


class RulesForm(Form):
    """The rules for devices' passwords and for codes of invitations, and why."""

    device_length: Figures
    device_kinds: Figures
    device_lifetime: Figures = ""
    device_reuse: Figures
    code_length: Figures
    code_lifetime: Figures
    reason: Annotated[str, Field(max_length=LONGEST_REASON)] = ""

    def rules(self) -> Rules:
        """Return what was filled in; whether it is sound is for whoever proposes it."""
        return {
            "device_secret": Rule(
                _number(self.device_length), _number(self.device_kinds),
                int(self.device_lifetime) if self.device_lifetime else None, _number(self.device_reuse),
            ),
            "invitation_code": Rule(_number(self.code_length), 1, _number(self.code_lifetime), 0),
        }  # fmt: skip

    @classmethod
    def filled(cls, rules: Rules) -> "RulesForm":
        """Return the form with these rules in it."""
        device, code = rules["device_secret"], rules["invitation_code"]
        return cls(
            device_length=str(device.length), device_kinds=str(device.kinds), device_reuse=str(device.reuse),
            device_lifetime="" if device.lifetime is None else str(device.lifetime),
            code_length=str(code.length), code_lifetime=str(code.lifetime),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Faulty:
    """A device whose password is to be replaced, as a page shows it."""

    device_id: UUID
    label: str
    model: str
    set_at: datetime | None
    fault: str


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /activation: the page of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SET, "activation")


async def show_activation(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/activation: what is asked, which devices have something else, and the form."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    return await _show(portal, asker, authority)


async def propose(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/activation: propose; what follows is what it would flag."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form = await read_form(request, RulesForm)
    try:
        async with portal.gateway.transaction(authority.id) as tenant:
            proposal = await ACTIVATION.propose(
                tenant, asker.principal, authority.id, form.rules(), reason=form.reason, now=portal.clock.now()
            )
    except VakaError as error:
        if error.category not in (Category.INVALID, Category.CONFLICT):
            raise
        return await _show(portal, asker, authority, form, error)
    return RedirectResponse(f"/log/{authority.slug}/activation/{proposal}", 303)


async def show_proposal(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/activation/{proposal}: the rules, and which devices they would flag."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    return await _show_proposal(portal, asker, authority, await find_open(portal, authority, request, ACTIVATION))


async def approve(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/activation/{proposal}/approve: put it in force, confirmed with a security key."""
    return await approve_shown(portal, request, asker, ACTIVATION, "activation")


async def withdraw(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/activation/{proposal}/withdraw: take back what nobody has approved."""
    return await withdraw_proposed(portal, request, asker, ACTIVATION, "activation")


async def _show(
    portal: Portal, asker: Asker, authority: Authority, form: RulesForm | None = None, error: VakaError | None = None
) -> Response:
    now, path = portal.clock.now(), f"/log/{authority.slug}"
    async with portal.gateway.transaction(authority.id) as tenant:
        state, rules, sets = await read_state(tenant), await read_rules(tenant), await list_rules(tenant)
    faulty = await _list_faulty(portal, authority, rules, now)
    names = await name_everything(portal.platform, Things(), [], [actor for one in sets for actor in one.actors])
    message = None if error is None else Message(error.sentence.in_language(asker.preferences.language))
    status = 200 if error is None else 409 if error.category is Category.CONFLICT else 400
    context: dict[str, Any] = {
        "rules": rules, "is_floor": rules == FLOORS, "faulty": faulty[:MOST_SHOWN], "count": len(faulty),
        "sets": sets[:MOST_SETS], "waiting": next((one for one in sets if one.is_open), None),
        "unproven": [one for one in sets if one.is_unproven(now)], "form": form or RulesForm.filled(rules),
        "message": message,
    }  # fmt: skip
    return portal.page(
        asker, "portal_activation.html", authority, f"{path}/activation", status,
        page="activation", path=path, state=state, names=names, kinds=KINDS, faults=FAULTS,
        longest_reason=LONGEST_REASON, **context,
    )  # fmt: skip


async def _show_proposal(portal: Portal, asker: Asker, authority: Authority, proposal: RuleSet) -> Response:
    now, path = portal.clock.now(), f"/log/{authority.slug}"
    async with portal.gateway.transaction(authority.id) as tenant:
        state, before = await read_state(tenant), await read_rules(tenant)
    faulty = await _list_faulty(portal, authority, proposal.rules, now)
    already = {one.device_id for one in await _list_faulty(portal, authority, before, now)}
    proposer = identifier_in(proposal.proposed_by)
    async with transaction(portal.platform) as platform:
        own = proposer is not None and await is_same_human(platform, proposer, asker.principal.account_id)
    names = await name_everything(portal.platform, Things(), [], proposal.actors)
    return portal.page(
        asker, "portal_activation_preview.html", authority, f"{path}/activation/{proposal.id}", 200,
        page="activation", path=path, state=state, names=names, kinds=KINDS, faults=FAULTS, proposal=proposal,
        before=before, faulty=faulty[:MOST_SHOWN], count=len(faulty),
        new=sum(one.device_id not in already for one in faulty), weakens=weakens(proposal.rules, before), own=own,
    )  # fmt: skip


async def _list_faulty(portal: Portal, authority: Authority, rules: Rules, now: datetime) -> list[Faulty]:
    async with transaction(portal.platform) as platform, portal.gateway.transaction(authority.id) as tenant:
        found = await list_faulty(tenant, platform, authority.id, rules[DEVICE_SECRET.name], now)
    return sorted((_faulty(secret, fault) for secret, fault in found), key=lambda one: (one.fault, one.label))


def _faulty(secret: DeviceSecret, fault: str) -> Faulty:
    return Faulty(secret.device_id, label(BlindSender(secret.sender)), secret.model, secret.set_at, fault)


def _number(text: str) -> int:
    return int(text) if text else 0
