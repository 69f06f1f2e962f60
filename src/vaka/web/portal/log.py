# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading the log: its newest entries, what a search finds, one entry, and the proof of it.

Whoever reads is written down in the same transaction, before anything is shown: one entry a request.
"""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may
from vaka.access.permissions import Permission
from vaka.access.time_boxes import find_scope
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.reading import LogState, StoredEntry, prove_entry, read_entry, read_state
from vaka.ledger.search import About, Hit, find_entries, list_actors
from vaka.tenants.authorities import Authority
from vaka.tenants.subjects import MOST_THINGS, list_things_of_person
from vaka.web.asker import Asker
from vaka.web.pages import Message
from vaka.web.portal.asked import Asked, AskedForm, tell_place, understand
from vaka.web.portal.names import Names, name_everything, name_things
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.scope import is_within

PAGE_ROWS = 50
LARGEST_INDEX_DIGITS = 15


class NoSuchEntryError(VakaError):
    """The log has no such entry, or no longer its content."""

    def __init__(self) -> None:
        super().__init__(
            Category.MISSING,
            Sentence(
                sv="Loggen har ingen sådan post, eller så har den gallrats.",
                en="The log has no such entry, or it has been pruned.",
            ),
        )


class NotProvenError(VakaError):
    """No checkpoint covers the entry yet."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Posten har ännu inget bevis: den är inte förseglad, eller så stämmer loggens träd inte.",
                en="There is no proof of the entry yet: it is not sealed, or the tree of the log does not show it.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What a page of the log shows."""

    state: LogState
    hits: list[Hit]
    more: bool
    names: Names
    actors: list[str]
    cut: int
    """Of how many of the person's alarms the entries are looked for, where there may be more; else 0."""


