# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The end of a contract (terms 6 and 31): taking everything out, ordering that it is erased, and deciding that."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError
from vaka.access.ending import decide_ending, deciding_act, order_ending, ordering_act, require_name
from vaka.access.exporting import begin_export, export_act
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.accounts import name_accounts
from vaka.identity.confirming import Confirmation
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.reading import read_state
from vaka.tenants.authorities import Authority
from vaka.tenants.ending import EXPORT_DAYS, UNDER_WAY, list_endings, read_certificate
from vaka.tenants.erasure import LONGEST_DECISION, Verdict, list_returned
from vaka.tenants.exporting import list_exports, write_export
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.certificates import send_certificate
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.receipts import receipt_address
from vaka.web.portal.sending import Sending
from vaka.web.portal.touching import confirm
from vaka.web.times import LOCAL
from vaka.web.touching import Confirming

MAY_EXPORT = Permission.PORTAL_EXPORT_AUTHORITY
MAY_END = Permission.PORTAL_END_AUTHORITY
_OVER = ("removed", "erased", "certified")
"""States in which there is nothing left to take out."""


class NotMeantError(VakaError):
    """The box that says so was not ticked."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Kryssa i att ni menar allt om alla. Det som raderas går inte att få tillbaka.",
                en="Tick that you mean everything about everybody. What is erased cannot be brought back.",
            ),
        )


class ExportUnderWayError(VakaError):
    """This portal is sending an export of the authority already: one at a time is enough work for it."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Ett uttag av allt pågår redan. Vänta tills det är klart. Inget har lämnats ut.",
                en="Everything is being taken out already. Wait until that has ended. Nothing was taken out.",
            ),
        )


class TakeOutForm(Form):
    """Why everything is taken out."""

    reason: Annotated[str, Field(max_length=LONGEST_REASON)] = ""
    answer: KeyAnswer = ""


class OrderForm(Form):
    """By which decision, which file was taken out before or why none is wanted, and that it is meant."""

    decision: Annotated[str, Field(max_length=LONGEST_DECISION)] = ""
    digest: Annotated[str, Field(max_length=200)] = ""
    no_export: Annotated[str, Field(max_length=LONGEST_REASON)] = ""
    sure: bool = False
    answer: KeyAnswer = ""


class VerdictForm(Form):
    """Which order, what is decided, and the authority's name where it is approved."""

    order: UUID
    verdict: Verdict
    name: Annotated[str, Field(max_length=200)] = ""
    answer: KeyAnswer = ""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /end: the page of one's own authority; of several, the first by name."""
    own = portal.own_authorities(asker, MAY_EXPORT)
    if not own:
        raise NothingHereError
    return RedirectResponse(f"/log/{own[0].slug}/end", 303)


