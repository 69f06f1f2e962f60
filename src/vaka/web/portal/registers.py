# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the authority is shown of the supplier's registers: nothing by default; of staff, numbers and no names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import NothingHereError
from vaka.access.permissions import Permission
from vaka.access.time_boxes import find_scope
from vaka.database.connections import Connection, transaction
from vaka.ledger.reading import read_state
from vaka.ledger.search import identifier_in
from vaka.operations.exchange.refused import list_refused
from vaka.registers.declarations import load_registers
from vaka.registers.files import ShownFile, list_shown_files, read_shown_file
from vaka.registers.model import Field, Register, State
from vaka.registers.store import ShownEntry, ShownRegister, list_shown_entries, list_shown_registers
from vaka.web.asker import Asker
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.scope import registers_within
from vaka.web.register_words import STATES
from vaka.web.uploads import hand_out

MAY_SEE = Permission.PORTAL_SEE_TERMS


@dataclass(frozen=True, slots=True)
class Shelf:
    """One register as the authority is shown it."""

    register: Register
    counts: Mapping[State, int]
    entries: Sequence[ShownEntry] | None
    """None where only numbers are shown."""
    files: Mapping[UUID, Sequence[ShownFile]]
    """By entry."""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /registers: those of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "registers")


async def show_registers(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/registers: everything the authority is shown of the supplier's registers."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "registers")
    language = asker.preferences.language
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        registers, scope = load_registers(), find_scope(asker.principal, authority.id)
        shown = [
            one for one in await list_shown_registers(platform, authority.id)
            if one.register in registers and registers_within(scope, registers[one.register].answers)
        ]  # fmt: skip
        shelves = [await _fill(platform, authority.id, one) for one in shown]
        refused = await list_refused(platform, authority.id)
    titles = {one.entry: _title(one) for shelf in shelves for one in shelf.entries or []}

    def value(field: Field, entry: ShownEntry) -> str:
        said = entry.fields.get(field.name, "")
        if field.kind == "choice":
            return next((one.label.in_language(language) for one in field.choices if one.value == said), "–")
        if field.kind == "reference" and said:
            return titles.get(UUID(said), f"…{said[-8:]}")
        return f"…{said[-8:]}" if field.kind == "person" and said else said or "–"

    return portal.page(
        asker, "portal_registers.html", authority, f"/log/{authority.slug}/registers",
        page="registers", path=f"/log/{authority.slug}", state=state, shelves=shelves, value=value, title=_title,
        refused=refused,
        say=lambda sentence: sentence.in_language(language),
        state_word=lambda state: STATES[state].in_language(language),
    )  # fmt: skip


async def _fill(platform: Connection, authority_id: UUID, shown: ShownRegister) -> Shelf:
    """Read what is shown of one register: never more than its declaration allows, whatever was decided."""
    register = load_registers()[shown.register]
    if shown.how != "entries" or register.shown != "entries":
        return Shelf(register, shown.counts, None, {})
    files: dict[UUID, list[ShownFile]] = {}
    for one in await list_shown_files(platform, authority_id, register.name):
        files.setdefault(one.entry, []).append(one)
    return Shelf(register, shown.counts, await list_shown_entries(platform, authority_id, register.name), files)


async def give_file(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/registers/files/{file}: a file at an entry that is shown, in one's scope."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    wanted = identifier_in(f"attachment:{request.path_params['file']}")
    async with transaction(portal.platform) as platform:
        file = None if wanted is None else await read_shown_file(platform, authority.id, wanted)
    register, scope = load_registers().get(file.register) if file else None, find_scope(asker.principal, authority.id)
    if file is None or register is None or register.shown != "entries" or not registers_within(scope, register.answers):
        raise NothingHereError
    await enter_opened(portal, asker, authority, "registers")
    return hand_out(file.name, file.media_type, file.body)


def _title(entry: ShownEntry) -> str:
    named = (entry.fields.get(name, "") for name in ("title", "firm", "kind", "scope"))
    return next((name for name in named if name), f"…{str(entry.entry)[-8:]}")
