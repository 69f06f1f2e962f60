# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the authority has asked the supplier: whose turn it is, since when, what is late; asking, settling answers."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may
from vaka.access.permissions import Permission
from vaka.assurance.asking import Saying, UnsayableError, file_inquiry, say_in_inquiry
from vaka.assurance.inquiries import Kind, list_inquiries
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.ledger.reading import read_state
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.inquiries import EXPLAINED, SayingForm, Words, deadline_after, inquiry_words, read_lines
from vaka.web.pages import Message
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.refusals import STATUS
from vaka.web.times import LOCAL

MAY_SEE, MAY_ASK = Permission.PORTAL_SEE_TERMS, Permission.PORTAL_ASK_SUPPLIER
Deed = Literal["accepted", "returned", "withdrawn"]


class AskForm(Form):
    """What is asked, about which term, and by which day."""

    kind: Kind
    term: Annotated[int, Field(ge=1, le=37)] | Literal[""] = ""
    words: Words = ""
    wanted: date


class SettleForm(SayingForm):
    """What becomes of an answer; one that is sent back is wanted by another day."""

    deed: Deed
    wanted: date | Literal[""] = ""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /inquiries: those of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "inquiries")


async def show(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/inquiries: what was asked, how it stands, and the form."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "inquiries")
    return await _show(portal, asker, authority)


async def ask(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/inquiries: ask the supplier."""
    authority = await require_authority(portal, request, asker, MAY_ASK)
    form = await read_form(request, AskForm)
    try:
        saying = Saying("filed", form.words, wanted_by=deadline_after(form.wanted))
        async with transaction(portal.platform) as platform:
            await file_inquiry(
                platform, asker.principal, authority.id, form.kind, form.term or None, saying, now=portal.clock.now()
            )
    except EXPLAINED as error:
        return await _show(portal, asker, authority, error, form)
    return RedirectResponse(_here(authority), HTTPStatus.SEE_OTHER)


async def settle(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/inquiries/settle: accept an answer, send it back, or ask no more."""
    authority = await require_authority(portal, request, asker, MAY_ASK)
    form = await read_form(request, SettleForm)
    try:
        wanted_by = deadline_after(form.wanted) if form.deed == "returned" and form.wanted else None
        if form.deed == "returned" and wanted_by is None:
            raise UnsayableError("deadline")
        async with transaction(portal.platform) as platform:
            await say_in_inquiry(
                platform, asker.principal, authority.id, form.inquiry, form.seen,
                Saying(form.deed, form.words, wanted_by=wanted_by), now=portal.clock.now(),
            )  # fmt: skip
    except EXPLAINED as error:
        return await _show(portal, asker, authority, error)
    return RedirectResponse(_here(authority), HTTPStatus.SEE_OTHER)


def _here(authority: Authority) -> str:
    return f"/log/{authority.slug}/inquiries"


async def _show(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError | None = None, form: AskForm | None = None
) -> Response:
    now, language = portal.clock.now(), asker.preferences.language
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        lines = await read_lines(platform, await list_inquiries(platform, authority.id), now, authority.id)
    today = now.astimezone(LOCAL).date()
    return portal.page(
        asker, "portal_inquiries.html", authority, _here(authority),
        HTTPStatus.OK if error is None else STATUS[error.category],
        page="inquiries", path=f"/log/{authority.slug}", state=state, lines=lines, form=form, today=today,
        usual=today + timedelta(days=portal.answer_days),
        may_ask=may(asker.principal, MAY_ASK, authority.id),
        message=None if error is None else Message(error.sentence.in_language(language)), **inquiry_words(language),
    )  # fmt: skip
