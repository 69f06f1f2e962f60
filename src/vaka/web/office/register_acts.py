# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is confirmed with a security key about registers: a step, that one accepts a version, what an authority sees."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError, require
from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.humans import read_humans
from vaka.identity.overview import list_overview
from vaka.registers.actions import (
    How,
    RegisterError,
    acknowledge,
    acknowledging_act,
    move,
    moving_act,
    require_another,
    require_showable,
    show_to,
    showing_act,
)
from vaka.registers.checking import require_ready
from vaka.registers.files import fingerprint_of, list_files
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office
from vaka.web.office.register_entries import address, read_entry, show_one
from vaka.web.office.registers import HERE, read_register
from vaka.web.office.registers import show_one as show_register
from vaka.web.office.remote_work import keep_way_in
from vaka.web.office.requests import EXPLAINED
from vaka.web.office.touching import confirm
from vaka.web.register_words import read_words
from vaka.web.touching import Confirming

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class StepForm(Form):
    """Which step, and which version of the entry was shown."""

    step: Annotated[str, Field(max_length=30)]
    digest: Digest
    files: Digest = fingerprint_of(())
    """The fingerprint of the files that were shown with it."""
    answer: KeyAnswer = ""


class AcceptForm(Form):
    """Which version was read."""

    digest: Digest
    answer: KeyAnswer = ""


class ShowingForm(Form):
    """Which authority is shown how much."""

    authority: UUID
    how: How
    answer: KeyAnswer = ""


async def take_step(office: Office, request: Request, asker: Asker) -> Response:
    """POST /registers/{register}/entry/{entry}/move: take a step with exactly the version that was shown."""
    register, form, now = read_register(request), await read_form(request, StepForm), office.clock.now()
    require(asker.principal, Permission.OFFICE_DECIDE_REGISTERS, None)
    async with transaction(office.platform) as connection:
        history = await read_entry(connection, request, register)
        files = await list_files(connection, history[0])
        people = {one.made_by for one in history} | {one.made_by for one in files}
        humans = await read_humans(connection, [asker.principal.account_id, *people])
        words = await read_words(connection, asker.preferences, register, await list_overview(connection, now))
    newest = history[0]
    here = address(register, newest.entry)
    try:
        step = register.find_step(form.step, newest.state)
        if step is None or newest.digest.hex() != form.digest or fingerprint_of(files) != form.files:
            raise RegisterError.of("changed")
        require_ready(register, step, newest.fields, now.date())
        require_another(step, history, asker.principal.account_id, humans, files)
        await keep_way_in(office, request, register, newest, step)
        asked = Confirming(
            moving_act(register, newest, step, files), f"{here}/move", here, "registers",
            {"step": form.step, "digest": form.digest, "files": form.files},
            {newest.object: f"{words.title(register, newest.fields)}: {words.say(step.label)}"},
        )  # fmt: skip
        confirmed = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await move(
                connection, asker.principal, register, newest, step, now=now, confirmation=confirmed, files=files
            )  # fmt: skip
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await show_one(office, request, asker, error)
    return RedirectResponse(here, 303)


async def accept(office: Office, request: Request, asker: Asker) -> Response:
    """POST /registers/{register}/entry/{entry}/acknowledge: say that one has read and accepts what is in force."""
    register, form, now = read_register(request), await read_form(request, AcceptForm), office.clock.now()
    if not register.acknowledged:
        raise NothingHereError
    async with transaction(office.platform) as connection:
        history = await read_entry(connection, request, register)
        words = await read_words(connection, asker.preferences, register, await list_overview(connection, now))
    here = address(register, history[0].entry)
    try:
        version = next((one for one in history if one.digest.hex() == form.digest), None)
        if version is None:
            raise RegisterError.of("unread")
        asked = Confirming(
            acknowledging_act(register, version), f"{here}/acknowledge", here, "registers", {"digest": form.digest},
            {version.object: words.title(register, version.fields)},
        )  # fmt: skip
        confirmed = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await acknowledge(connection, asker.principal, register, version, now=now, confirmation=confirmed)
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await show_one(office, request, asker, error)
    return RedirectResponse(here, 303)


async def set_showing(office: Office, request: Request, asker: Asker) -> Response:
    """POST /registers/{register}/showing: decide how much of a register an authority is shown."""
    register, form, now = read_register(request), await read_form(request, ShowingForm), office.clock.now()
    require(asker.principal, Permission.OFFICE_DECIDE_REGISTERS, None)
    here, act = f"{HERE}/{register.name}", showing_act(register, form.authority, form.how)
    language = asker.preferences.language
    try:
        require_showable(register, form.how)
        async with transaction(office.platform) as connection:
            names = {one.id: one.name for one in await list_every_authority(connection)}
        shown = {"register": register.title.in_language(language), "authority": names.get(form.authority, "")}
        asked = Confirming(
            act, f"{here}/showing", here, "registers", {"authority": str(form.authority), "how": form.how},
            {act.object: shown["register"], f"authority:{form.authority}": shown["authority"]},
        )  # fmt: skip
        confirmed = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await show_to(
                connection, asker.principal, register, form.authority, form.how, now=now, confirmation=confirmed
            )  # fmt: skip
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await show_register(office, request, asker, error=error)
    return RedirectResponse(here, 303)
