# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The interface for programs: the same route table, permissions, refusals and entries as the pages, in JSON.

Who asks is recognised by a token (`vaka.web.programs.recognising`). What writes is the registry (`vaka.web.registry`).
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vaka.access.designation import list_designations, list_held
from vaka.access.permissions import Permission
from vaka.access.requests import list_requests
from vaka.database.connections import transaction
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.reading import prove_entry, read_entry, read_state
from vaka.ledger.search import find_entries
from vaka.tenants.activation import list_faulty, read_rules, write_rules
from vaka.web.asker import Asker
from vaka.web.portal.api_description import INTERFACE
from vaka.web.portal.api_token import ADMISSION_PATH, REVOKE_PATH, give_token, revoke
from vaka.web.portal.asked import AskedForm, tell_place, understand
from vaka.web.portal.log import NoSuchEntryError, NotProvenError, index_in
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.programs.describing import describe
from vaka.web.routes import PUBLIC, Address, route

BASE = "/api/v1/{authority}"
PAGE_ROWS = 100
REGISTRY_DESCRIPTION = "/api/registry/openapi.json"
"""Where the registry describes its part (`vaka.web.registry.application`)."""


async def show_entries(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET …/log/entries: entries of the log, newest first; the questions are those of the log's page."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    asked = understand(AskedForm.of(request), portal.clock.now())
    if asked.person is not None:  # whom an entry concerns is a question of its own permission, which no program has
        raise VakaError(Category.FORBIDDEN, Sentence("Program söker inte efter personer.", "Programs look for nobody."))
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        hits = await find_entries(
            tenant, asked.wanted(None), size=state.size, most=PAGE_ROWS + 1, before=asked.before
        )  # fmt: skip
        shown, more = hits[:PAGE_ROWS], len(hits) > PAGE_ROWS
        event = Event.LOG_SEARCHED if asked.is_narrowed else Event.LOG_READ
        facts = {**asked.facts, "found": len(shown), "more": more, "named": False}
        who = asker.principal.actor
        await append(tenant, Entry(event, who, portal.clock.now(), portal.log_name(authority), detail=facts))
    path = f"/api/v1/{authority.slug}/log/entries"
    return JSONResponse(
        {
            "size": state.size,
            "entries": [
                {"index": hit.index, "leaf": _leaf(hit.data), "agrees": hit.agrees} for hit in shown
            ],
            "next": asked.address(path, before=tell_place(shown[-1].place)) if more else None,
        }
    )  # fmt: skip


async def show_entry(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET …/log/entries/{index}: one entry, with the proof that a signed checkpoint covers it (C2SP tlog-proof)."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    index = index_in(request)
    async with portal.gateway.transaction(authority.id) as tenant:
        entry = await read_entry(tenant, index)
        if entry is None:
            raise NoSuchEntryError
        proof = await prove_entry(tenant, await read_state(tenant), entry)
        facts: dict[str, str | int | bool | None] = {"format": "tlog-proof" if proof else "json"}
        who = asker.principal.actor
        await append(tenant, Entry(Event.LOG_READ, who, portal.clock.now(), f"entry:{index}", detail=facts))
    return JSONResponse(
        {"index": index, "leaf": _leaf(entry.data), "proof": None if proof is None else proof.encode().decode()}
    )


async def show_checkpoint(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET …/log/checkpoint: the newest signed checkpoint, as text."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_READ_LOG)
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        if state.note is None or state.signed_size is None:
            raise NotProvenError
        facts: dict[str, str | int | bool | None] = {"format": "checkpoint", "size": state.signed_size}
        entry = Entry(
            Event.LOG_READ, asker.principal.actor, portal.clock.now(), portal.log_name(authority), detail=facts
        )
        await append(tenant, entry)
    return Response(state.note, media_type="text/plain; charset=utf-8")


async def show_access(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET …/access: who holds which role, which are designated, and what is asked for. Accounts are identifiers."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_SEE_ACCESS)
    async with transaction(portal.platform) as platform:
        held = await list_held(platform, authority.id, portal.clock.now())
        designations = await list_designations(platform, authority.id)
        requests = await list_requests(platform, authority.id)
    return JSONResponse(
        {
            "held": [
                {"role": one.role, "account": str(one.account_id), "since": _moment(one.granted_at),
                 "valid_until": _moment(one.valid_until), "effective": one.effective, "account_state": one.state}
                for one in held
            ],
            "designated": [one.role for one in designations if one.is_designated],
            "requests": [
                {"id": str(one.id), "kind": one.kind, "role": one.role, "account": str(one.account_id),
                 "state": one.state, "asked_at": _moment(one.valid_from), "valid_until": _moment(one.valid_until),
                 "answer_by": _moment(one.answer_by), "decided_at": _moment(one.decided_at)}
                for one in requests if one.kind != "standing"
            ],
        }
    )  # fmt: skip


async def show_activation(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET …/activation: what codes and passwords have to be, and how many devices have a password that is not."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_SET_ACTIVATION)
    async with transaction(portal.platform) as platform, portal.gateway.transaction(authority.id) as tenant:
        rules = await read_rules(tenant)
        faulty = await list_faulty(tenant, platform, authority.id, rules["device_secret"], portal.clock.now())
    counts = {fault: sum(one == fault for _, one in faulty) for fault in ("unknown", "weak", "old")}
    return JSONResponse({"rules": write_rules(rules), "to_be_replaced": counts})


async def show_description(portal: Portal, request: Request) -> Response:
    """GET /api/openapi.json: this interface, described (OpenAPI 3.1)."""
    return JSONResponse(
        {
            **describe(API, INTERFACE, [origin for origin in (portal.origin, portal.programs_origin) if origin]),
            "externalDocs": {
                "description": "The part that keeps people in care, which another process answers.",
                "url": f"{portal.registry}{REGISTRY_DESCRIPTION}",
            },
        },
        headers={"Cache-Control": "public, max-age=300"},
    )


def _leaf(data: bytes | None) -> Mapping[str, Any] | None:
    try:
        said = None if data is None else json.loads(data)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


API: tuple[Address, ...] = (
    route("/api/openapi.json", show_description, ["GET"], needs=PUBLIC),
    route(ADMISSION_PATH, give_token, ["POST"], needs=PUBLIC),
    route(REVOKE_PATH, revoke, ["POST"], needs=PUBLIC),
    route(f"{BASE}/log/entries", show_entries, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(f"{BASE}/log/entries/{{index}}", show_entry, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(f"{BASE}/log/checkpoint", show_checkpoint, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(f"{BASE}/access", show_access, ["GET"], needs=Permission.PORTAL_SEE_ACCESS),
    route(f"{BASE}/activation", show_activation, ["GET"], needs=Permission.PORTAL_SET_ACTIVATION),
)
