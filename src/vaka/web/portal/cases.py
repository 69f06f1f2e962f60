# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The case room of an authority: the incidents and vulnerabilities that touch it, as far as it may see (term 35)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError, may
from vaka.access.permissions import Permission
from vaka.access.time_boxes import find_scope
from vaka.cases.contacts import contact_day, list_contacts, whose_duty
from vaka.cases.model import LONGEST_TEXT, Case, CaseEntry, Tlp, may_leave
from vaka.cases.reading import find_case, list_cases, list_entries, list_receipts, list_titles
from vaka.cases.words import title_of
from vaka.cases.writing import answer, see
from vaka.database.connections import Connection, transaction
from vaka.errors import Category, VakaError
from vaka.files.keeping import tell_refused_file
from vaka.files.reading import read_case_file
from vaka.ledger.reading import read_state
from vaka.ledger.search import identifier_in
from vaka.operations.vulnerabilities.told import list_told
from vaka.scanning.refusing import FileRefusedError, Reason
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.case_words import case_words, clocks
from vaka.web.forms import Form, read_form
from vaka.web.pages import Message
from vaka.web.portal.fetched import enter_fetched
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.scope import is_case_within, require_case
from vaka.web.refusals import STATUS
from vaka.web.sent_files import file_words, inspect_upload, name_file, number_in, read_with_file
from vaka.web.uploads import TooManyUploadsError, Upload, hand_out

MAY, MAY_SEE = Permission.PORTAL_HANDLE_CASES, Permission.PORTAL_READ_CASES
MOST_TOLD = 500
"""Vulnerabilities of what runs that the page shows, what is open first."""
OVER = ("fixed", "closed")
"""The steps after which nothing is open."""


@dataclass(frozen=True, slots=True)
class Room:
    """Whose room of which case somebody writes in."""

    authority: Authority
    case: Case


class AnswerForm(Form):
    """A message to the supplier."""

    text: Annotated[str, Field(max_length=LONGEST_TEXT)]
    tlp: Tlp = "AMBER"


class SeenForm(Form):
    """Up to where somebody has read."""

    number: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}$")]


