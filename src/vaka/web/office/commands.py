# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Standing behind the maintenance commands that one runs (term 17): a code from a command, what asks, and a touch.

A code is of `vaka login`, which asks to run commands in one's name for an hour, or of one run of a privileged command.
"""

from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection, transaction
from vaka.errors import VakaError
from vaka.identity.command_confirmations import Found, confirm_run, confirming_act, find_run
from vaka.identity.command_logins import (
    LIFETIME,
    CommandLogin,
    NoSuchCodeError,
    approve_login,
    approving_act,
    find_login,
)
from vaka.identity.confirming import Act
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office, explain
from vaka.web.office.touching import confirm
from vaka.web.touching import Confirming

HERE = "/command"
MAY_RUN = Permission.OFFICE_RUN_COMMANDS
Asks = CommandLogin | Found


class CodeForm(Form):
    """The code that a command shows; and, once it was shown what asks, that it is meant."""

    code: Annotated[str, Field(max_length=40)] = ""
    sure: Literal["", "yes"] = ""
    answer: KeyAnswer = ""


async def show_form(office: Office, request: Request, asker: Asker) -> Response:
    """GET /command: where one types the code."""
    require(asker.principal, MAY_RUN, None)
    return _show(office, asker, done=request.query_params.get("done", ""))


async def approve(office: Office, request: Request, asker: Asker) -> Response:
    """POST /command: what asks, shown; then, meant and with a touch of a key, approved."""
    require(asker.principal, MAY_RUN, None)
    form = await read_form(request, CodeForm)
    try:
        async with transaction(office.platform) as platform:
            asks = await _find(office, platform, asker, form.code)
        if form.sure != "yes":
            return _show(office, asker, code=form.code, asks=asks)
        act = _act(asks)
        asked = Confirming(act, HERE, HERE, "command", {"code": form.code, "sure": "yes"})
        done = await confirm(office, asker, asked, form.answer)
        if isinstance(done, Response):
            return done
        async with transaction(office.platform) as platform, confirmed(platform, done, act):
            await _approve(office, platform, asker, asks)
    except NoSuchCodeError as error:
        return _show(office, asker, error=error)
    return RedirectResponse(f"{HERE}?done={_outcome(asks)}", 303)


async def _find(office: Office, platform: Connection, asker: Asker, code: str) -> Asks:
    """Return what waits with this code: a login, or a run that the asker may confirm. Raises NoSuchCodeError."""
    now = office.clock.now()
    try:
        return await find_login(platform, code, now)
    except NoSuchCodeError:
        return await find_run(platform, code, asker.principal.account_id, now)


def _act(asks: Asks) -> Act:
    return confirming_act(asks.run) if isinstance(asks, Found) else approving_act(asks)


def _outcome(asks: Asks) -> str:
    """Return what the page says afterwards: ``first`` where a second person is waited for, ``second`` to that one."""
    if isinstance(asks, Found):
        if asks.confirmed_by is not None:
            return "second"
        return "first" if asks.by_two else "run"
    return "1"


async def _approve(office: Office, platform: Connection, asker: Asker, asks: Asks) -> None:
    account, now = asker.principal.account_id, office.clock.now()
    if isinstance(asks, Found):
        await confirm_run(platform, asks.run, account, now)
    else:
        await approve_login(platform, asks, account, now)


def _show(
    office: Office, asker: Asker, *, code: str = "", asks: Asks | None = None, error: VakaError | None = None,
    done: str = "",
) -> Response:  # fmt: skip
    status, message = explain(asker, error)
    found = asks if isinstance(asks, Found) else None
    return office.page(
        asker, "office_command.html", "command", HERE, status,
        code=code, login=None if found else asks, found=found, message=message, done=done,
        facts={} if found is None else confirming_act(found.run).parameters,
        minutes=LIFETIME.seconds // 60,
    )  # fmt: skip
