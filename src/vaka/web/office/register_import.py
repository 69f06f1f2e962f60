# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Many entries at once: a table is pasted, looked through with all that is wrong in it, and only then kept."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identifiers import new_identifier
from vaka.identity.overview import list_overview
from vaka.registers.actions import Written, entering_act, write
from vaka.registers.importing import LONGEST_TABLE, MOST_LINES, ReadLine, read_table
from vaka.registers.model import Register
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, FormError, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office, explain
from vaka.web.office.registers import HERE, read_register
from vaka.web.office.requests import EXPLAINED
from vaka.web.office.touching import confirm
from vaka.web.register_words import read_words
from vaka.web.touching import Confirming


class TableForm(Form):
    """A table, the authorities that all of it concerns, and whether it was looked through."""

    table: Annotated[str, Field(max_length=LONGEST_TABLE)] = ""
    authority: tuple[UUID, ...] = ()
    act: Literal["look", "keep"] = "look"
    drawn: UUID | Literal[""] = ""
    """Of what the entries' identifiers are made: what is touched for is what is kept, and nothing is kept twice."""
    answer: KeyAnswer = ""


async def show_import(office: Office, request: Request, asker: Asker) -> Response:
    """GET /registers/{register}/import: where a table is pasted."""
    return await _show(office, asker, read_register(request), TableForm(), None)


async def take_table(office: Office, request: Request, asker: Asker) -> Response:
    """POST /registers/{register}/import: show what a table says and what is wrong; keep it where nothing is."""
    register, now = read_register(request), office.clock.now()
    form = await read_form(request, TableForm, lists=frozenset({"authority"}))
    if form.authority and register.whose != "concerned":
        raise FormError
    try:
        async with transaction(office.platform) as connection:
            words = await read_words(connection, asker.preferences, register, await list_overview(connection, now))
            lines = read_table(register, form.table, words.known, now.date())
            if form.act == "look" or any(line.problems for line in lines):
                return await _show(office, asker, register, form, lines)
        concerned = form.authority if register.whose == "concerned" else None
        drawn = form.drawn or new_identifier(now)
        written = [Written(uuid5(drawn, str(line.number)), 1, line.values, concerned) for line in lines]
        act, here = entering_act(register, written), f"{HERE}/{register.name}/import"
        marked = [str(one) for one in form.authority]
        asked = Confirming(
            act, here, here, "registers",
            {"table": form.table, "act": "keep", "drawn": str(drawn), "authority": marked},
            {act.object: words.say(register.title)},
            lines=[(str(line.number), words.title(register, line.values)) for line in lines],
        )  # fmt: skip
        confirmed = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await write(connection, asker.principal, register, written, now=now, confirmation=confirmed)
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await _show(office, asker, register, form, None, error)
    return RedirectResponse(
        f"{HERE}/{register.name}?show={'waiting' if register.begins == 'draft' else 'holding'}", 303
    )


async def _show(
    office: Office, asker: Asker, register: Register, form: TableForm, lines: Sequence[ReadLine] | None,
    error: VakaError | None = None,
) -> Response:  # fmt: skip
    async with transaction(office.platform) as connection:
        accounts = await list_overview(connection, office.clock.now())
        words = await read_words(connection, asker.preferences, register, accounts)
        authorities = [one for one in await list_every_authority(connection) if one.kind == "authority"]
    status, message = explain(asker, error)
    return office.page(
        asker, "office_register_import.html", "registers", f"{HERE}/{register.name}/import", status,
        register=register, form=form, lines=lines, wrong=[line for line in lines or [] if line.problems], words=words,
        authorities=authorities, most_lines=MOST_LINES, longest=LONGEST_TABLE, message=message,
        labels={field.name: words.say(field.label) for field in register.fields},
    )  # fmt: skip
