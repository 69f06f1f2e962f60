# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What came of verifying the log (term 26): what was reported, and reporting it, by the authority's log reviewers."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may
from vaka.access.permissions import Permission
from vaka.assurance.log_checks import (
    LONGEST_WORDS,
    MAY_REPORT,
    list_log_checks,
    report_verified,
    report_wrong,
    require_verified,
    verified_act,
)
from vaka.assurance.log_claims import LONGEST_PASTED, Claim, UnusableCheckError, read_claim
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.accounts import name_accounts
from vaka.identity.confirming import NotConfirmedError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.reading import read_state
from vaka.ledger.receipts import policy_of
from vaka.ledger.standing import LedgerStandsStillError
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.log_checks import MEANS
from vaka.web.pages import Message
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import confirm
from vaka.web.refusals import STATUS
from vaka.web.times import LOCAL
from vaka.web.touching import Confirming

MAY_SEE = Permission.PORTAL_READ_LOG
_EXPLAINED = (UnusableCheckError, NotConfirmedError, LedgerStandsStillError)


class CheckForm(Form):
    """Which checkpoint was verified, and when."""

    pasted: Annotated[str, Field(max_length=2 * LONGEST_PASTED)] = ""
    size: Annotated[str, Field(max_length=15)] = ""
    root: Annotated[str, Field(max_length=64)] = ""
    at: Annotated[str, Field(max_length=16)] = ""
    words: Annotated[str, Field(max_length=2 * LONGEST_WORDS)] = ""
    answer: KeyAnswer = ""


async def show(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/checks: what was reported, and the forms."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    return await _show(portal, asker, authority)


async def report_well(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/checks: all is as it was signed, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, MAY_REPORT)
    form, here = await read_form(request, CheckForm), _here(authority)
    try:
        checked_at = _moment(form.at, portal.clock.now())
        async with portal.gateway.transaction(authority.id) as tenant:
            claim = await require_verified(tenant, _claim(portal, authority, form), checked_at)
        asked = Confirming(
            verified_act(authority.id, claim, checked_at), here, here, "checks",
            {"pasted": form.pasted, "size": form.size, "root": form.root, "at": form.at},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await report_verified(
                platform, asker.principal, authority.id, claim, checked_at, now=portal.clock.now(),
                confirmation=confirmed,
            )  # fmt: skip
    except _EXPLAINED as error:
        return await _show(portal, asker, authority, error, form)
    return RedirectResponse(here, HTTPStatus.SEE_OTHER)


async def report_fault(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/checks/wrong: something is wrong. It waits for no key."""
    authority = await require_authority(portal, request, asker, MAY_REPORT)
    form = await read_form(request, CheckForm)
    try:
        checked_at, claim = _moment(form.at, portal.clock.now()), _claim(portal, authority, form)
        async with portal.gateway.transaction(authority.id) as tenant, transaction(portal.platform) as platform:
            await report_wrong(
                platform, tenant, asker.principal, authority.id, claim, form.words, checked_at, now=portal.clock.now()
            )
    except _EXPLAINED as error:
        return await _show(portal, asker, authority, error, form)
    return RedirectResponse(_here(authority), HTTPStatus.SEE_OTHER)


def _claim(portal: Portal, authority: Authority, form: CheckForm) -> Claim | None:
    origin = portal.logs.log_name(authority.slug)
    return read_claim(form.pasted, form.size, form.root, origin, policy_of(portal.logs, origin))


def _moment(text: str, now: datetime) -> datetime:
    """Return a local minute; the one that has just begun is now. Raises UnusableCheckError."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=LOCAL).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnusableCheckError("when") from None
    if moment > now:
        raise UnusableCheckError("when")
    return moment


def _here(authority: Authority) -> str:
    return f"/log/{authority.slug}/checks"


async def _show(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError | None = None, form: CheckForm | None = None
) -> Response:
    now = portal.clock.now()
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        entry = Entry(
            Event.LOG_READ, asker.principal.actor, now, portal.log_name(authority), detail={"format": "checks"}
        )
        await append(tenant, entry)
    async with transaction(portal.platform) as platform:
        checks = await list_log_checks(platform, authority.id)
        names = await name_accounts(platform, {one.made_by for one in checks})
    return portal.page(
        asker, "portal_log_checks.html", authority, _here(authority),
        HTTPStatus.OK if error is None else STATUS[error.category],
        page="checks", path=f"/log/{authority.slug}", state=state, checks=checks, names=names, form=form, means=MEANS,
        minute=f"{now.astimezone(LOCAL):%Y-%m-%dT%H:%M}", longest_words=LONGEST_WORDS,
        may_report=may(asker.principal, MAY_REPORT, authority.id),
        message=None if error is None else Message(error.sentence.in_language(asker.preferences.language)),
    )  # fmt: skip
