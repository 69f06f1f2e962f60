# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""People in care, as an authority's care system keeps them: who is new, one as he stands there, one written anew.

The identifier is chosen by the program, so that what was sent twice is registered once. Who writes anew says which
version he has seen (RFC 9110 section 13.1.1), so that nobody undoes what another changed meanwhile.
"""

import re
from http import HTTPStatus
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vaka.access.decide import NothingHereError
from vaka.access.keeping import ChangedMeanwhileError, change_person, read_person
from vaka.access.permissions import Permission
from vaka.access.registering import register_person
from vaka.errors import Sentence
from vaka.web.asker import Asker
from vaka.web.authorities import require_authority
from vaka.web.json_bodies import read_json
from vaka.web.programs.describing import TAG
from vaka.web.refusals import RequestRefusedError
from vaka.web.registry.registry import Registry
from vaka.web.registry.told import ToldFacts, ToldPerson, tell_person

_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WHICH_VERSION = Sentence(
    sv="Skicka If-Match med ETag från läsningen. Inget har ändrats.",
    en="Send If-Match with the ETag that reading gave. Nothing was changed.",
)


async def register(registry: Registry, request: Request, asker: Asker) -> Response:
    """POST …/people: a person in care is new. What was sent before, by its identifier, changes nothing: 200."""
    authority = await require_authority(registry, request, asker, Permission.PORTAL_REGISTER_PEOPLE)
    told = await read_json(request, ToldPerson)
    keys, now = registry.keyring.of(authority.id), registry.clock.now()
    person = told.as_person(UUID(told.id), now)
    async with registry.gateway.transaction(authority.id) as tenant:
        is_new = await register_person(tenant, keys, asker.principal, authority.id, person, now=now)
    return JSONResponse({"id": told.id, "registered": is_new}, 201 if is_new else 200)


async def show(registry: Registry, request: Request, asker: Asker) -> Response:
    """GET …/people/{person}: what the register says of a person, and which version that is. It stands in the log."""
    authority = await require_authority(registry, request, asker, Permission.PORTAL_KEEP_PEOPLE)
    person, keys = _person_in(request), registry.keyring.of(authority.id)
    async with registry.gateway.connection(authority.id) as tenant:
        shown = await read_person(tenant, keys, asker.principal, person, now=registry.clock.now())
    told = None if shown.person is None else tell_person(shown.person)
    return JSONResponse(
        {"id": str(person), "withheld": told is None, "person": told}, headers={"ETag": f'"{shown.version}"'}
    )  # fmt: skip


async def change(registry: Registry, request: Request, asker: Asker) -> Response:
    """PUT …/people/{person}: everything about a person is written anew, if nobody changed it since it was read."""
    authority = await require_authority(registry, request, asker, Permission.PORTAL_KEEP_PEOPLE)
    identifier, version, now = _person_in(request), _version_in(request), registry.clock.now()
    person = (await read_json(request, ToldFacts)).as_person(identifier, now)
    keys = registry.keyring.of(authority.id)
    try:
        async with registry.gateway.connection(authority.id) as tenant:
            changed = await change_person(tenant, keys, asker.principal, person, version, now=now)
    except ChangedMeanwhileError as error:
        raise RequestRefusedError(HTTPStatus.PRECONDITION_FAILED, error.sentence) from None
    return JSONResponse({"id": str(identifier), "changed": changed})


def _person_in(request: Request) -> UUID:
    """Return whom an address means. Raises NothingHereError."""
    said = request.path_params["person"]
    if _IDENTIFIER.fullmatch(said) is None:
        raise NothingHereError
    return UUID(said)


def _version_in(request: Request) -> str:
    """Return which version is meant; one of another form is none there ever was. Raises RequestRefusedError."""
    said = request.headers.getlist("if-match")
    if not said:
        raise RequestRefusedError(HTTPStatus.PRECONDITION_REQUIRED, _WHICH_VERSION)
    if len(said) > 1 or re.fullmatch(TAG, said[0]) is None:
        raise RequestRefusedError(HTTPStatus.PRECONDITION_FAILED, _WHICH_VERSION)
    return said[0].strip('"')
