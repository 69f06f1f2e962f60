# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Vulnerabilities of what runs, for the supplier: what is open, and saying by two that one does not affect."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import require
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.accounts import name_accounts
from vaka.identity.confirming import NotConfirmedError
from vaka.ledger.standing import LedgerStandsStillError
from vaka.operations.vulnerabilities.stating import (
    JUSTIFICATIONS,
    LONGEST,
    MAY,
    UnusableStatementError,
    accept_unaffected,
    accepting_act,
    read_overview,
    refuse_unaffected,
    state_unaffected,
)
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.case_words import case_words
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office, explain
from vaka.web.office.touching import confirm
from vaka.web.touching import Confirming

HERE = "/vulnerabilities"
_EXPLAINED = (UnusableStatementError, NotConfirmedError, LedgerStandsStillError)


class StateForm(Form):
    """Why something is not affected."""

    finding: UUID
    justification: Annotated[str, Field(max_length=100)] = ""
    because: Annotated[str, Field(max_length=2 * LONGEST)] = ""


class DecideForm(Form):
    """What a colleague said."""

    statement: UUID
    answer: KeyAnswer = ""


async def show(office: Office, request: Request, asker: Asker) -> Response:
    """GET /vulnerabilities: what is open first, with its clocks; how old the data are; what cannot be assessed."""
    require(asker.principal, MAY, None)
    return await _show(office, asker)


async def state(office: Office, request: Request, asker: Asker) -> Response:
    """POST /vulnerabilities/state: say why a component is not affected. A colleague decides."""
    require(asker.principal, MAY, None)
    form = await read_form(request, StateForm)
    try:
        async with transaction(office.platform) as connection:
            await state_unaffected(
                connection, asker.principal, form.finding, form.justification, form.because, now=office.clock.now()
            )
    except _EXPLAINED as error:
        return await _show(office, asker, error, form)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


async def accept(office: Office, request: Request, asker: Asker) -> Response:
    """POST /vulnerabilities/accept: agree to what a colleague said, confirmed with a key."""
    require(asker.principal, MAY, None)
    form = await read_form(request, DecideForm)
    try:
        async with transaction(office.platform) as connection:
            known = await read_overview(connection)
        said = next((one for one in known.statements if one.id == form.statement and one.approved is None), None)
        found = next((one for one in known.findings if said is not None and one.id == said.finding_id), None)
        if said is None or found is None:
            raise UnusableStatementError("gone")
        if said.made_by == asker.principal.account_id:
            raise UnusableStatementError("same")
        asked = Confirming(
            accepting_act(said, found), f"{HERE}/accept", HERE, "vulnerabilities", {"statement": str(said.id)}
        )
        confirmation = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmation, Response):
            return confirmation
        async with transaction(office.platform) as connection:
            await accept_unaffected(
                connection, asker.principal, said, found, now=office.clock.now(), confirmation=confirmation
            )
    except _EXPLAINED as error:
        return await _show(office, asker, error)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


async def refuse(office: Office, request: Request, asker: Asker) -> Response:
    """POST /vulnerabilities/refuse: it stays open; whoever said otherwise may take it back so, too."""
    require(asker.principal, MAY, None)
    form = await read_form(request, DecideForm)
    try:
        async with transaction(office.platform) as connection:
            await refuse_unaffected(connection, asker.principal, form.statement, now=office.clock.now())
    except _EXPLAINED as error:
        return await _show(office, asker, error)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


async def _show(
    office: Office, asker: Asker, error: VakaError | None = None, form: StateForm | None = None
) -> Response:
    status, message = explain(asker, error)
    now = office.clock.now()
    async with transaction(office.platform) as connection:
        known = await read_overview(connection)
        authorities = {one.id: one.name for one in await list_every_authority(connection)}
        names = await name_accounts(connection, {one.made_by for one in known.statements})
    return office.page(
        asker, "office_vulnerabilities.html", "vulnerabilities", HERE, status, message=message, known=known, form=form,
        waiting={one.finding_id: one for one in known.statements if one.approved is None}, names=names,
        authorities=authorities, me=asker.principal.account_id, justifications=JUSTIFICATIONS, longest=LONGEST,
        late=[one for one in known.findings if one.ended_at is None and one.is_late(now)],
        **case_words(asker.preferences),
    )  # fmt: skip
