# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Joiners, movers and leavers (term 8): what is asked for about accounts, and what another human makes of it."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Literal
from uuid import UUID, uuid4

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.accounts import (
    AccountRequest,
    AccountRequestError,
    Verdict,
    Wanted,
    ask_for_account,
    decide_account,
    decision_act,
    list_account_requests,
    request_act,
    require_usable,
)
from vaka.access.held_roles import list_designated
from vaka.access.holds import UnusableReasonError
from vaka.access.identities import approve_identity
from vaka.access.permissions import Permission
from vaka.access.role_change_refusals import RoleChangeError
from vaka.access.role_changes import RoleChange, list_role_changes
from vaka.database.connections import Connection, transaction
from vaka.errors import Category, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.accounts import name_accounts
from vaka.identity.break_glass import shares_a_human
from vaka.identity.confirming import Confirmation
from vaka.identity.expected import LONGEST_ATTRIBUTE, LONGEST_VALUE, expect
from vaka.identity.humans import read_humans
from vaka.identity.invitations import Code, lifetime_of
from vaka.identity.overview import AccountLine, find_overview, list_overview
from vaka.identity.sessions import Realm
from vaka.identity.undertaking import require_awaited_undertaking, require_undertaking
from vaka.ledger.deciding import LONGEST_REASON
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.denials import Denial
from vaka.web.forms import Form, FormError, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office, explain
from vaka.web.office.role_words import tell_lines
from vaka.web.office.touching import confirm
from vaka.web.touching import Confirming

HERE, NEW = "/requests", "/requests/new"
MOST_DECIDED = 50
"""Decisions on the page; all others are in the log."""
EXPLAINED = (Category.INVALID, Category.CONFLICT, Category.FORBIDDEN)

Reason = Annotated[str, Field(max_length=LONGEST_REASON)]


class NewForm(Form):
    """Who is to have an account. Two identifiers are drawn for the page, so that both times the same is asked for."""

    account: UUID
    human: UUID
    same: UUID | Literal[""] = ""
    """The account of the other kind that the same human has."""
    attribute: Annotated[str, Field(max_length=LONGEST_ATTRIBUTE)] = ""
    value: Annotated[str, Field(max_length=LONGEST_VALUE)] = ""
    """What has to match in the identity of whom it is for; nothing where that is not known yet."""
    salt: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")] = ""
    name: Annotated[str, Field(max_length=200)] = ""
    realm: Realm = "operator"
    language: Literal["sv", "en"] = "sv"
    ends: date | Literal[""] = ""
    reason: Reason = ""
    answer: KeyAnswer = ""

    @property
    def fields(self) -> dict[str, str]:
        """What is sent again with the touch."""
        return {name: str(value) for name, value in self.model_dump(mode="json").items() if name != "answer"}


class VerdictForm(Form):
    """Which request, what of it was shown, and what is decided."""

    request: UUID
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    verdict: Verdict
    reason: Reason = ""
    answer: KeyAnswer = ""


async def show_requests(office: Office, request: Request, asker: Asker) -> Response:
    """GET /requests: what waits, and what was decided."""
    return await show(office, asker)


async def show_new(office: Office, request: Request, asker: Asker) -> Response:
    """GET /requests/new: the form in which an account is asked for."""
    return await _show_new(office, asker, NewForm(account=new_identifier(office.clock.now()), human=uuid4()))


async def ask_new(office: Office, request: Request, asker: Asker) -> Response:
    """POST /requests/new: ask for an account, confirmed with a security key."""
    form, now = await read_form(request, NewForm), office.clock.now()
    try:
        human, same = await _human_of(office, form)
        ends = datetime.combine(form.ends, time(), UTC) if form.ends else None
        expects = expect(form.attribute, form.value, form.salt) if form.attribute or form.value else None
        wanted = require_usable(
            Wanted(
                "create", form.account, human, form.reason, form.name, form.realm, form.language, ends,
                expects.text if expects else "",
            ), now,
        )  # fmt: skip
        named = {wanted.object: wanted.shown}
        if same is not None:
            named[f"account:{same.id}"] = same.display_name
        fields = form.fields | {"salt": expects.salt if expects else ""}
        asked = Confirming(request_act(wanted), NEW, NEW, "requests", fields, named)
        return await ask(office, asker, wanted, asked, form.answer)
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await _show_new(office, asker, form, error)


async def decide(office: Office, request: Request, asker: Asker) -> Response:
    """POST /requests/decide: approve or refuse exactly what was shown, confirmed with a security key."""
    form = await read_form(request, VerdictForm)
    try:
        known = await _find(office, form)
        if form.verdict == "refused" and not form.reason.strip():
            raise UnusableReasonError
        await require_another(office, asker, known, form.verdict, f"{HERE}/decide")
        await _require_undertaking(office, known, form.verdict)
        asked = Confirming(
            decision_act(known, form.verdict, form.reason), f"{HERE}/decide", HERE, "requests",
            {"request": str(form.request), "digest": form.digest, "verdict": form.verdict, "reason": form.reason},
            await _named(office, known),
        )  # fmt: skip
        confirmed = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            code, until = await _decide(connection, asker, known, form, office.clock.now(), confirmed)
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await show(office, asker, error)
    if code is not None:
        return office.page(
            asker, "office_code.html", "requests", HERE, code=code.text, account=known.account_id, until=until,
            what="first_key" if until is None else "invitation",
        )  # fmt: skip
    return RedirectResponse(f"/account/{known.account_id}" if form.verdict == "approved" else HERE, 303)


