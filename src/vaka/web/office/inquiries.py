# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What authorities have asked, for the supplier: what waits for an answer, what is late, and answering it."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may, require
from vaka.access.permissions import Permission
from vaka.assurance.asking import LONGEST_REFERENCE, Saying, say_in_inquiry
from vaka.assurance.inquiries import list_every_inquiry
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.forms import read_form
from vaka.web.inquiries import EXPLAINED, SayingForm, inquiry_words, read_lines
from vaka.web.office.office import Office, explain

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
    form = await read_form(request, AnswerForm)
    saying = Saying("answered", form.words, form.reference, form.sha256)
    try:
        async with transaction(office.platform) as connection:
            await say_in_inquiry(
                connection, asker.principal, form.authority, form.inquiry, form.seen, saying, now=office.clock.now()
            )
    except EXPLAINED as error:
        return await _show(office, asker, error)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


async def _show(office: Office, asker: Asker, error: VakaError | None = None) -> Response:
    status, message = explain(asker, error)
    async with transaction(office.platform) as connection:
        lines = await read_lines(connection, await list_every_inquiry(connection), office.clock.now())
        authorities = {one.id: one.name for one in await list_every_authority(connection)}
    return office.page(
        asker, "office_inquiries.html", "inquiries", HERE, status, lines=lines, authorities=authorities,
        message=message, may_answer=may(asker.principal, MAY_ANSWER, None),
        **inquiry_words(asker.preferences.language),
    )  # fmt: skip
