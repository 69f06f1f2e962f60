# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whose accounts there are, and of one of them everything that an administrator may know (terms 8, 10 and 12)."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.accounts import list_account_requests
from vaka.access.decide import NothingHereError, require
from vaka.access.held_roles import RoleHolding, list_designated, list_role_holdings, list_roles_asked
from vaka.access.permissions import Permission
from vaka.access.role_changes import list_role_changes
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.accounts import name_accounts
from vaka.identity.break_glass import find_open
from vaka.identity.command_sessions import list_command_sessions
from vaka.identity.overview import (
    AccountLine,
    Happening,
    find_overview,
    list_links,
    list_overview,
    read_history,
)
from vaka.identity.session_list import list_sessions
from vaka.identity.sessions import GIVEN_REASONS
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.search import identifier_in
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.office.office import Office, explain
from vaka.web.office.role_words import tell_lines
from vaka.web.outages import list_declared

Shown = Literal["current", "administrators", "deactivated", "removed", "all"]
FILTERS: tuple[Shown, ...] = ("current", "administrators", "deactivated", "removed", "all")


async def show_accounts(office: Office, request: Request, asker: Asker) -> Response:
    """GET /: every account, or those of one kind or state. Whose role rests is led to where he can mend it."""
    if asker.principal.resting is not None:
        return RedirectResponse("/registers", 303)
    require(asker.principal, Permission.OFFICE_SEE_ACCOUNTS, None)
    wanted = request.query_params.get("show", FILTERS[0])
    shown = next((one for one in FILTERS if one == wanted), FILTERS[0])
    now = office.clock.now()
    async with transaction(office.platform) as connection:
        accounts = await list_overview(connection, now)
        open_now = await find_open(connection, now)
    counts = {one: len(_choose(accounts, one)) for one in FILTERS}
    return office.page(
        asker, "office_accounts.html", "accounts", f"/?show={shown}",
        accounts=_choose(accounts, shown), shown=shown, counts=counts, open_now=open_now,
        declared=await list_declared(office.platform, office.clock, asker),
    )  # fmt: skip


async def show_account(office: Office, request: Request, asker: Asker) -> Response:
    """GET /account/{account}: one account's roles, ways in, sessions and history."""
    return await show_one(office, request, asker)


async def show_one(office: Office, request: Request, asker: Asker, error: VakaError | None = None) -> Response:
    """Answer with the page of one account, and why something was not done. Raises NothingHereError."""
    account_id, now = read_account(request), office.clock.now()
    async with transaction(office.platform) as connection:
        account = await find_overview(connection, account_id, now)
        if account is None:
            raise NothingHereError
        roles = await list_role_holdings(connection, account_id, now)
        asked = await list_roles_asked(connection, account_id, now)
        moves = [one for one in await list_role_changes(connection, account_id)
                 if one.state == "waiting" and one.answer_by > now]  # fmt: skip
        designated = await list_designated(connection)
        links = await list_links(connection, account_id)
        sessions = await list_sessions(connection, account_id, now)
        commands = await list_command_sessions(connection, account_id, now)
        history = await read_history(connection, account_id)
        names = await name_accounts(connection, [*_actors(history), *_deciders(roles)])
        waiting = [one for one in await list_account_requests(connection, account_id) if one.state == "waiting"]
        known = {one.id: one.name for one in await list_every_authority(connection)}
        others = [one for one in await list_overview(connection, now)
                  if one.human == account.human and one.id != account.id]  # fmt: skip
    told = {one.id: tell_lines(one.lines, known, designated, asker.preferences.language) for one in moves}
    keys = await office.security_keys.list_keys(account_id)
    emergency_keys = await office.emergency_keys.list_keys(account_id)
    status, message = explain(asker, error)
    return office.page(
        asker, "office_account.html", "accounts", f"/account/{account_id}", status,
        account=account, roles=roles, links=links, sessions=sessions, commands=commands, history=history, names=names,
        keys=keys, emergency_keys=emergency_keys,
        others=others, authorities={str(one): name for one, name in known.items()}, waiting=waiting, asked=asked,
        moves=moves, told=told, message=message, longest_reason=LONGEST_REASON, end_reasons=GIVEN_REASONS,
    )  # fmt: skip


def read_account(request: Request) -> UUID:
    """Return the account that an address names. Raises NothingHereError where that is no identifier."""
    found = identifier_in(f"account:{request.path_params['account']}")
    if found is None:
        raise NothingHereError
    return found


def _choose(accounts: Sequence[AccountLine], shown: Shown) -> list[AccountLine]:
    if shown == "all":
        return list(accounts)
    if shown == "administrators":
        return [one for one in accounts if one.kind == "administrator" and one.state != "removed"]
    return [one for one in accounts if one.state == ("active" if shown == "current" else shown)]


def _deciders(roles: Sequence[RoleHolding]) -> list[UUID]:
    return [one for held in roles for one in (held.asked_by, held.agreed_by, held.approved_by) if one is not None]


def _actors(history: Sequence[Happening]) -> list[UUID]:
    found = {identifier_in(one.actor) for one in history if one.actor.startswith("account:")}
    return [identifier for identifier in found if identifier is not None]
