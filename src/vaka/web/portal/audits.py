# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Audits and visits in the frame of the portal (terms 37 and 19): the authority asks, agrees, says whether it was held.

Everybody who sees the terms sees them, an auditor his own; the contract officer acts.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may
from vaka.access.permissions import Permission
from vaka.access.time_boxes import find_scope
from vaka.assurance.audit_acts import AUDITING, Wish, ask, close, end, withdraw
from vaka.assurance.audits import Audit, is_audited_out, list_audited_sites, list_auditors
from vaka.database.connections import Connection, transaction
from vaka.identity.sessions import end_sessions_of
from vaka.ledger.reading import read_state
from vaka.tenants.authorities import Authority
from vaka.web import audits
from vaka.web.asker import Asker
from vaka.web.audits import EXPLAINED, Frame, OneForm, Text, midnight
from vaka.web.forms import Form, read_form
from vaka.web.inquiries import deadline_after
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.times import LOCAL

MAY_SEE, MAY_ASK = Permission.PORTAL_SEE_TERMS, Permission.PORTAL_ASK_SUPPLIER
LISTS = frozenset({"terms", "auditors"})


class AskForm(Form):
    """What is asked for: which terms, which time is looked at, when, by whom, and by when it is answered."""

    kind: Literal["audit", "visit"]
    terms: Annotated[tuple[Annotated[int, Field(ge=1, le=37)], ...], Field(max_length=37)] = ()
    auditors: Annotated[tuple[UUID, ...], Field(max_length=20)] = ()
    site: UUID | Literal[""] = ""
    about: Text
    looks_from: date
    looks_until: date
    starts: date
    ends: date
    answer: date


class CloseForm(OneForm):
    """Whether it was held."""

    held: Literal["yes", "no"]


async def is_over_for(portal: Portal, asker: Asker) -> bool:
    """Whether somebody was here for an audit that is over; then his session is over too."""
    if asker.principal.grants:
        return False
    now = portal.clock.now()
    async with transaction(portal.platform) as connection:
        if not await is_audited_out(connection, asker.principal.account_id, now):
            return False
        await end_sessions_of(
            connection, asker.principal.account_id, actor=asker.principal.actor, now=now, reason="role_revoked",
            only=asker.session.id,
        )  # fmt: skip
    return True


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /audits: those of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "audits")


async def show_audits(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/audits: what was asked for, how far it has come, whose turn it is; and asking."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "audits")
    return await audits.show(await _frame(portal, asker, authority), asker)


async def ask_for_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/audits: ask for an audit or a visit."""
    authority, frame = await _require(portal, request, asker)
    form = await read_form(request, AskForm, lists=LISTS)
    is_visit = form.kind == "visit"
    wish = Wish(
        form.kind, form.terms or ((19,) if is_visit else ()), form.about, midnight(form.looks_from),
        deadline_after(form.looks_until), midnight(form.starts), deadline_after(form.ends), deadline_after(form.answer),
        () if is_visit else form.auditors, (form.site or None) if is_visit else None,
    )  # fmt: skip
    try:
        async with transaction(portal.platform) as connection:
            await ask(connection, asker.principal, authority.id, wish, now=portal.clock.now())
    except EXPLAINED as error:
        return await audits.show(frame, asker, error)
    return RedirectResponse(frame.here, 303)


async def agree_to_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/audits/agree: agree to exactly the time that was shown."""
    _, frame = await _require(portal, request, asker)
    return await audits.agree_to_one(frame, request, asker)


async def propose_for_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/audits/propose: propose another time."""
    _, frame = await _require(portal, request, asker)
    return await audits.propose_for_one(frame, request, asker)


async def withdraw_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/audits/withdraw: take a request back before it has begun."""
    _, frame = await _require(portal, request, asker)
    form = await read_form(request, OneForm)
    return await audits.act(frame, asker, form.audit, lambda connection, one: withdraw(
        connection, asker.principal, one, now=portal.clock.now()
    ))  # fmt: skip


async def end_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/audits/end: end one before its day."""
    _, frame = await _require(portal, request, asker)
    form = await read_form(request, OneForm)
    return await audits.act(frame, asker, form.audit, lambda connection, one: end(
        connection, asker.principal, one, now=portal.clock.now()
    ))  # fmt: skip


async def close_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/audits/close: say whether it was held."""
    _, frame = await _require(portal, request, asker)
    form = await read_form(request, CloseForm)
    return await audits.act(frame, asker, form.audit, lambda connection, one: close(
        connection, asker.principal, one, held=form.held == "yes", now=portal.clock.now()
    ))  # fmt: skip


async def note_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/audits/finding: write down what was found; the supplier reads it."""
    _, frame = await _require(portal, request, asker)
    return await audits.note_one(frame, request, asker)


async def _require(portal: Portal, request: Request, asker: Asker) -> tuple[Authority, Frame]:
    authority = await require_authority(portal, request, asker, MAY_ASK)
    return authority, await _frame(portal, asker, authority)


async def _frame(portal: Portal, asker: Asker, authority: Authority) -> Frame:
    path, may_act = f"/log/{authority.slug}", may(asker.principal, MAY_ASK, authority.id)
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)

    async def read_more(connection: Connection, now: datetime) -> Mapping[str, Any]:
        today = now.astimezone(LOCAL).date()
        return {
            "auditors": await list_auditors(connection, authority.id),
            "sites": await list_audited_sites(connection, authority.id) if may_act else {},
            "usual": today + timedelta(days=portal.answer_days), "month_ago": today - timedelta(days=30),
        }  # fmt: skip

    def render(status: int, shown: Mapping[str, Any]) -> Response:
        return portal.page(
            asker, "audits.html", authority, f"{path}/audits", status, path=path, state=state,
            may_act=may_act, may_audit=may(asker.principal, AUDITING, authority.id),
            **shown,
        )  # fmt: skip

    def sees(one: Audit) -> bool:
        return find_scope(asker.principal, authority.id) is None or asker.principal.account_id in one.auditors

    return Frame(portal.platform, portal.clock, "portal", f"{path}/audits", authority.id, read_more, render, sees)