async def show_start(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET / and GET /log: the log of one's own authority, of several the first by name; for whoever reads no log, what
    waits for the authority; for an auditor, where he works.
    """
    own = portal.own_authorities(asker)
    if not own:
        return portal.lead_to_own(asker, Permission.PORTAL_SEE_TERMS, "tasks")
    if not is_within(find_scope(asker.principal, own[0].id), ""):
        return RedirectResponse(f"/log/{own[0].slug}/auditing", 303)
    return RedirectResponse(f"/log/{own[0].slug}", 303)


async def show_log(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}: the newest entries, or what was searched for."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    path, form = f"/log/{authority.slug}", AskedForm.of(request)
    try:
        asked = understand(form, portal.clock.now())
    except VakaError as error:
        return await _explain(portal, asker, authority, form, error)
    found = await _read_page(portal, asker, authority, asked)
    older = tell_place(found.hits[-1].place) if found.more else ""
    return portal.page(
        asker, "portal_log.html", authority, path, 200,
        page="log", path=path, asked=asked, form=form, state=found.state, hits=found.hits, names=found.names,
        actors=found.actors, cut=found.cut, older=asked.address(path, before=older) if older else "",
        newest=asked.address(path) if form.before else "", own=portal.own_authorities(asker),
    )  # fmt: skip


async def show_entry(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/entry/{index}: one entry, with everything it says."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    index, here = index_in(request), f"/log/{authority.slug}"
    async with portal.gateway.transaction(authority.id) as tenant:
        state, entry = await read_state(tenant), await _read(tenant, index)
        leaves = [] if entry.leaf is None else [entry.leaf]
        named = may(asker.principal, Permission.PORTAL_FIND_PERSON, authority.id)
        things = await name_things(tenant, portal.keyring.of(authority.id), leaves, people=named)
        proven = await prove_entry(tenant, state, entry) is not None
        person = None if entry.leaf is None else Names(things, {}).person_of(entry.leaf)
        await _record(portal, tenant, asker, Event.LOG_READ, f"entry:{index}", {"person": _told(person)})
    names = await name_everything(portal.platform, things, leaves)
    return portal.page(
        asker, "portal_entry.html", authority, f"{here}/entry/{index}", 200,
        page="log", path=here, state=state, entry=entry, proven=proven, names=names, person=person,
    )  # fmt: skip


async def give_proof(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/entry/{index}/proof: a file that proves the entry without us (C2SP tlog-proof)."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    index = index_in(request)
    async with portal.gateway.transaction(authority.id) as tenant:
        entry = await _read(tenant, index)
        proof = await prove_entry(tenant, await read_state(tenant), entry)
        if proof is None:
            raise NotProvenError
        await _record(portal, tenant, asker, Event.LOG_READ, f"entry:{index}", {"format": "tlog-proof"})
    name = f"{authority.slug}-{index}.tlog-proof"
    return Response(
        proof.encode(), media_type="text/plain", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


async def show_help(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/help: what the log can prove, and what not."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    path = f"/log/{authority.slug}"
    return portal.page(asker, "portal_help.html", authority, f"{path}/help", 200, page="help", path=path)


async def _read_page(portal: Portal, asker: Asker, authority: Authority, asked: Asked) -> Found:
    named = may(asker.principal, Permission.PORTAL_FIND_PERSON, authority.id)
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        concerned = await about(tenant, asked)
        wanted = asked.wanted(concerned)
        hits = await find_entries(tenant, wanted, size=state.size, most=PAGE_ROWS + 1, before=asked.before)
        shown, more = hits[:PAGE_ROWS], len(hits) > PAGE_ROWS
        leaves = [hit.leaf for hit in shown if hit.leaf is not None]
        actors = await list_actors(tenant)
        things = await name_things(
            tenant, portal.keyring.of(authority.id), leaves, people=named, also=[asked.person] if asked.person else []
        )
        event = Event.LOG_SEARCHED if asked.is_narrowed else Event.LOG_READ
        facts = {**asked.facts, "found": len(shown), "more": more, "named": named}
        await _record(portal, tenant, asker, event, portal.log_name(authority), facts)
    names = await name_everything(portal.platform, things, leaves, actors)
    is_cut = concerned is not None and len(concerned.objects) >= MOST_THINGS
    return Found(state, shown, more, names, actors, MOST_THINGS if is_cut else 0)


async def _explain(portal: Portal, asker: Asker, authority: Authority, form: AskedForm, error: VakaError) -> Response:
    """Answer with the fields as they were filled in and what is wrong with them. Nothing of the log is read."""
    path = f"/log/{authority.slug}"
    message = Message(error.sentence.in_language(asker.preferences.language))
    return portal.page(
        asker, "portal_log.html", authority, path, 400,
        page="log", path=path, asked=None, form=form, state=None, hits=[], names=None, actors=[], cut=0, older="",
        newest="",
        message=message, own=portal.own_authorities(asker),
    )  # fmt: skip


async def about(tenant: Connection, asked: Asked) -> About | None:
    """Return whom a question is about, with what is known to be theirs."""
    if asked.person is None:
        return None
    return About(asked.person, await list_things_of_person(tenant, asked.person))


async def _record(
    portal: Portal,
    tenant: Connection,
    asker: Asker,
    event: Event,
    thing: str,
    facts: dict[str, str | int | bool | None],
) -> None:
    await append(tenant, Entry(event, asker.principal.actor, portal.clock.now(), thing, detail=facts))


async def _read(tenant: Connection, index: int) -> StoredEntry:
    entry = await read_entry(tenant, index)
    if entry is None:
        raise NoSuchEntryError
    return entry


def index_in(request: Request) -> int:
    """Return the place of an entry that an address names. Raises NoSuchEntryError."""
    text = request.path_params["index"]
    if not text.isascii() or not text.isdigit() or len(text) > LARGEST_INDEX_DIGITS:
        raise NoSuchEntryError
    return int(text)


def _told(person: UUID | None) -> str | None:
    return None if person is None else str(person)
