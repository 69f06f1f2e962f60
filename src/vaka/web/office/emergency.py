# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Emergency access as the office shows it: who are custodians, whether it could be used, and when it was (term 15)."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.accounts import list_account_requests
from vaka.access.decide import NothingHereError
from vaka.access.reviewing import ReviewRefusedError, review_act, review_emergency
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.accounts import name_accounts
from vaka.identity.break_glass import (
    LONGEST_REVIEW,
    BreakGlass,
    Custodian,
    count_humans,
    find_break_glass,
    find_open,
    is_genuine,
    list_acts,
    list_break_glass,
    list_custodians,
)
from vaka.identity.ceremonies import NotAllowedToAddError, may_add
from vaka.identity.refusing import KeyRefusedError
from vaka.identity.security_keys import LONGEST_NAME, UnusableNameError
from vaka.identity.sessions import Session
from vaka.ledger.search import identifier_in
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office, explain
from vaka.web.office.touching import KEYS, confirm, key_frame
from vaka.web.touching import Confirming

HERE = "/emergency"
Standing = Literal["ready", "one", "none"]


class AnswerForm(Form):
    """What a key said."""

    answer: KeyAnswer = ""


class ReviewForm(AnswerForm):
    """What somebody writes who has gone through an emergency."""

    review: Annotated[str, Field(max_length=2 * LONGEST_REVIEW)] = ""


class NewForm(AnswerForm):
    """What the new key is to be called."""

    name: str = ""


async def is_as_opened(office: Office, session: Session) -> bool:
    """Whether a session is no emergency's, or one that two custodians opened and nobody has changed since."""
    if session.break_glass is None:
        return True
    async with transaction(office.platform) as connection:
        return await is_genuine(connection, office.emergency_keys.secret, session)


async def show_emergency(office: Office, request: Request, asker: Asker) -> Response:
    """GET /emergency: the custodians, whether they are enough, and every time it was used."""
    return await _show(office, asker)


async def add_key(office: Office, request: Request, asker: Asker) -> Response:
    """POST /emergency/add: touch one's ordinary key, then the page on which the one for emergencies is made."""
    form = await read_form(request, AnswerForm)
    if not await office.security_keys.has_any(asker.session.account_id):
        return RedirectResponse(f"{KEYS}?needed=1", 303)
    keys = office.emergency_keys
    asked = Confirming(keys.enrolment_for(asker.session), f"{HERE}/add", HERE, "emergency")
    confirmed = await confirm(office, asker, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    try:
        options = await keys.ask_for_new_key(asker.session, confirmed)
    except NotAllowedToAddError as error:
        return await _show(office, asker, error)
    shown = {"page": "emergency", "here": HERE, "action": f"{HERE}/enrol", "options": options,
             "longest_name": LONGEST_NAME}  # fmt: skip
    return key_frame(office, asker).render("key_new.html", HERE, 200, shown)


async def enrol_key(office: Office, request: Request, asker: Asker) -> Response:
    """POST /emergency/enrol: enrol the key that was made; the approval is used up."""
    form = await read_form(request, NewForm)
    try:
        await office.emergency_keys.enrol(asker.session, form.name, form.answer)
    except (KeyRefusedError, UnusableNameError) as error:
        return await _show(office, asker, error)
    return RedirectResponse(HERE, 303)


async def show_one(office: Office, request: Request, asker: Asker) -> Response:
    """GET /emergency/{emergency}: what was done in it, and the form for going through it."""
    return await _show_one(office, asker, await _find(office, request))


async def review(office: Office, request: Request, asker: Asker) -> Response:
    """POST /emergency/{emergency}/review: say that one has gone through it, and what was done."""
    known, form = await _find(office, request), await read_form(request, ReviewForm)
    here = f"{HERE}/{known.id}"
    try:
        act = review_act(known.id, form.review)
        asked = Confirming(act, f"{here}/review", here, "emergency", {"review": str(act.parameters["reason"])})
        confirmed = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await review_emergency(
                connection, asker.principal, known.id, form.review, now=office.clock.now(), confirmation=confirmed
            )
    except ReviewRefusedError as error:
        return await _show_one(office, asker, known, error, form.review)
    return RedirectResponse(here, 303)


async def _find(office: Office, request: Request) -> BreakGlass:
    wanted = identifier_in(f"break_glass:{request.path_params['emergency']}")
    async with transaction(office.platform) as connection:
        known = None if wanted is None else await find_break_glass(connection, wanted)
    if known is None:
        raise NothingHereError
    return known


async def _show_one(
    office: Office, asker: Asker, known: BreakGlass, error: VakaError | None = None, written: str = ""
) -> Response:
    async with transaction(office.platform) as connection:
        acts = await list_acts(connection, known)
        people = {known.first_account, known.second_account, known.reviewed_by} - {None}
        names = await name_accounts(connection, [one for one in people if one is not None])
    own = asker.session.account_id in (known.first_account, known.second_account)
    status, message = explain(asker, error)
    return office.page(
        asker, "office_emergency_one.html", "emergency", f"{HERE}/{known.id}", status,
        one=known, acts=acts, names=names, own=own, message=message, written=written, longest=LONGEST_REVIEW,
    )  # fmt: skip


async def _show(office: Office, asker: Asker, error: VakaError | None = None) -> Response:
    now, me = office.clock.now(), asker.session.account_id
    async with transaction(office.platform) as connection:
        custodians = await list_custodians(connection, now)
        uses = await list_break_glass(connection)
        open_now = await find_open(connection, now)
        waiting = [one for one in await list_account_requests(connection)
                   if one.state == "waiting" and one.kind.startswith("emergency_key")]  # fmt: skip
        accounts = {one.first_account for one in uses} | {one.second_account for one in uses if one.second_account}
        names = await name_accounts(connection, [*accounts, *(one.account_id for one in waiting)])
        allowed = await may_add(connection, me, now)
    status, message = explain(asker, error)
    return office.page(
        asker, "office_emergency.html", "emergency", HERE, status,
        custodians=custodians, standing=_stands(office, custodians), uses=uses, open_now=open_now, names=names,
        waiting=waiting, allowed=allowed, message=message, me=me,
    )  # fmt: skip


def _stands(office: Office, custodians: Sequence[Custodian]) -> Standing:
    keys = office.emergency_keys
    humans = len(count_humans(custodians, keys.secret, keys.site.identifier))
    return "ready" if humans >= 2 else "one" if humans else "none"