async def ask(office: Office, asker: Asker, wanted: Wanted, asked: Confirming, answer: str) -> Response:
    """Ask for it once a key was touched, and lead to where it waits."""
    confirmed = await confirm(office, asker, asked, answer)
    if isinstance(confirmed, Response):
        return confirmed
    now = office.clock.now()
    async with transaction(office.platform) as connection:
        await ask_for_account(connection, asker.principal, new_identifier(now), wanted, now=now, confirmation=confirmed)
    return RedirectResponse(HERE, 303)


async def show(office: Office, asker: Asker, error: VakaError | None = None) -> Response:
    """Answer with the page of requests, and why something was not done."""
    now = office.clock.now()
    async with transaction(office.platform) as connection:
        requests = await list_account_requests(connection)
        accounts = {one.id: one for one in await list_overview(connection, now)}
        moves = await list_role_changes(connection)
        known: list[AccountRequest | RoleChange] = [*requests, *moves]
        waiting = [one for one in known if one.state == "waiting" and one.answer_by > now]
        own = {one.id for one in waiting if await is_own(connection, one, asker, now)}
        names = {one.id: one.name for one in await list_every_authority(connection)}
        designated = await list_designated(connection)
    decided = sorted((one for one in known if one.state != "waiting"), key=_when, reverse=True)[:MOST_DECIDED]
    told = {one.id: tell_lines(one.lines, names, designated, asker.preferences.language) for one in moves}
    status, message = explain(asker, error)
    return office.page(
        asker, "office_requests.html", "requests", HERE, status,
        waiting=waiting, decided=decided, own=own, accounts=accounts, message=message, longest_reason=LONGEST_REASON,
        humans={one.human: one for one in accounts.values()}, told=told,
    )  # fmt: skip


async def _decide(
    connection: Connection,
    asker: Asker,
    known: AccountRequest,
    form: VerdictForm,
    now: datetime,
    confirmed: Confirmation,
) -> tuple[Code | None, datetime | None]:
    """Return the code of what was approved, if it has one, and of an invitation until when it holds."""
    if known.is_invitation and form.verdict == "approved":
        code, rule = await approve_identity(
            connection, asker.principal, known, reason=form.reason, now=now, confirmation=confirmed
        )  # fmt: skip
        return code, now + lifetime_of(rule)
    made = await decide_account(
        connection, asker.principal, known, form.verdict, reason=form.reason, now=now, confirmation=confirmed
    )  # fmt: skip
    return made, None


async def is_own(connection: Connection, known: AccountRequest | RoleChange, asker: Asker, now: datetime) -> bool:
    """Whether somebody asked for it himself, or it is about himself, with whichever account, or as a custodian."""
    me = asker.principal.account_id
    humans = await read_humans(connection, [me])
    return humans.get(me, me) == known.human or await shares_a_human(
        connection, known.requested_by, known.requested_at, me, now
    )


def _when(known: AccountRequest | RoleChange) -> datetime:
    return known.decided_at or known.answer_by


async def _human_of(office: Office, form: NewForm) -> tuple[UUID, AccountLine | None]:
    """Return whose the account will be: a human of its own, or that of an account of the other kind."""
    if not form.same:
        return form.human, None
    async with transaction(office.platform) as connection:
        known = await find_overview(connection, form.same, office.clock.now())
    if known is None:
        raise FormError
    return known.human, known


async def _find(office: Office, form: VerdictForm) -> AccountRequest:
    async with transaction(office.platform) as connection:
        known = next((one for one in await list_account_requests(connection) if one.id == form.request), None)
    if known is None or known.state != "waiting":
        raise AccountRequestError.of("gone")
    if known.digest.hex() != form.digest:
        raise AccountRequestError.of("changed")
    return known


async def require_another(
    office: Office, asker: Asker, known: AccountRequest | RoleChange, verdict: Verdict, address: str
) -> None:
    """Say before a key is touched what the database would say after it, and tell the log who tried (term 2).

    Raises AccountRequestError, RoleChangeError.
    """
    if verdict == "withdrawn":
        return
    async with transaction(office.platform) as connection:
        own = await is_own(connection, known, asker, office.clock.now())
    if own:
        needed = Permission.OFFICE_DECIDE_ACCOUNT.value
        await office.denials.tell(Denial(asker.principal.actor, asker.session.id, address, "POST", needed, None))
        raise (RoleChangeError if isinstance(known, RoleChange) else AccountRequestError).of("own")


async def _require_undertaking(office: Office, known: AccountRequest, verdict: Verdict) -> None:
    """Say before a key is touched that nobody is let in without. Raises UndertakingMissingError."""
    if verdict != "approved" or not (known.is_invitation or known.kind in ("reactivate", "first_key")):
        return
    async with transaction(office.platform) as connection:
        await require_awaited_undertaking(connection, known.id, office.clock.now())
        await require_undertaking(connection, known.account_id, known.realm, office.clock.now())


async def _named(office: Office, known: AccountRequest) -> dict[str, str]:
    async with transaction(office.platform) as connection:
        names = await name_accounts(connection, [known.account_id])
    return {known.object: tell_name(names.get(known.account_id, ""), known.shown)}


def tell_name(name: str, wanted: str) -> str:
    """Return what a touch is told of whom it is about: as he is called, and as he will be."""
    return " → ".join(one for one in (name, wanted) if one)


async def _show_new(office: Office, asker: Asker, form: NewForm, error: VakaError | None = None) -> Response:
    async with transaction(office.platform) as connection:
        accounts = [one for one in await list_overview(connection, office.clock.now()) if one.state == "active"]
    both = {one.human for one in accounts if one.kind == "user"} & {
        one.human for one in accounts if one.kind == "administrator"
    }
    status, message = explain(asker, error)
    return office.page(
        asker, "office_request_new.html", "requests", NEW, status,
        form=form, accounts=[one for one in accounts if one.human not in both], message=message,
        longest_reason=LONGEST_REASON,
    )  # fmt: skip
