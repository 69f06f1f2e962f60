# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Permanent erasure of a person (term 6): looking the person up, ordering it, deciding what a colleague ordered."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.erasure import decide_erasure, deciding_act, order_erasure, ordering_act
from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.accounts import name_accounts
from vaka.keys.client import KeysUnavailableError
from vaka.ledger.reading import read_state
from vaka.tenants.authorities import Authority
from vaka.tenants.erasure import LONGEST_DECISION, ErasureOrder, Verdict, find_order, list_orders, list_returned
from vaka.tenants.lookups import is_personal_number
from vaka.tenants.subjects import find_people, read_people
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.people import Found, enter_look, find_asked, lead_to_found
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.receipts import receipt_address
from vaka.web.portal.touching import confirm
from vaka.web.touching import Confirming

MAY_ERASE = Permission.PORTAL_ERASE
_WAITING = ("ordered", "approved")
"""States in which there is somebody to be named."""


class NotSureError(VakaError):
    """The box that says so was not ticked."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Kryssa i att du har läst vem det gäller. Det som raderas går inte att få tillbaka.",
                en="Tick that you have read whom it is about. What is erased cannot be brought back.",
            ),
        )


class AnotherPersonError(VakaError):
    """The number that was compared is not that of the person."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Personnumret är inte den persons som beställningen gäller. Jämför med beslutet.",
                en="The personal number is not that of the person the order is about. Compare it with the decision.",
            ),
        )


class UnseenError(VakaError):
    """Who it is about cannot be read just now, and so cannot have been compared."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Ingen kan godkänna innan det syns vem det gäller. Försök igen om en stund.",
                en="Nobody can approve it before it can be seen who it is. Try again in a while.",
            ),
        )


class OrderForm(Form):
    """Whom, by which decision, and that it is meant."""

    person: UUID
    decision: Annotated[str, Field(max_length=LONGEST_DECISION)] = ""
    sure: bool = False
    answer: KeyAnswer = ""


class VerdictForm(Form):
    """Which order, what is decided, and that it is meant."""

    order: UUID
    verdict: Verdict
    sure: bool = False
    number: Annotated[str, Field(max_length=20)] = ""
    """The personal number of somebody with a protected identity, whose name is not shown."""
    answer: KeyAnswer = ""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /erasure: the page of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_ERASE, "erasure")


async def show_erasures(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/erasure: what was ordered, what waits for whom, and the way to order."""
    authority = await require_authority(portal, request, asker, MAY_ERASE)
    return await _show(portal, asker, authority)


async def find_whom(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/erasure/find: who is looked for. Leads to whom it may be."""
    authority = await require_authority(portal, request, asker, MAY_ERASE)
    return await lead_to_found(portal, request, asker, authority, "erasure/found")


async def show_found(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/erasure/found/{number}: everybody it may be, each with a form. The look is entered."""
    authority = await require_authority(portal, request, asker, MAY_ERASE)
    return await _show(portal, asker, authority, found=await find_asked(portal, request, asker, authority))


async def order(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/erasure: order it, confirmed with a security key; what follows is the receipt."""
    authority = await require_authority(portal, request, asker, MAY_ERASE)
    form = await read_form(request, OrderForm)
    here = f"/log/{authority.slug}/erasure"
    try:
        if not form.sure:
            raise NotSureError
        asked = Confirming(
            ordering_act(authority.id, form.person, form.decision), here, here, "erasure",
            {"person": str(form.person), "decision": form.decision, "sure": "true"},
            person=form.person,
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with portal.gateway.transaction(authority.id) as tenant:
            number = await order_erasure(
                tenant, asker.principal, authority.id, form.person, form.decision, now=portal.clock.now(),
                confirmation=confirmed,
            )  # fmt: skip
    except VakaError as error:
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(receipt_address(authority, number), 303)


async def decide(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/erasure/decide: approve, decline or stop it, or take one's own order back; with a key."""
    authority = await require_authority(portal, request, asker, MAY_ERASE)
    form = await read_form(request, VerdictForm)
    here = f"/log/{authority.slug}/erasure"
    try:
        if form.verdict == "approved":
            await _require_sure(portal, authority, form)
        async with portal.gateway.transaction(authority.id) as tenant:
            found = await find_order(tenant, form.order)
        asked = Confirming(
            deciding_act(authority.id, form.order, form.verdict), f"{here}/decide", here, "erasure",
            {"order": str(form.order), "verdict": form.verdict, "sure": "true" if form.sure else "false",
             "number": form.number},
            shown={} if found is None else {"decision": found.decision},
            person=None if found is None else found.person_id,
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform, portal.gateway.transaction(authority.id) as tenant:
            number = await decide_erasure(
                tenant, asker.principal, authority.id, form.order, form.verdict,
                platform=platform, now=portal.clock.now(), confirmation=confirmed,
            )  # fmt: skip
    except VakaError as error:
        return await _explain(portal, asker, authority, error)
    return RedirectResponse(receipt_address(authority, number), 303)


async def _require_sure(portal: Portal, authority: Authority, form: VerdictForm) -> None:
    """Raise NotSureError, UnseenError, or AnotherPersonError where the number is not the person's."""
    if not form.sure:
        raise NotSureError
    async with portal.gateway.transaction(authority.id) as tenant:
        found = await find_order(tenant, form.order)
    about = [] if found is None else [found.person_id]
    people = await read_people(portal.gateway, portal.keyring, authority.id, about)
    if about and not people:
        raise UnseenError
    if any(one.protected_identity for one in people.values()):
        meant = await find_people(portal.gateway, portal.keyring, portal.people, authority.id, form.number)
        if not is_personal_number(form.number) or [one.id for one in meant] != about:
            raise AnotherPersonError


async def _explain(portal: Portal, asker: Asker, authority: Authority, error: VakaError) -> Response:
    if error.category not in (Category.INVALID, Category.CONFLICT, Category.FORBIDDEN):
        raise error
    return await _show(portal, asker, authority, error=error)


async def _show(
    portal: Portal,
    asker: Asker,
    authority: Authority,
    *,
    found: Found | None = None,
    error: VakaError | None = None,
) -> Response:
    path = f"/log/{authority.slug}"
    async with portal.gateway.transaction(authority.id) as tenant:
        state, orders = await read_state(tenant), await list_orders(tenant)
        returned = [one for one in await list_returned(tenant) if not one.is_whole]
        waiting = [one.person_id for one in orders if one.state in _WAITING]
    try:
        people = await read_people(portal.gateway, portal.keyring, authority.id, waiting)
    except KeysUnavailableError:  # who it is cannot be said just now; that somebody is, can
        people = {}
    if people:
        await enter_look(portal, asker, authority, len(people), more=False)
    async with transaction(portal.platform) as platform:
        accounts = await name_accounts(platform, _accounts(orders))
    message, status = None, 200
    if error is not None:
        message, status = Message(error.sentence.in_language(asker.preferences.language)), 400
    return portal.page(
        asker, "portal_erasure.html", authority, f"{path}/erasure", status,
        page="erasure", path=path, state=state, orders=orders, people=people, accounts=accounts, found=found,
        returned=returned,
        message=message, longest=LONGEST_DECISION,
    )  # fmt: skip


def _accounts(orders: Sequence[ErasureOrder]) -> set[UUID]:
    return {account for one in orders for account in (one.ordered_by, one.decided_by) if account is not None}
