# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Movers in the office (terms 2, 8 and 9): an account is to get or lose roles, and another human decides that."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.accounts import Verdict
from vaka.access.decide import NothingHereError
from vaka.access.held_roles import list_designated, list_role_holdings
from vaka.access.holds import UnusableReasonError
from vaka.access.role_change_refusals import RoleChangeError
from vaka.access.role_changes import (
    RoleChange,
    ask_for_roles,
    decide_role_change,
    decision_act,
    list_role_changes,
    request_act,
    require_possible,
    require_usable,
)
from vaka.access.role_lines import LineKind, RoleLine, WantedRoles, read_lines
from vaka.access.roles import ROLES, Role
from vaka.access.time_boxes import LONGEST
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identifiers import new_identifier
from vaka.identity.accounts import name_accounts
from vaka.identity.overview import AccountLine, find_overview
from vaka.ledger.deciding import LONGEST_REASON
from vaka.tenants.authorities import list_authorities, list_every_authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, FormError, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office import requests
from vaka.web.office.accounts import read_account
from vaka.web.office.office import Office, explain
from vaka.web.office.role_words import tell_lines
from vaka.web.office.touching import confirm
from vaka.web.touching import Confirming

LARGEST_SAID = 30_000
SUPPLIER = "-"
"""Stands in a form for the supplier's own premises."""
_SEVERAL = frozenset({"end", "where"})


class RolesForm(Form):
    """Which roles end, and which one is given where. The identifier is drawn for the page, so that both times the same
    is asked for.
    """

    request: UUID
    end: tuple[Annotated[str, Field(pattern=r"^[a-z_]{1,40} ([0-9a-f-]{36}|-)$")], ...] = ()
    """Roles that are held, each with where."""
    role: Annotated[str, Field(max_length=40)] = ""
    where: tuple[UUID | Literal["-"], ...] = ()
    until: date | Literal[""] = ""
    """The first day on which what is given holds no more (UTC)."""
    said: Annotated[str, Field(max_length=LARGEST_SAID)] = ""
    """All lines as one text: what is sent again with the touch."""
    reason: requests.Reason = ""
    answer: KeyAnswer = ""

    @property
    def lines(self) -> tuple[RoleLine, ...]:
        """What is asked for. Raises RoleChangeError."""
        if self.said:
            try:
                return read_lines(json.loads(self.said))
            except (ValueError, TypeError, RecursionError):
                raise FormError from None
        if bool(self.role) != bool(self.where) and self.where != (SUPPLIER,):
            raise RoleChangeError.of("half")
        return read_lines([*self._ended(), *self._given()])

    def _ended(self) -> Iterable[dict[str, str | None]]:
        for held in self.end:
            role, _, where = held.partition(" ")
            yield _line("end", role, where, None)

    def _given(self) -> Iterable[dict[str, str | None]]:
        until = datetime.combine(self.until, time(), UTC).isoformat() if self.until else None
        for where in self.where if self.role else ():
            yield _line("give", self.role, str(where), until)


class VerdictForm(Form):
    """Which request, what of it was shown, and what is decided."""

    request: UUID
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    verdict: Verdict
    reason: requests.Reason = ""
    answer: KeyAnswer = ""


async def show_form(office: Office, request: Request, asker: Asker) -> Response:
    """GET /account/{account}/roles: the form in which other roles are asked for."""
    account = await _account(office, request)
    return await _show_form(office, asker, account, RolesForm(request=new_identifier(office.clock.now())))


async def ask(office: Office, request: Request, asker: Asker) -> Response:
    """POST /account/{account}/roles: ask that it loses and gets roles, confirmed with a security key."""
    account, now = await _account(office, request), office.clock.now()
    form = await read_form(request, RolesForm, lists=_SEVERAL)
    try:
        wanted = require_usable(
            WantedRoles(form.request, account.id, account.human, asker.principal.account_id, form.lines, form.reason)
        )
        async with transaction(office.platform) as connection:
            await require_possible(connection, wanted, actor=asker.principal.actor, now=now)
        said = json.dumps([line.as_kept for line in wanted.lines])
        asked = Confirming(
            request_act(wanted), f"/account/{account.id}/roles", f"/account/{account.id}/roles", "accounts",
            {"request": str(wanted.id), "said": said, "reason": wanted.reason}, {wanted.object: account.display_name},
            await _told(office, asker, wanted.lines),
        )  # fmt: skip
        confirmed = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await ask_for_roles(connection, asker.principal, wanted, now=now, confirmation=confirmed)
    except VakaError as error:
        if error.category not in requests.EXPLAINED:
            raise
        return await _show_form(office, asker, account, form, error)
    return RedirectResponse(requests.HERE, 303)