async def show_end(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/end: what was taken out, and the form."""
    authority = await require_authority(portal, request, asker, MAY_EXPORT)
    return await show(portal, asker, authority)


async def take_everything(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/end/export: the archive, once a security key was touched for it.

    The log says so before its first byte is sent.
    """
    authority = await require_authority(portal, request, asker, MAY_EXPORT)
    form = await read_form(request, TakeOutForm)
    if authority.id in portal.exporting:
        return await explain(portal, asker, authority, ExportUnderWayError(), form)
    try:
        here = f"/log/{authority.slug}/end"
        asked = Confirming(
            export_act(authority.id, form.reason), f"{here}/export", here, "end", {"reason": form.reason},
            hands_out=True,
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
    except VakaError as error:
        return await explain(portal, asker, authority, error, form)
    if authority.id in portal.exporting:  # since it was asked for
        return await explain(portal, asker, authority, ExportUnderWayError(), form)
    portal.exporting.add(authority.id)  # before anything else is waited for: of two at once, one is told to wait
    try:
        return await _begin_sending(portal, asker, authority, form, confirmed)
    except VakaError as error:
        portal.exporting.discard(authority.id)
        return await explain(portal, asker, authority, error, form)
    except BaseException:
        portal.exporting.discard(authority.id)
        raise


async def _begin_sending(
    portal: Portal, asker: Asker, authority: Authority, form: TakeOutForm, confirmed: Confirmation
) -> Response:
    export, now = new_identifier(portal.clock.now()), portal.clock.now()
    # Asked for before anything is entered: without the keyholder there would be an archive full of locked rows.
    await portal.keyring.of(authority.id).hold([authority.id])
    async with portal.gateway.transaction(authority.id) as tenant:
        number = await begin_export(
            tenant, asker.principal, authority.id, export, form.reason, now=now, confirmation=confirmed
        )
    name = f"vaka-{authority.slug}-{now.astimezone(LOCAL):%Y%m%d-%H%M}-{number}.zip"
    why, log = require_reason(form.reason), portal.logs.log_name(authority.slug)
    return Sending(
        write_export(portal.gateway, portal.platform, portal.keyring, authority, export, why, log, portal.clock),
        lambda: portal.exporting.discard(authority.id),
        {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Link": f'<{receipt_address(authority, number)}>; rel="related"',
        },
    )


async def order(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/end: order that everything is erased, confirmed with a key; what follows is the receipt."""
    authority = await require_authority(portal, request, asker, MAY_END)
    form = await read_form(request, OrderForm)
    here = f"/log/{authority.slug}/end"
    try:
        if not form.sure:
            raise NotMeantError
        asked = Confirming(
            ordering_act(authority.id, form.decision, digest=form.digest, no_export=form.no_export), here, here, "end",
            {"decision": form.decision, "digest": form.digest, "no_export": form.no_export, "sure": "true"},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with portal.gateway.transaction(authority.id) as tenant:
            number = await order_ending(
                tenant, asker.principal, authority.id, form.decision, digest=form.digest, no_export=form.no_export,
                now=portal.clock.now(), confirmation=confirmed,
            )  # fmt: skip
    except VakaError as error:
        return await explain(portal, asker, authority, error)
    return RedirectResponse(receipt_address(authority, number), 303)


async def decide(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/end/decide: approve or decline it, take one's own order back, or stop it; with a key."""
    authority = await require_authority(portal, request, asker, MAY_END)
    form = await read_form(request, VerdictForm)
    here, wait = f"/log/{authority.slug}/end", portal.ending_wait_days
    try:
        if form.verdict == "approved":
            require_name(authority, form.name)
        asked = Confirming(
            deciding_act(authority.id, form.order, form.verdict, wait), f"{here}/decide", here, "end",
            {"order": str(form.order), "verdict": form.verdict, "name": form.name},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform, portal.gateway.transaction(authority.id) as tenant:
            number = await decide_ending(
                tenant, asker.principal, authority, form.order, form.verdict, platform=platform,
                wait_days=wait, name=form.name, now=portal.clock.now(), confirmation=confirmed,
            )  # fmt: skip
    except VakaError as error:
        return await explain(portal, asker, authority, error)
    return RedirectResponse(receipt_address(authority, number), 303)


async def give_certificate(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/end/{order}/certificate: document, signature, public key, and how to verify them."""
    authority = await require_authority(portal, request, asker, MAY_END)
    try:
        wanted = UUID(request.path_params["order"])
    except ValueError:
        raise NothingHereError from None
    async with portal.gateway.transaction(authority.id) as tenant:
        certificate = await read_certificate(tenant, wanted)
        if certificate is None:
            raise NothingHereError
        facts: dict[str, str | int | bool | None] = {"format": "erasure-certificate", "order": str(wanted)}
        log = portal.log_name(authority)
        await append(tenant, Entry(Event.LOG_READ, asker.principal.actor, portal.clock.now(), log, detail=facts))
    return send_certificate(certificate, f"{authority.slug}-end-{wanted}.zip", "ending.certified")


async def explain(
    portal: Portal, asker: Asker, authority: Authority, error: VakaError, form: TakeOutForm | None = None
) -> Response:
    """Answer with the page and what is wrong; raise what is not about the form."""
    if error.category not in (Category.INVALID, Category.CONFLICT, Category.FORBIDDEN):
        raise error
    return await show(portal, asker, authority, form, error)


async def show(
    portal: Portal, asker: Asker, authority: Authority, form: TakeOutForm | None = None, error: VakaError | None = None
) -> Response:
    """Answer with the page."""
    path = f"/log/{authority.slug}"
    async with portal.gateway.transaction(authority.id) as tenant:
        state, exports, orders = await read_state(tenant), await list_exports(tenant), await list_endings(tenant)
        returned = next((one for one in await list_returned(tenant) if one.is_whole), None)
    decided = {account for one in orders for account in (one.ordered_by, one.decided_by) if account is not None}
    async with transaction(portal.platform) as platform:
        accounts = await name_accounts(platform, {one.account for one in exports} | decided)
    message, status = None, 200
    if error is not None:
        message, status = Message(error.sentence.in_language(asker.preferences.language)), 400
    return portal.page(
        asker, "portal_end.html", authority, f"{path}/end", status,
        page="end", path=path, state=state, exports=exports, accounts=accounts, form=form or TakeOutForm(),
        message=message, longest_reason=LONGEST_REASON, longest=LONGEST_DECISION, orders=orders,
        sending=authority.id in portal.exporting, is_over=any(one.state in _OVER for one in orders),
        under_way=any(one.state in UNDER_WAY for one in orders), wait_days=portal.ending_wait_days,
        export_days=EXPORT_DAYS, returned=returned,
    )  # fmt: skip
