# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Somebody is signed out by an administrator: at one place, or everywhere (term 13)."""

from typing import Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError
from vaka.access.others_sessions import NoSessionThereError, end_others_sessions, ending_act
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.command_sessions import list_command_sessions
from vaka.identity.overview import find_overview
from vaka.identity.session_list import list_sessions
from vaka.identity.sessions import GIVEN_REASONS, EndReason
from vaka.web.asker import Asker
from vaka.web.forms import Form, FormError, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.accounts import read_account, show_one
from vaka.web.office.office import Office
from vaka.web.office.requests import EXPLAINED
from vaka.web.office.touching import confirm
from vaka.web.touching import Confirming


class EndForm(Form):
    """Which session of the account, or all, and why."""

    session: UUID | Literal["all"]
    reason: EndReason
    answer: KeyAnswer = ""


async def end(office: Office, request: Request, asker: Asker) -> Response:
    """POST /account/{account}/sessions: sign somebody out at once; nobody has to approve that."""
    account_id, form, now = read_account(request), await read_form(request, EndForm), office.clock.now()
    only = None if form.session == "all" else form.session
    if form.reason not in GIVEN_REASONS:
        raise FormError
    async with transaction(office.platform) as connection:
        account = await find_overview(connection, account_id, now)
        known = [one.id for one in await list_sessions(connection, account_id, now)]
        running = [one.id for one in await list_command_sessions(connection, account_id, now)]
    if account is None:
        raise NothingHereError
    commands = only in running
    here, act = f"/account/{account_id}", ending_act(account_id, only, form.reason, commands=commands)
    asked = Confirming(
        act, f"{here}/sessions", here, "accounts", {"session": str(form.session), "reason": form.reason},
        {f"account:{account_id}": account.display_name},
    )  # fmt: skip
    try:
        if not any(only in (None, one) for one in (*known, *running)):
            raise NoSessionThereError
        confirmed = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await end_others_sessions(
                connection, asker.principal, account_id, only, form.reason, now=now, confirmation=confirmed,
                commands=commands,
            )  # fmt: skip
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await show_one(office, request, asker, error)
    return RedirectResponse(f"{here}#sessions", 303)