async def show_cases(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/cases: what touches the authority."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "cases")
    now, path = portal.clock.now(), f"/log/{authority.slug}"
    async with transaction(portal.platform) as platform:
        state = await read_state(platform)
        scope = find_scope(asker.principal, authority.id)
        cases = [one for one in await list_cases(platform, authority.id) if is_case_within(scope, one.kind)]
        titles = await list_titles(platform, authority.id)
        told = await list_told(platform, authority.id) if is_case_within(scope, "vulnerability") else []
        duty = whose_duty(await list_contacts(platform, authority.id), contact_day(now))
    running = Counter(one.kind for one in cases if one.state not in OVER)
    return portal.page(
        asker, "portal_cases.html", authority, f"{path}/cases", page="cases", path=path, state=state,
        may_answer=may(asker.principal, MAY, authority.id),
        cases=sorted(cases[:100], key=lambda one: one.state in OVER), open_now=running, titles=titles, duty=duty,
        told=told[:MOST_TOLD], more_told=max(0, len(told) - MOST_TOLD),
        **case_words(asker.preferences),
    )  # fmt: skip


async def show_case(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/cases/{case}: the room: its clocks, what was written, and who has seen what."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    return await _show(portal, request, asker, authority)


async def answer_in(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/cases/{case}/answer: write to the supplier; nobody else reads it."""
    authority = await require_authority(portal, request, asker, MAY)
    async with transaction(portal.platform) as platform:
        case = await read_case(platform, authority, request)
    try:
        async with read_with_file(request, AnswerForm, portal.uploads, authority.id) as (form, upload):
            return await _answer(portal, request, asker, Room(authority, case), form, upload)
    except TooManyUploadsError as error:
        written = error.form if isinstance(error.form, AnswerForm) else None
        return await _show(portal, request, asker, authority, error, written)


async def _answer(
    portal: Portal, request: Request, asker: Asker, room: Room, form: AnswerForm, upload: Upload | None
) -> Response:
    authority, case, now = room.authority, room.case, portal.clock.now()

    async def tell(data: bytes, reason: Reason) -> None:
        async with transaction(portal.platform) as platform:
            await tell_refused_file(
                platform, asker.principal.account_id, data, reason, now, authority_id=authority.id, case_id=case.id
            )

    try:
        sent = await inspect_upload(portal.inspector, upload, now, tell)
        async with transaction(portal.platform) as platform:
            await answer(
                platform, asker.principal, case.id, authority.id, tlp=form.tlp, text=form.text, sent=sent, now=now
            )
    except VakaError as error:
        explained = error.category in (Category.INVALID, Category.CONFLICT, Category.FORBIDDEN)
        if not explained and not isinstance(error, FileRefusedError):
            raise
        return await _show(portal, request, asker, authority, error, form, upload)
    return RedirectResponse(f"/log/{authority.slug}/cases/{case.id}", 303)


async def give_file(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/cases/{case}/files/{number}: what came with an entry, to keep; never one that is RED."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    number = number_in(request)
    async with transaction(portal.platform) as platform:
        case = await read_case(platform, authority, request)
        require_case(asker.principal, authority.id, case.kind, MAY_SEE)
        file = await read_case_file(platform, case.id, number, authority.id)
    if file is None:
        raise NothingHereError
    await enter_fetched(portal, asker, authority, f"case:{case.id}", number, file)
    return hand_out(file.name, file.media_type, file.body)


async def say_seen(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/cases/{case}/seen: the receipt: somebody here has seen it."""
    authority = await require_authority(portal, request, asker, MAY)
    form, case_id = await read_form(request, SeenForm), _identifier(request)
    async with transaction(portal.platform) as platform:
        await _require(platform, authority, case_id)
        await see(
            platform, asker.principal, case_id, int(form.number), authority.id, now=portal.clock.now()
        )  # fmt: skip
    return RedirectResponse(f"/log/{authority.slug}/cases/{case_id}", 303)


async def _show(
    portal: Portal, request: Request, asker: Asker, authority: Authority, error: VakaError | None = None,
    form: AnswerForm | None = None, upload: Upload | None = None,
) -> Response:  # fmt: skip
    path = f"/log/{authority.slug}"
    async with transaction(portal.platform) as platform:
        state = await read_state(platform)
        case = await read_case(platform, authority, request)
        require_case(asker.principal, authority.id, case.kind, MAY_SEE)
        entries = await list_entries(platform, case.id, authority.id)
        receipts = await list_receipts(platform, case.id, authority.id)
        told = await list_told(platform, authority.id, case.id)
    await enter_opened(portal, asker, authority, f"cases/{case.number}")
    red, may_answer = sum(one.tlp == "RED" for one in entries), may(asker.principal, MAY, authority.id)
    if not may_answer:
        entries = may_leave(entries)  # RED is for whom it was shown to: for the authority, and not for who audits it
    status, message = 200, None
    if error is not None:
        status, message = STATUS[error.category], Message(error.sentence.in_language(asker.preferences.language))
        message = name_file(message, error, upload)
    by = {f"account:{one.account_id}" for one in receipts} | {
        f"account:{one.made_by}" for one in entries if one.made_by
    }
    names = await name_everything(portal.platform, Things(), [], sorted(by))
    ours = {one.number for one in receipts if one.authority_id is not None}
    return portal.page(
        asker, "portal_case.html", authority, f"{path}/cases/{case.id}", status, page="cases", path=path, state=state,
        case=case, may_answer=may_answer, title=title_of(entries), entries=entries, receipts=receipts, names=names,
        message=message, clocks=clocks(case, told_at(entries), entries), form=form, red=red, told=told,
        unseen=[one for one in entries if may_answer and asks_for_receipt(one) and one.number not in ours],
        **case_words(asker.preferences), **file_words(portal.inspector),
    )  # fmt: skip


async def read_case(platform: Connection, authority: Authority, request: Request) -> Case:
    """Return the case that an address names. Raises NothingHereError as for one that there is not."""
    return await _require(platform, authority, _identifier(request))


def told_at(entries: Sequence[CaseEntry]) -> datetime | None:
    """Return when the authority was told, by what it sees."""
    return min((one.made_at for one in entries if one.kind == "touched"), default=None)


def asks_for_receipt(entry: CaseEntry) -> bool:
    """Whether somebody at the authority is to say that he has seen it: what the supplier or the product tells."""
    return entry.side == "supplier" or (entry.side == "product" and entry.kind != "escalated")


async def _require(platform: Connection, authority: Authority, case_id: UUID) -> Case:
    """Return a case that touches the authority. Raises NothingHereError for every other, and for one that is none."""
    found = await find_case(platform, case_id, authority.id)
    if found is None:
        raise NothingHereError
    return found


def _identifier(request: Request) -> UUID:
    found = identifier_in(f"case:{request.path_params['case']}")
    if found is None:
        raise NothingHereError
    return found
