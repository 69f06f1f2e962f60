# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which terms do not concern which authority, for the supplier: proposing it, and what the authorities made of that."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may, require
from vaka.access.holds import UnusableReasonError
from vaka.access.permissions import Permission
from vaka.assurance.exclusions import (
    MAY_PROPOSE,
    UndecidableExclusionError,
    end_exclusion,
    list_exclusions,
    propose_exclusion,
)
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.accounts import name_accounts
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.standing import LedgerStandsStillError
from vaka.tenants.authorities import list_authorities
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.inquiries import inquiry_words
from vaka.web.office.office import Office, explain

HERE = "/exclusions"
_EXPLAINED = (UndecidableExclusionError, UnusableReasonError, LedgerStandsStillError)


class ProposalForm(Form):
    """Which term does not concern which authority, and why."""

    authority: UUID
    term: Annotated[int, Field(ge=1, le=37)]
    reason: Annotated[str, Field(max_length=2 * LONGEST_REASON)] = ""


class EndForm(Form):
    """Which one, of which authority."""

    authority: UUID
    exclusion: UUID


async def show(office: Office, request: Request, asker: Asker) -> Response:
    """GET /exclusions: what was proposed, what holds, what is over; and the form."""
    require(asker.principal, Permission.OFFICE_SEE_TERMS, None)
    return await _show(office, asker)


async def propose(office: Office, request: Request, asker: Asker) -> Response:
    """POST /exclusions: propose one. The authority decides."""
    require(asker.principal, MAY_PROPOSE, None)
    form = await read_form(request, ProposalForm)
    try:
        async with transaction(office.platform) as connection:
            await propose_exclusion(
                connection, asker.principal, form.authority, form.term, reason=form.reason, now=office.clock.now()
            )
    except _EXPLAINED as error:
        return await _show(office, asker, error, form)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


async def end(office: Office, request: Request, asker: Asker) -> Response:
    """POST /exclusions/end: take a proposal back, or let the term be owed again."""
    require(asker.principal, MAY_PROPOSE, None)
    form = await read_form(request, EndForm)
    try:
        async with transaction(office.platform) as connection:
            await end_exclusion(connection, asker.principal, form.authority, form.exclusion, now=office.clock.now())
    except _EXPLAINED as error:
        return await _show(office, asker, error)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


async def _show(
    office: Office, asker: Asker, error: VakaError | None = None, form: ProposalForm | None = None
) -> Response:
    status, message = explain(asker, error)
    now = office.clock.now()
    async with transaction(office.platform) as connection:
        exclusions = await list_exclusions(connection, now)
        authorities = {one.id: one.name for one in await list_authorities(connection) if not one.is_intake}
        people = {who for one in exclusions for who in (one.proposed_by, one.approved_by, one.ended_by) if who}
        names = await name_accounts(connection, people)
    return office.page(
        asker, "office_exclusions.html", "terms", HERE, status, message=message, names=names, form=form,
        exclusions=[(one, one.state(now)) for one in exclusions], authorities=authorities,
        may_propose=may(asker.principal, MAY_PROPOSE, None), longest_reason=LONGEST_REASON,
        **inquiry_words(asker.preferences.language),
    )  # fmt: skip
