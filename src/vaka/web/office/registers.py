# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier's registers: which there are, and what stands in one, what is overdue first."""

from collections.abc import Sequence
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import NothingHereError, may
from vaka.access.permissions import Permission
from vaka.assurance.terms import load_terms
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.overview import list_overview
from vaka.ledger.export_csv import MEDIA_TYPE
from vaka.operations.exchange.refused import list_refused
from vaka.registers.declarations import load_registers
from vaka.registers.importing import write_table
from vaka.registers.model import Line, Register, State
from vaka.registers.store import count_entries, list_lines, read_showings
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.office.office import Office, explain
from vaka.web.register_words import STATES, read_words

PARTNERS = "partners"
"""The register of those whose messages are taken in."""
HERE = "/registers"
Shown = Literal["holding", "overdue", "waiting", "withdrawn"]
FILTERS: tuple[Shown, ...] = ("holding", "overdue", "waiting", "withdrawn")


async def show_registers(office: Office, request: Request, asker: Asker) -> Response:
    """GET /registers: every register, and how much holds in it."""
    async with transaction(office.platform) as connection:
        counts = await count_entries(connection)
    language = asker.preferences.language
    return office.page(
        asker, "office_registers.html", "registers", HERE,
        registers=sorted(load_registers().values(), key=lambda one: one.title.in_language(language)), counts=counts,
        terms=terms_of, say=lambda sentence: sentence.in_language(language),
        state_word=lambda state: STATES[state].in_language(language),
    )  # fmt: skip


async def show_register(office: Office, request: Request, asker: Asker) -> Response:
    """GET /registers/{register}: what stands in one register, or waits in it."""
    wanted = request.query_params.get("show", FILTERS[0])
    return await show_one(office, request, asker, next((one for one in FILTERS if one == wanted), FILTERS[0]))


async def show_one(
    office: Office, request: Request, asker: Asker, shown: Shown = "holding", error: VakaError | None = None
) -> Response:
    """Answer with the page of one register, and why something was not done. Raises NothingHereError."""
    register, now = read_register(request), office.clock.now()
    async with transaction(office.platform) as connection:
        lines = await list_lines(connection, register)
        words = await read_words(connection, asker.preferences, register, await list_overview(connection, now))
        authorities = [one for one in await list_every_authority(connection) if one.kind == "authority"]
        showings = await read_showings(connection, register.name)
        refused = await list_refused(connection, None) if register.name == PARTNERS else []
    chosen = {one: _choose(lines, register, one, office) for one in FILTERS}
    status, message = explain(asker, error)
    return office.page(
        asker, "office_register.html", "registers", f"{HERE}/{register.name}?show={shown}", status,
        register=register, lines=chosen[shown], shown=shown, counts={one: len(chosen[one]) for one in FILTERS},
        words=words, terms=terms_of(register), authorities=authorities, showings=showings, message=message,
        refused=refused,
        may_write=may(asker.principal, Permission.OFFICE_KEEP_REGISTERS, None),
    )  # fmt: skip


async def give_table(office: Office, request: Request, asker: Asker) -> Response:
    """GET /registers/{register}/table: what holds, as a table that no spreadsheet calculates anything of."""
    register = read_register(request)
    async with transaction(office.platform) as connection:
        lines = await list_lines(connection, register)
    headers = {"Content-Disposition": f'attachment; filename="{register.name}.csv"'}
    return Response(write_table(register, lines), media_type=MEDIA_TYPE, headers=headers)


def read_register(request: Request) -> Register:
    """Return the register that an address names. Raises NothingHereError where there is none."""
    found = load_registers().get(request.path_params["register"])
    if found is None:
        raise NothingHereError
    return found


def terms_of(register: Register) -> list[int]:
    """Return the numbers of the terms that a register is evidence for."""
    return [
        term.number for term in load_terms() if any(one.id in register.answers for one in term.requirements)
    ]  # fmt: skip


def _choose(lines: Sequence[Line], register: Register, shown: Shown, office: Office) -> list[Line]:
    now = office.clock.now()
    if shown == "waiting":
        return [one for one in lines if one.waits]
    if shown == "withdrawn":
        return [one for one in lines if one.newest.state is State.WITHDRAWN]
    holding = [one for one in lines if one.holding is not None]
    overdue = [one for one in holding if one.is_overdue(register, now)]
    return overdue if shown == "overdue" else overdue + [one for one in holding if one not in overdue]
