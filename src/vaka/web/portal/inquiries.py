# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the authority has asked the supplier: whose turn it is, since when, what is late; asking, settling answers."""

from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError, may
from vaka.access.permissions import Permission
from vaka.assurance.asking import Saying, UnsayableError, file_inquiry, say_in_inquiry
from vaka.assurance.inquiries import Kind, list_inquiries
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.files.keeping import tell_refused_file
from vaka.files.model import Sent
from vaka.files.reading import read_inquiry_file
from vaka.ledger.reading import read_state
from vaka.scanning.refusing import FileRefusedError, Reason
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form
from vaka.web.inquiries import EXPLAINED, SayingForm, Words, deadline_after, inquiry_in, inquiry_words, read_lines
from vaka.web.pages import Message
from vaka.web.portal.fetched import enter_fetched
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.refusals import STATUS
from vaka.web.sent_files import file_words, inspect_upload, name_file, number_in, read_with_file
from vaka.web.times import LOCAL
from vaka.web.uploads import TooManyUploadsError, Upload, hand_out

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
    try:
        async with read_with_file(request, AskForm, portal.uploads, authority.id) as (form, upload):
            return await _ask(portal, asker, authority, form, upload)
    except TooManyUploadsError as error:
        written = error.form if isinstance(error.form, AskForm) else None
        return await _show(portal, asker, authority, error, written)


async def _ask(portal: Portal, asker: Asker, authority: Authority, form: AskForm, upload: Upload | None) -> Response:
    now = portal.clock.now()
    try:
        sent = await _inspect(portal, asker, authority, upload, now)
        saying = Saying("filed", form.words, wanted_by=deadline_after(form.wanted), sent=sent)
        async with transaction(portal.platform) as platform:
            await file_inquiry(platform, asker.principal, authority.id, form.kind, form.term or None, saying, now=now)
    except (*EXPLAINED, FileRefusedError) as error:
        return await _show(portal, asker, authority, error, form, upload)
    return RedirectResponse(_here(authority), HTTPStatus.SEE_OTHER)


async def settle(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/inquiries/settle: accept an answer, send it back, or ask no more."""
    authority = await require_authority(portal, request, asker, MAY_ASK)
    try:
        async with read_with_file(request, SettleForm, portal.uploads, authority.id) as (form, upload):
            return await _settle(portal, asker, authority, form, upload)
    except TooManyUploadsError as error:
        written = error.form if isinstance(error.form, SettleForm) else None
        return await _show(portal, asker, authority, error, written)


async def _settle(
    portal: Portal, asker: Asker, authority: Authority, form: SettleForm, upload: Upload | None
) -> Response:
    now = portal.clock.now()
    try:
        wanted_by = deadline_after(form.wanted) if form.deed == "returned" and form.wanted else None
        if form.deed == "returned" and wanted_by is None:
            raise UnsayableError("deadline")
        sent = await _inspect(portal, asker, authority, upload, now, form.inquiry)
        async with transaction(portal.platform) as platform:
            await say_in_inquiry(
                platform, asker.principal, authority.id, form.inquiry, form.seen,
                Saying(form.deed, form.words, wanted_by=wanted_by, sent=sent), now=now,
            )  # fmt: skip
    except (*EXPLAINED, FileRefusedError) as error:
        return await _show(portal, asker, authority, error, form, upload)
    return RedirectResponse(_here(authority), HTTPStatus.SEE_OTHER)


async def give_file(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/inquiries/{inquiry}/files/{number}: the file that came with what was said, to keep."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    inquiry, number = inquiry_in(request), number_in(request)
    async with transaction(portal.platform) as platform:
        file = await read_inquiry_file(platform, inquiry, number, authority.id)
    if file is None:
        raise NothingHereError
    await enter_fetched(portal, asker, authority, f"inquiry:{inquiry}", number, file)
    return hand_out(file.name, file.media_type, file.body)


async def _inspect(
    portal: Portal, asker: Asker, authority: Authority, upload: Upload | None, now: datetime,
    inquiry: UUID | None = None,
) -> Sent | None:  # fmt: skip
    async def tell(data: bytes, reason: Reason) -> None:
        async with transaction(portal.platform) as platform:
            await tell_refused_file(
                platform, asker.principal.account_id, data, reason, now, authority_id=authority.id, inquiry=inquiry
            )

    return await inspect_upload(portal.inspector, upload, now, tell)


def _here(authority: Authority) -> str:
    return f"/log/{authority.slug}/inquiries"


async def _show(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError | None = None,
    form: AskForm | SettleForm | None = None, upload: Upload | None = None,
) -> Response:  # fmt: skip
    now, language = portal.clock.now(), asker.preferences.language
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        lines = await read_lines(platform, await list_inquiries(platform, authority.id), now, authority.id)
    today = now.astimezone(LOCAL).date()
    message = None if error is None else Message(error.sentence.in_language(language))
    return portal.page(
        asker, "portal_inquiries.html", authority, _here(authority),
        HTTPStatus.OK if error is None else STATUS[error.category],
        page="inquiries", path=f"/log/{authority.slug}", state=state, lines=lines, today=today,
        form=form if isinstance(form, AskForm) else None, settling=form if isinstance(form, SettleForm) else None,
        usual=today + timedelta(days=portal.answer_days),
        may_ask=may(asker.principal, MAY_ASK, authority.id),
        message=name_file(message, error, upload), here=_here(authority), **inquiry_words(language),
        **file_words(portal.inspector),
    )  # fmt: skip
