# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What authorities have asked, for the supplier: what waits for an answer, what is late, and answering it."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError, may, require
from vaka.access.permissions import Permission
from vaka.access.requests import NotDecidableError
from vaka.assurance.asking import LONGEST_REFERENCE, Saying, say_in_inquiry
from vaka.assurance.inquiries import list_every_inquiry
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.files.keeping import tell_refused_file
from vaka.files.reading import read_inquiry_file
from vaka.scanning.refusing import FileRefusedError, Reason
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.inquiries import EXPLAINED, SayingForm, inquiry_in, inquiry_words, read_lines
from vaka.web.office.office import Office, explain
from vaka.web.sent_files import file_words, inspect_upload, name_file, number_in, read_with_file
from vaka.web.uploads import TooManyUploadsError, Upload, hand_out

HERE = "/inquiries"
MAY_SEE, MAY_ANSWER = Permission.OFFICE_SEE_TERMS, Permission.OFFICE_ANSWER_AUTHORITIES


class AnswerForm(SayingForm):
    """The answer to which authority, and what it points to."""

    authority: UUID
    reference: Annotated[str, Field(max_length=LONGEST_REFERENCE)] = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{64})?$")] = ""


async def show(office: Office, request: Request, asker: Asker) -> Response:
    """GET /inquiries: everything that authorities have asked, what is late first."""
    require(asker.principal, MAY_SEE, None)
    return await _show(office, asker)


async def answer(office: Office, request: Request, asker: Asker) -> Response:
    """POST /inquiries: answer one. The authority sees it at once."""
    require(asker.principal, MAY_ANSWER, None)
    try:
        async with read_with_file(request, AnswerForm, office.uploads) as (form, upload):
            return await _answer(office, asker, form, upload)
    except TooManyUploadsError as error:
        written = error.form if isinstance(error.form, AnswerForm) else None
        return await _show(office, asker, error, written)


async def _answer(office: Office, asker: Asker, form: AnswerForm, upload: Upload | None) -> Response:
    now = office.clock.now()

    async def tell(data: bytes, reason: Reason) -> None:
        async with transaction(office.platform) as connection:
            await tell_refused_file(
                connection,
                asker.principal.account_id,
                data,
                reason,
                now,
                authority_id=form.authority,
                inquiry=form.inquiry,
            )

    try:
        sent = await inspect_upload(office.inspector, upload, now, tell)
        saying = Saying("answered", form.words, form.reference, form.sha256, sent=sent)
        async with transaction(office.platform) as connection:
            await say_in_inquiry(connection, asker.principal, form.authority, form.inquiry, form.seen, saying, now=now)
    except (*EXPLAINED, FileRefusedError, NotDecidableError) as error:
        return await _show(office, asker, error, form, upload)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


async def give_file(office: Office, request: Request, asker: Asker) -> Response:
    """GET /inquiries/{inquiry}/files/{number}: the file that came with what was said, to keep."""
    require(asker.principal, MAY_SEE, None)
    inquiry, number = inquiry_in(request), number_in(request)
    async with transaction(office.platform) as connection:
        file = await read_inquiry_file(connection, inquiry, number)
    if file is None:
        raise NothingHereError
    return hand_out(file.name, file.media_type, file.body)


async def _show(
    office: Office, asker: Asker, error: VakaError | None = None, form: AnswerForm | None = None,
    upload: Upload | None = None,
) -> Response:  # fmt: skip
    status, message = explain(asker, error)
    message = name_file(message, error, upload)
    async with transaction(office.platform) as connection:
        lines = await read_lines(connection, await list_every_inquiry(connection), office.clock.now())
        authorities = {one.id: one.name for one in await list_every_authority(connection)}
    return office.page(
        asker, "office_inquiries.html", "inquiries", HERE, status, lines=lines, authorities=authorities,
        message=message, form=form, may_answer=may(asker.principal, MAY_ANSWER, None), here=HERE,
        **inquiry_words(asker.preferences.language), **file_words(office.inspector),
    )  # fmt: skip
