# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which terms do not concern the authority: what the supplier proposes; agreeing until a day, and taking that back."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may
from vaka.assurance.exclusions import (
    MAY_AGREE,
    UndecidableExclusionError,
    agree_to_exclusion,
    agreeing_act,
    end_exclusion,
    list_exclusions,
)
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.accounts import name_accounts
from vaka.identity.confirming import NotConfirmedError
from vaka.ledger.reading import read_state
from vaka.ledger.standing import LedgerStandsStillError
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.inquiries import deadline_after, inquiry_words
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.terms import MAY_SEE
from vaka.web.portal.touching import confirm
from vaka.web.refusals import STATUS
from vaka.web.times import LOCAL
from vaka.web.touching import Confirming

USUALLY = timedelta(days=182)
_EXPLAINED = (UndecidableExclusionError, NotConfirmedError, LedgerStandsStillError)


class AgreeForm(Form):
    """Which proposal, what of it was shown, and the last day it is to hold."""

    exclusion: UUID
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    last: date | Literal[""] = ""
    answer: KeyAnswer = ""


class EndForm(Form):
    """Which one."""

    exclusion: UUID


async def show(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/exclusions: what is proposed, what holds, what is over."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "exclusions")
    return await _show(portal, asker, authority)


async def agree(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/exclusions/agree: agree to exactly what was shown, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, MAY_AGREE)
    form, here, now = await read_form(request, AgreeForm), _here(authority), portal.clock.now()
    try:
        async with transaction(portal.platform) as platform:
            known = {one.id: one for one in await list_exclusions(platform, now, authority.id)}
        one = known.get(form.exclusion)
        if one is None or one.state(now) != "waits":
            raise UndecidableExclusionError("gone")
        if one.digest != form.digest:
            raise UndecidableExclusionError("changed")
        if not form.last or not now < deadline_after(form.last) <= now + timedelta(days=367):
            raise UndecidableExclusionError("until")
        until = deadline_after(form.last)
        asked = Confirming(
            agreeing_act(one, until), f"{here}/agree", here, "terms",
            {"exclusion": str(form.exclusion), "digest": form.digest, "last": str(form.last)},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await agree_to_exclusion(
                platform, asker.principal, one, until, now=portal.clock.now(), confirmation=confirmed
            )
    except _EXPLAINED as error:
        return await _show(portal, asker, authority, error)
    return RedirectResponse(here, HTTPStatus.SEE_OTHER)


async def end(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/exclusions/end: let the term be owed again, or refuse the proposal."""
    authority = await require_authority(portal, request, asker, MAY_AGREE)
    form = await read_form(request, EndForm)
    try:
        async with transaction(portal.platform) as platform:
            await end_exclusion(platform, asker.principal, authority.id, form.exclusion, now=portal.clock.now())
    except _EXPLAINED as error:
        return await _show(portal, asker, authority, error)
    return RedirectResponse(_here(authority), HTTPStatus.SEE_OTHER)


def _here(authority: Authority) -> str:
    return f"/log/{authority.slug}/exclusions"


async def _show(portal: Portal, asker: Asker, authority: Authority, error: VakaError | None = None) -> Response:
    now, language = portal.clock.now(), asker.preferences.language
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        exclusions = await list_exclusions(platform, now, authority.id)
        people = {who for one in exclusions for who in (one.proposed_by, one.approved_by, one.ended_by) if who}
        names = await name_accounts(platform, people)
    today = now.astimezone(LOCAL).date()
    return portal.page(
        asker, "portal_exclusions.html", authority, _here(authority),
        HTTPStatus.OK if error is None else STATUS[error.category],
        page="terms", path=f"/log/{authority.slug}", state=state, names=names, today=today, usual=today + USUALLY,
        exclusions=[(one, one.state(now)) for one in exclusions],
        may_agree=may(asker.principal, MAY_AGREE, authority.id),
        message=None if error is None else Message(error.sentence.in_language(language)), **inquiry_words(language),
    )  # fmt: skip
