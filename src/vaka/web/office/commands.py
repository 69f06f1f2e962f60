# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Standing behind the maintenance commands that one runs (term 17): a code from a command, what asks, and a touch."""

from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.step_up import confirmed
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.command_logins import (
    LIFETIME,
    CommandLogin,
    NoSuchCodeError,
    approve_login,
    approving_act,
    find_login,
)
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office, explain
from vaka.web.office.touching import confirm
from vaka.web.touching import Confirming

HERE = "/command"
MAY_RUN = Permission.OFFICE_RUN_COMMANDS


class CodeForm(Form):
    """The code that a command shows; and, once it was shown what asks, that it is meant."""

    code: Annotated[str, Field(max_length=40)] = ""
    sure: Literal["", "yes"] = ""
    answer: KeyAnswer = ""


async def show_form(office: Office, request: Request, asker: Asker) -> Response:
    """GET /command: where one types the code."""
    require(asker.principal, MAY_RUN, None)
    return _show(office, asker, done="done" in request.query_params)


async def approve(office: Office, request: Request, asker: Asker) -> Response:
    """POST /command: what asks, shown; then, meant and with a touch of a key, approved."""
    require(asker.principal, MAY_RUN, None)
    form = await read_form(request, CodeForm)
    try:
        async with transaction(office.platform) as platform:
            login = await find_login(platform, form.code, office.clock.now())
        if form.sure != "yes":
            return _show(office, asker, code=form.code, login=login)
        asked = Confirming(approving_act(login), HERE, HERE, "command", {"code": form.code, "sure": "yes"})
        done = await confirm(office, asker, asked, form.answer)
        if isinstance(done, Response):
            return done
        async with transaction(office.platform) as platform, confirmed(platform, done, approving_act(login)):
            await approve_login(platform, login, asker.principal.account_id, office.clock.now())
    except NoSuchCodeError as error:
        return _show(office, asker, error=error)
    return RedirectResponse(f"{HERE}?done=1", 303)


def _show(
    office: Office, asker: Asker, *, code: str = "", login: CommandLogin | None = None, error: VakaError | None = None,
    done: bool = False,
) -> Response:  # fmt: skip
    status, message = explain(asker, error)
    return office.page(
        asker, "office_command.html", "command", HERE, status,
        code=code, login=login, message=message, done=done,
        minutes=LIFETIME.seconds // 60,
    )  # fmt: skip
