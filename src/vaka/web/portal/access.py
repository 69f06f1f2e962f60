# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who has which role (terms 2 and 9): what waits for the authority's answer, which roles need one, what was decided."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError
from vaka.access.designation import (
    HeldRole,
    designate_role,
    designating_act,
    list_designations,
    list_held,
    release_role,
    releasing_act,
)
from vaka.access.permissions import Permission
from vaka.access.requests import RequestVerdict, RoleRequest, decide_request, deciding_act, list_requests
from vaka.access.roles import ROLES
from vaka.database.connections import transaction
from vaka.errors import Category, VakaError
from vaka.identity.accounts import name_accounts
from vaka.identity.humans import is_same_human
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.reading import read_state
from vaka.ledger.search import identifier_in
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.denials import Denial
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import confirm
from vaka.web.times import LOCAL
from vaka.web.touching import Confirming

MAY_SEE = Permission.PORTAL_SEE_ACCESS
MOST_DECIDED = 50
"""Decisions on the page; the others are in the report and in the log."""
GUARDED_FIRST = ("access_approver", "contract_officer")
"""Roles that an authority does well to designate before any other: who holds them can approve and release."""

Reason = Annotated[str, Field(max_length=LONGEST_REASON)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class VerdictForm(Form):
    """Which request, what of it was shown, and what is decided."""

    request: UUID
    digest: Digest
    verdict: RequestVerdict
    reason: Reason = ""
    answer: KeyAnswer = ""


class DesignationForm(Form):
    """Which role, who was shown to hold it, and whether it needs approval from now on."""

    role: Annotated[str, Field(max_length=40)]
    holders: Digest
    wanted: Literal["designated", "released"]
    reason: Reason = ""
    answer: KeyAnswer = ""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /access: the page of one's own authority; of several, the first by name."""
    own = portal.own_authorities(asker, MAY_SEE)
    if not own:
        raise NothingHereError
    return RedirectResponse(f"/log/{own[0].slug}/access", 303)


async def show_access(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/access: what waits, who holds which role, which roles are designated, what was decided."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "access")
    return await _show(portal, asker, authority)


async def decide(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/access/decide: approve or refuse exactly what was shown, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_APPROVE_ACCESS)
    form = await read_form(request, VerdictForm)
    here, digest = f"/log/{authority.slug}/access", bytes.fromhex(form.digest)
    try:
        asked = Confirming(
            deciding_act(authority.id, form.request, digest, form.verdict, form.reason), f"{here}/decide", here,
            "access",
            {"request": str(form.request), "digest": form.digest, "verdict": form.verdict, "reason": form.reason},
            shown=await _about(portal, asker, authority, form.request),
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await decide_request(
                platform, asker.principal, authority.id, form.request, digest, form.verdict,
                reason=form.reason, now=portal.clock.now(), confirmation=confirmed,
            )  # fmt: skip
    except VakaError as error:
        if error.category is Category.FORBIDDEN:
            await portal.denials.tell(_own_request(asker, authority))
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(f"/log/{authority.slug}/access", 303)


async def designate(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/access/designate: let nobody get a role without approval, or take that back; with a key."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_DESIGNATE_ROLE)
    form = await read_form(request, DesignationForm)
    who, holders, here = asker.principal, bytes.fromhex(form.holders), f"/log/{authority.slug}/access"
    try:
        act = (
            designating_act(authority.id, form.role, holders, form.reason)
            if form.wanted == "designated"
            else releasing_act(authority.id, form.role, form.reason)
        )
        role = ROLES.get(form.role)
        asked = Confirming(
            act, f"{here}/designate", here, "access",
            {"role": form.role, "holders": form.holders, "wanted": form.wanted, "reason": form.reason},
            shown={} if role is None else {"role": role.title.in_language(asker.preferences.language)},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        now = portal.clock.now()
        async with transaction(portal.platform) as platform:
            if form.wanted == "designated":
                await designate_role(
                    platform, who, authority.id, form.role, holders, reason=form.reason, now=now,
                    confirmation=confirmed,
                )  # fmt: skip
            else:
                await release_role(
                    platform, who, authority.id, form.role, reason=form.reason, now=now, confirmation=confirmed
                )
    except VakaError as error:
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(f"/log/{authority.slug}/access", 303)


async def _about(portal: Portal, asker: Asker, authority: Authority, request: UUID) -> Mapping[str, str]:
    """Return what is shown of a request before a key is touched: who is to have which role, and until when."""
    async with transaction(portal.platform) as platform:
        found = next((one for one in await list_requests(platform, authority.id) if one.id == request), None)
        if found is None:
            return {}
        names = await name_accounts(platform, {found.account_id})
    role, until = ROLES.get(found.role), found.valid_until
    return {
        "account": names.get(found.account_id, str(found.account_id)),
        "role": found.role if role is None else role.title.in_language(asker.preferences.language),
        **({} if until is None else {"valid_until": f"{until.astimezone(LOCAL):%Y-%m-%d %H:%M %Z}"}),
    }


async def _explain(portal: Portal, asker: Asker, authority: Authority, error: VakaError) -> Response:
    if error.category not in (Category.INVALID, Category.CONFLICT, Category.FORBIDDEN):
        raise error
    return await _show(portal, asker, authority, error)


async def _show(portal: Portal, asker: Asker, authority: Authority, error: VakaError | None = None) -> Response:
    now, path = portal.clock.now(), f"/log/{authority.slug}"
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        requests = await list_requests(platform, authority.id)
        held = await list_held(platform, authority.id, now)
        designations = await list_designations(platform, authority.id)
        waiting = [one for one in requests if one.state == "waiting"]
        own = {one.id for one in waiting if await _is_own(platform, one, asker)}
    names = await name_everything(portal.platform, Things(), [], _accounts(requests, held))
    status, message = 200, None
    if error is not None:
        message = Message(error.sentence.in_language(asker.preferences.language))
        status = {Category.FORBIDDEN: 403, Category.CONFLICT: 409}.get(error.category, 400)
    context: dict[str, Any] = {
        "waiting": waiting, "own": own, "held": held, "designations": designations, "roles": ROLES,
        "decided": [one for one in requests if one.state != "waiting" and one.kind != "standing"][:MOST_DECIDED],
        "unguarded": [one.role for one in designations if one.role in GUARDED_FIRST and not one.is_designated],
        "unauthorised": [one for one in held if not one.effective], "message": message,
    }  # fmt: skip
    return portal.page(
        asker, "portal_access.html", authority, f"{path}/access", status,
        page="access", path=path, state=state, names=names, longest_reason=LONGEST_REASON, year=now.year, **context,
    )  # fmt: skip


def _own_request(asker: Asker, authority: Authority) -> Denial:
    """What the authority's log says of whoever decides what is not his to decide (term 2)."""
    return Denial(
        asker.principal.actor, asker.session.id, "/log/{authority}/access/decide", "POST",
        Permission.PORTAL_APPROVE_ACCESS.value, authority.id,
    )  # fmt: skip


async def _is_own(platform: Any, one: RoleRequest, asker: Asker) -> bool:
    requester = identifier_in(one.requested_by) if one.requested_by.startswith("account:") else None
    me = asker.principal.account_id
    return await is_same_human(platform, one.account_id, me) or (
        requester is not None and await is_same_human(platform, requester, me)
    )


def _accounts(requests: Sequence[RoleRequest], held: Sequence[HeldRole]) -> list[str]:
    known = {one.account_id for one in requests} | {one.account_id for one in held}
    known |= {one.decided_by for one in requests if one.decided_by is not None}
    return [f"account:{account}" for account in known] + [one.requested_by for one in requests]