async def decide(office: Office, request: Request, asker: Asker) -> Response:
    """POST /requests/roles: approve or refuse exactly what was shown, confirmed with a security key."""
    form, now = await read_form(request, VerdictForm), office.clock.now()
    try:
        known = await _find(office, form)
        if form.verdict == "refused" and not form.reason.strip():
            raise UnusableReasonError
        await requests.require_another(office, asker, known, form.verdict, f"{requests.HERE}/roles")
        async with transaction(office.platform) as connection:
            if form.verdict == "approved":
                await require_possible(connection, known, actor=asker.principal.actor, now=now)
            names = await name_accounts(connection, [known.account_id])
        asked = Confirming(
            decision_act(known, form.verdict, form.reason), f"{requests.HERE}/roles", requests.HERE, "requests",
            {"request": str(form.request), "digest": form.digest, "verdict": form.verdict, "reason": form.reason},
            {known.object: names.get(known.account_id, "")}, await _told(office, asker, known.lines),
        )  # fmt: skip
        confirmed = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await decide_role_change(
                connection, asker.principal, known, form.verdict, reason=form.reason, now=now, confirmation=confirmed
            )
    except VakaError as error:
        if error.category not in requests.EXPLAINED:
            raise
        return await requests.show(office, asker, error)
    return RedirectResponse(f"/account/{known.account_id}" if form.verdict == "approved" else requests.HERE, 303)


async def _find(office: Office, form: VerdictForm) -> RoleChange:
    async with transaction(office.platform) as connection:
        known = next((one for one in await list_role_changes(connection) if one.id == form.request), None)
    if known is None or known.state != "waiting":
        raise RoleChangeError.of("gone")
    if known.digest.hex() != form.digest:
        raise RoleChangeError.of("changed")
    return known


async def _account(office: Office, request: Request) -> AccountLine:
    async with transaction(office.platform) as connection:
        account = await find_overview(connection, read_account(request), office.clock.now())
    if account is None:
        raise NothingHereError
    return account


async def _told(office: Office, asker: Asker, lines: Iterable[RoleLine]) -> Mapping[str, str]:
    """Return what a touch shows of the lines, in words."""
    async with transaction(office.platform) as connection:
        names = {one.id: one.name for one in await list_every_authority(connection)}
        designated = await list_designated(connection)
    return tell_lines(lines, names, designated, asker.preferences.language)


async def _show_form(
    office: Office, asker: Asker, account: AccountLine, form: RolesForm, error: VakaError | None = None
) -> Response:
    async with transaction(office.platform) as connection:
        held = await list_role_holdings(connection, account.id, office.clock.now())
        authorities = await list_authorities(connection)
        designated = await list_designated(connection)
        waiting = [one for one in await list_role_changes(connection, account.id) if one.state == "waiting"]
    status, message = explain(asker, error)
    here = f"/account/{account.id}/roles"
    return office.page(
        asker, "office_roles.html", "accounts", here, status,
        account=account, held=held, authorities=authorities, designated=designated, form=form, message=message,
        waiting=waiting, choices=_choices(account), longest_reason=LONGEST_REASON, supplier=SUPPLIER,
        longest_box=LONGEST.days,
    )  # fmt: skip


def _choices(account: AccountLine) -> list[Role]:
    """Return the roles that an account of this class may have."""
    administrators = account.kind == "administrator"
    return [role for role in ROLES.values() if (role.realm == "administrator") == administrators]


def _line(kind: LineKind, role: str, where: str, until: str | None) -> dict[str, str | None]:
    return {"kind": kind, "role": role, "authority": None if where == SUPPLIER else where, "until": until}
