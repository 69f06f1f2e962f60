# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Deciding how long the log is kept (term 25). The authority's own people do; the decision is an entry of the log."""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.permissions import Permission
from vaka.access.retention import decide_retention, retention_act
from vaka.errors import Category, VakaError
from vaka.ledger.deciding import LONGEST_REASON, require_usable
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.reading import read_decisions, read_retention, read_state
from vaka.ledger.retention import LONGEST_DAYS, SHORTEST_DAYS, SUGGESTED_DAYS
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.receipts import receipt_address
from vaka.web.portal.touching import confirm
from vaka.web.touching import Confirming

MAY_SET = Permission.PORTAL_SET_RETENTION


class RetentionForm(Form):
    """How many days, and why."""

    days: Annotated[int, Field(ge=0, le=999_999)] = 0
    reason: Annotated[str, Field(max_length=LONGEST_REASON)] = ""
    answer: KeyAnswer = ""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /retention: the page of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SET, "retention")


async def show_retention(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/retention: what holds, what was decided before, and the form."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    return await _show(portal, asker, authority, RetentionForm(days=SUGGESTED_DAYS))


async def set_retention(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/retention: decide, confirmed with a security key; what follows is the receipt."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form = await read_form(request, RetentionForm)
    here = f"/log/{authority.slug}/retention"
    try:
        require_usable(form.days, form.reason)
        asked = Confirming(
            retention_act(authority.id, form.days, form.reason), here, here, "retention",
            {"days": str(form.days), "reason": form.reason},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with portal.gateway.transaction(authority.id) as tenant:
            number = await decide_retention(
                tenant, asker.principal, authority.id, days=form.days, reason=form.reason, now=portal.clock.now(),
                confirmation=confirmed,
            )  # fmt: skip
    except VakaError as error:
        if error.category is not Category.INVALID:
            raise
        return await _show(portal, asker, authority, form, error)
    return RedirectResponse(receipt_address(authority, number), 303)


async def _show(
    portal: Portal, asker: Asker, authority: Authority, form: RetentionForm, error: VakaError | None = None
) -> Response:
    path = f"/log/{authority.slug}"
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        now = portal.clock.now()
        days = await read_retention(tenant, now, state.size)
        decisions = await read_decisions(tenant, now, state.size)
        facts: dict[str, str | int | bool | None] = {"event": Event.RETENTION_SET.value, "found": len(decisions)}
        log = portal.log_name(authority)
        await append(tenant, Entry(Event.LOG_READ, asker.principal.actor, now, log, detail=facts))
    leaves = [hit.leaf for hit in decisions if hit.leaf is not None]
    names = await name_everything(portal.platform, Things(), leaves)
    message, status = None, 200
    if error is not None:
        message, status = Message(error.sentence.in_language(asker.preferences.language)), 400
    return portal.page(
        asker, "portal_retention.html", authority, f"{path}/retention", status,
        page="retention", path=path, state=state, days=days, decisions=decisions, names=names, form=form,
        message=message, shortest=SHORTEST_DAYS, longest=LONGEST_DAYS, longest_reason=LONGEST_REASON,
    )  # fmt: skip
