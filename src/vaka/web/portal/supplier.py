# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the supplier's own log says that is an authority's business: accounts, roles, sign-ins, settings, commands.

One log serves all authorities, so that its order is one; each sees of it what concerns it (``ledger.concerning``), with
a proof of each entry by that log's own signature and witnesses. Reading it is written in the authority's log.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.reading import LogState, StoredEntry, prove_entry, read_state
from vaka.ledger.search import Hit, Wanted, find_concerning
from vaka.protected.standing import Configuration, read_configuration
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.pages import Message
from vaka.web.portal.asked import Asked, AskedForm, tell_place, understand
from vaka.web.portal.log import PAGE_ROWS, NoSuchEntryError, NotProvenError, index_in
from vaka.web.portal.names import Names, Things, name_everything
from vaka.web.portal.portal import Portal, require_authority

_EVER = Wanted(datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
LATELY = timedelta(days=30)
"""For so long the page says how many commands nobody stood behind."""
MOST_UNPROVED = 100
Facts = dict[str, str | int | bool | None]


class NobodyInCareError(VakaError):
    """The supplier's log was asked about a person in care, whom it never names."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Leverantörens logg nämner ingen brukare. Sök efter personen i er egen logg. Inget har lästs.",
                en="The supplier's log names no person in care. Look for the person in your own log. Nothing was read.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What a page shows."""

    state: LogState
    hits: list[Hit]
    more: bool
    names: Names


async def show_supplier_log(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/supplier: the newest of what concerns the authority, or what was searched for."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    path, form = _path(authority), AskedForm.of(request)
    try:
        asked = understand(form, portal.clock.now())
        if asked.person is not None:
            raise NobodyInCareError
    except VakaError as error:
        message = Message(error.sentence.in_language(asker.preferences.language))
        return _page(portal, asker, authority, form, None, None, 400, message=message)
    found = await _read_page(portal, authority, asked)
    event = Event.LOG_SEARCHED if asked.is_narrowed else Event.LOG_READ
    await _record(portal, asker, authority, event, {**asked.facts, "found": len(found.hits), "more": found.more})
    older = asked.address(path, before=tell_place(found.hits[-1].place)) if found.more else ""
    configuration, unproved = await _read_configuration(portal, authority)
    return _page(
        portal, asker, authority, form, asked, found, 200, older=older, configuration=configuration, unproved=unproved
    )


async def show_supplier_entry(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/supplier/entry/{index}: one entry, if it concerns the authority."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    index, path = index_in(request), _path(authority)
    state, entry, proof = await _read(portal, authority.id, index)
    await _record(portal, asker, authority, Event.LOG_READ, {"entry": index})
    leaves = [] if entry.leaf is None else [entry.leaf]
    names = await name_everything(portal.platform, Things(), leaves)
    return portal.page(
        asker, "portal_entry.html", authority, f"{path}/entry/{index}", 200,
        page="supplier", path=path, state=state, entry=entry, proven=proof is not None, names=names, person=None,
    )  # fmt: skip


async def give_supplier_proof(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/supplier/entry/{index}/proof: a file that proves the entry without us (C2SP tlog-proof)."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    index = index_in(request)
    _, _, proof = await _read(portal, authority.id, index)
    if proof is None:
        raise NotProvenError
    await _record(portal, asker, authority, Event.LOG_READ, {"entry": index, "format": "tlog-proof"})
    disposition = f'attachment; filename="supplier-{index}.tlog-proof"'
    return Response(proof, media_type="text/plain", headers={"Content-Disposition": disposition})


async def _read(portal: Portal, authority: UUID, index: int) -> tuple[LogState, StoredEntry, bytes | None]:
    async with transaction(portal.platform) as platform:
        state = await read_state(platform)
        hits = await find_concerning(platform, authority, _EVER, size=state.size, most=1, index=index)
        if not hits or hits[0].data is None:
            raise NoSuchEntryError
        entry = StoredEntry(index, hits[0].data, hits[0].leaf)
        proof = await prove_entry(platform, state, entry)
    return state, entry, None if proof is None else proof.encode()


async def _read_configuration(portal: Portal, authority: Authority) -> tuple[Configuration, int]:
    """Return how the protected configuration stands, and how many commands nobody stood behind lately."""
    now = portal.clock.now()
    wanted = Wanted(now - LATELY, now, events=[Event.COMMAND_UNPROVED.value])
    async with transaction(portal.platform) as platform:
        state = await read_state(platform)
        unproved = await find_concerning(platform, authority.id, wanted, size=state.size, most=MOST_UNPROVED)
        return await read_configuration(platform, authority.id), len(unproved)


async def _read_page(portal: Portal, authority: Authority, asked: Asked) -> Found:
    async with transaction(portal.platform) as platform:
        state = await read_state(platform)
        hits = await find_concerning(
            platform, authority.id, asked.wanted(None), size=state.size, most=PAGE_ROWS + 1, before=asked.before
        )
    shown = hits[:PAGE_ROWS]
    leaves = [hit.leaf for hit in shown if hit.leaf is not None]
    return Found(state, shown, len(hits) > PAGE_ROWS, await name_everything(portal.platform, Things(), leaves))


def _page(
    portal: Portal,
    asker: Asker,
    authority: Authority,
    form: AskedForm,
    asked: Asked | None,
    found: Found | None,
    status: int,
    *,
    older: str = "",
    configuration: Configuration | None = None,
    unproved: int = 0,
    message: Message | None = None,
) -> Response:
    path = _path(authority)
    actors = [] if found is None else sorted({hit.leaf.actor for hit in found.hits if hit.leaf is not None})
    return portal.page(
        asker, "portal_log.html", authority, path, status,
        page="supplier", path=path, asked=asked, form=form, state=found and found.state,
        hits=found.hits if found else [], names=found and found.names, actors=actors, cut=0, older=older,
        newest=asked.address(path) if asked and form.before else "", own=[], message=message,
        may_export=False, may_find_person=False, configuration=configuration, unproved=unproved,
        is_watched=configuration is not None and configuration.is_watched(portal.clock.now()),
    )  # fmt: skip


async def _record(portal: Portal, asker: Asker, authority: Authority, event: Event, facts: Facts) -> None:
    thing = f"log:{portal.logs.log_name()}"
    entry = Entry(event, asker.principal.actor, portal.clock.now(), thing, detail=facts)
    async with portal.gateway.transaction(authority.id) as tenant:
        await append(tenant, entry)


def _path(authority: Authority) -> str:
    return f"/log/{authority.slug}/supplier"
