# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What becomes of an account that is there: it is put out, or it is asked that it comes back, goes or is somebody's."""

from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.accounts import (
    Wanted,
    deactivation_act,
    put_out,
    request_act,
    require_usable,
)
from vaka.access.decide import NothingHereError
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.expected import KINDS as IDENTITIES
from vaka.identity.expected import LONGEST_ATTRIBUTE, LONGEST_VALUE, expect
from vaka.identity.overview import AccountLine, find_overview
from vaka.identity.sessions import Realm
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.accounts import read_account, show_one
from vaka.web.office.office import Office
from vaka.web.office.requests import EXPLAINED, Reason, ask, tell_name
from vaka.web.office.touching import confirm
from vaka.web.touching import Confirming


class ChangeForm(Form):
    """What is to become of an account that is there, and why."""

    kind: Literal[
        "reactivate", "remove", "first_key", "rename", "emergency_key", "emergency_key_removal", "identity",
        "second_identity",
    ]  # fmt: skip
    name: Annotated[str, Field(max_length=200)] = ""
    """What it is to be called instead."""
    reason: Reason = ""
    realm: Realm = "operator"
    """Of an identity, the first or another: where its human signs in, and what has to match."""
    attribute: Annotated[str, Field(max_length=LONGEST_ATTRIBUTE)] = ""
    value: Annotated[str, Field(max_length=LONGEST_VALUE)] = ""
    salt: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")] = ""
    answer: KeyAnswer = ""


class AnswerForm(Form):
    """What a key said."""

    answer: KeyAnswer = ""


async def ask_change(office: Office, request: Request, asker: Asker) -> Response:
    """POST /account/{account}/ask: ask that an account comes back, goes for ever, is called something else…"""
    account, form = await _account(office, request), await read_form(request, ChangeForm)
    try:
        here, fields = f"/account/{account.id}", {"kind": form.kind, "reason": form.reason}
        if form.kind in IDENTITIES:
            expected = expect(form.attribute, form.value, form.salt)
            wanted = Wanted(form.kind, account.id, account.human, form.reason, expected.text, form.realm)
            fields |= {"realm": form.realm, "attribute": form.attribute, "value": form.value, "salt": expected.salt}
        else:
            wanted = Wanted(form.kind, account.id, account.human, form.reason, form.name)
        wanted = require_usable(wanted, office.clock.now())
        if form.kind == "rename":
            fields["name"] = wanted.display_name
        named = {wanted.object: tell_name(account.display_name, wanted.shown)}
        asked = Confirming(request_act(wanted), f"{here}/ask", here, "accounts", fields, named)
        return await ask(office, asker, wanted, asked, form.answer)
    except VakaError as error:
        return await _explain(office, request, asker, error)


async def end(office: Office, request: Request, asker: Asker) -> Response:
    """POST /account/{account}/put-out: deactivate it at once, with every session; nobody has to approve that."""
    account, form = await _account(office, request), await read_form(request, AnswerForm)
    here, act = f"/account/{account.id}", deactivation_act(account.id)
    asked = Confirming(act, f"{here}/put-out", here, "accounts", named={act.object: account.display_name})
    confirmed = await confirm(office, asker, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    try:
        async with transaction(office.platform) as connection:
            await put_out(connection, asker.principal, account.id, now=office.clock.now(), confirmation=confirmed)
    except VakaError as error:
        return await _explain(office, request, asker, error)
    return RedirectResponse(here, 303)


async def _account(office: Office, request: Request) -> AccountLine:
    async with transaction(office.platform) as connection:
        account = await find_overview(connection, read_account(request), office.clock.now())
    if account is None:
        raise NothingHereError
    return account


async def _explain(office: Office, request: Request, asker: Asker, error: VakaError) -> Response:
    if error.category not in EXPLAINED:
        raise error
    return await show_one(office, request, asker, error)
