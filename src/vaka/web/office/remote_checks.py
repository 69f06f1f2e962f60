# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The quarterly check of remote work, for the supplier: drawing the sample, and going through it."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may, require
from vaka.access.holds import UnusableReasonError
from vaka.access.permissions import Permission
from vaka.assurance.remote_samples import (
    MAY_CHECK,
    UndrawableSampleError,
    check_session,
    checking_act,
    draw_sample,
    last_quarter,
    list_drawn,
    list_draws,
    require_checkable,
)
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.accounts import name_accounts
from vaka.identity.confirming import NotConfirmedError
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.standing import LedgerStandsStillError
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office, explain
from vaka.web.office.touching import confirm
from vaka.web.touching import Confirming

HERE = "/remote"
_EXPLAINED = (UndrawableSampleError, UnusableReasonError, NotConfirmedError, LedgerStandsStillError)
Text = Annotated[str, Field(max_length=2 * LONGEST_REASON)]


class DrawForm(Form):
    """Which draw of the quarter it is to be, and why again."""

    number: Annotated[int, Field(ge=1, le=1000)]
    reason: Text = ""


class CheckForm(Form):
    """Which session, and how it was."""

    draw: UUID
    session: UUID
    verdict: Literal["followed", "deviates"]
    note: Text = ""
    answer: KeyAnswer = ""


async def show(office: Office, request: Request, asker: Asker) -> Response:
    """GET /remote: what was drawn of each quarter, and what is to be gone through."""
    require(asker.principal, Permission.OFFICE_SEE_TERMS, None)
    return await _show(office, asker)


async def draw(office: Office, request: Request, asker: Asker) -> Response:
    """POST /remote/draw: let the system draw. Whoever asks for it chooses nothing."""
    require(asker.principal, MAY_CHECK, None)
    form = await read_form(request, DrawForm)
    try:
        async with transaction(office.platform) as connection:
            now = office.clock.now()
            await draw_sample(connection, asker.principal, form.number, reason=form.reason, now=now)
    except _EXPLAINED as error:
        return await _show(office, asker, error)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


async def check(office: Office, request: Request, asker: Asker) -> Response:
    """POST /remote/check: say whether the policy was followed in a session that was drawn, confirmed with a key."""
    require(asker.principal, MAY_CHECK, None)
    form = await read_form(request, CheckForm)
    deviates, note = form.verdict == "deviates", form.note.strip()
    try:
        async with transaction(office.platform) as connection:
            drawn = {(one.draw, one.session_id): one for one in await list_drawn(connection)}
        one = require_checkable(drawn.get((form.draw, form.session)), deviates=deviates, note=note)
        if one.account_id == asker.principal.account_id:
            raise UndrawableSampleError("own")
        asked = Confirming(
            checking_act(one, deviates=deviates, note=note), f"{HERE}/check", HERE, "terms",
            {"draw": str(form.draw), "session": str(form.session), "verdict": form.verdict, "note": note},
        )  # fmt: skip
        confirmation = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmation, Response):
            return confirmation
        async with transaction(office.platform) as connection:
            await check_session(
                connection, asker.principal, one, deviates=deviates, note=note, now=office.clock.now(),
                confirmation=confirmation,
            )  # fmt: skip
    except _EXPLAINED as error:
        return await _show(office, asker, error)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


async def _show(office: Office, asker: Asker, error: VakaError | None = None) -> Response:
    status, message = explain(asker, error)
    async with transaction(office.platform) as connection:
        draws, drawn = await list_draws(connection), await list_drawn(connection)
        quarter = await last_quarter(connection, office.clock.now())
        people = {who for one in drawn for who in (one.account_id, one.made_by) if who}
        names = await name_accounts(connection, people)
    return office.page(
        asker, "office_remote.html", "terms", HERE, status, message=message, names=names, draws=draws, quarter=quarter,
        next_number=1 + sum(one.quarter == quarter for one in draws), me=asker.principal.account_id,
        drawn={one.id: [two for two in drawn if two.draw == one.id] for one in draws},
        may_check=may(asker.principal, MAY_CHECK, None), longest_reason=LONGEST_REASON,
    )  # fmt: skip
