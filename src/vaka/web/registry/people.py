# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""People in care, as an authority's care system keeps them: who is new, with whom to ring.

The identifier is chosen by the program, so that what was sent twice is registered once.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vaka.access.permissions import Permission
from vaka.access.registering import register_person
from vaka.web.asker import Asker
from vaka.web.authorities import require_authority
from vaka.web.json_bodies import read_json
from vaka.web.registry.registry import Registry
from vaka.web.registry.told import ToldPerson


async def register(registry: Registry, request: Request, asker: Asker) -> Response:
    """POST …/people: a person in care is new. What was sent before, by its identifier, changes nothing: 200."""
    authority = await require_authority(registry, request, asker, Permission.PORTAL_REGISTER_PEOPLE)
    told = await read_json(request, ToldPerson)
    keys, person, now = registry.keyring.of(authority.id), told.as_person(), registry.clock.now()
    async with registry.gateway.transaction(authority.id) as tenant:
        is_new = await register_person(tenant, keys, asker.principal, authority.id, person, now=now)
    return JSONResponse({"id": told.id, "registered": is_new}, 201 if is_new else 200)
