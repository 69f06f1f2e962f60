# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What partners send: signed messages, each taken in once (term 32). Nobody signs in; the message proves itself."""

import asyncio
from collections import Counter
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vaka.access.decide import NothingHereError
from vaka.access.keeping import ChangedMeanwhileError
from vaka.database.connections import transaction
from vaka.errors import Sentence
from vaka.ledger.entries import append
from vaka.ledger.search import identifier_in
from vaka.operations.exchange.guard import Arrived, MessageRefusedError, Reason
from vaka.operations.exchange.refused import REASONS
from vaka.operations.exchange.taking import change_contacts, find_agreement, keep_refusal, use_up
from vaka.tenants.people import Contact
from vaka.web.forms import BODY_SECONDS
from vaka.web.refusals import RequestRefusedError
from vaka.web.registry.registry import Registry
from vaka.web.registry.told import MOST_CONTACTS, ToldContact

MOST_REFUSED = 60
"""Refusals of a minute that are kept of each partner, of what it signed and of the rest, and of all strangers of an
authority: beyond them a sender hears that it is too often. Whoever cannot sign takes nothing from whoever can."""
_SIGNED = (Reason.DIGEST, Reason.TIME, Reason.REPEATED, Reason.CONTENT)
"""What is refused though the signature is the partner's."""
_STATUS = {
    Reason.MEDIA: HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Reason.PACKED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Reason.REPEATED: HTTPStatus.CONFLICT,
    Reason.CONTENT: HTTPStatus.BAD_REQUEST,
}  # fmt: skip


class ToldContacts(BaseModel):
    """Whom to ring about one person, in order: all of them, in place of those there were."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    person: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    contacts: Annotated[tuple[ToldContact, ...], Field(max_length=MOST_CONTACTS)]


async def take_contacts(registry: Registry, request: Request) -> Response:
    """POST /api/registry/exchange/{authority}/{partner}/contacts: whom to ring about a person, from a partner."""
    authority = await registry.find_authority(request.path_params["authority"])
    partner = identifier_in(f"partner:{request.path_params['partner']}")
    if authority is None or partner is None:
        raise NothingHereError
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.body()
    except TimeoutError:
        raise NothingHereError from None
    now = registry.clock.now()
    try:
        if request.url.query:
            raise MessageRefusedError(Reason.FORM)
        message = Arrived(request.method, f"{registry.origins[0]}{request.url.path}", _headers(request), body)
        async with transaction(registry.platform) as platform:
            await use_up(platform, authority.id, partner, message, now)
        told = _read(body)
        person = identifier_in(f"person:{told.person}")
        if person is None:
            raise MessageRefusedError(Reason.CONTENT)
        keys = registry.keyring.of(authority.id)
        contacts = [Contact(**one.model_dump()) for one in told.contacts]
        async with registry.gateway.connection(authority.id) as tenant:
            changed = await change_contacts(tenant, keys, partner, person, contacts, now)
    except MessageRefusedError as refused:
        await _keep(registry, authority.id, partner, refused.reason, body)
        raise _answer(refused.reason) from None
    except ChangedMeanwhileError as error:
        raise RequestRefusedError(HTTPStatus.CONFLICT, error.sentence) from None
    return JSONResponse({"changed": changed})


async def _keep(registry: Registry, authority_id: UUID, partner: UUID, reason: Reason, body: bytes) -> None:
    """Keep a refusal, and enter it in the authority's own log. Raises TooOftenError."""
    async with transaction(registry.platform) as platform:
        known = await find_agreement(platform, authority_id, partner) is not None
        whose = f"{partner} {'signed' if reason in _SIGNED else 'unsigned'}" if known else "strangers"
        registry.allowances.require(f"refused exchanges {authority_id} {whose}", MOST_REFUSED)
        entry = await keep_refusal(platform, authority_id, partner, reason, body, registry.clock.now())
    if entry is not None:
        async with registry.gateway.transaction(authority_id) as tenant:
            await append(tenant, entry)


def _headers(request: Request) -> dict[str, str]:
    """Return the headers by name. One that comes twice means two things, and so none."""
    counts = Counter(name for name, _ in request.headers.items())
    return {name: "" if counts[name] > 1 else value for name, value in request.headers.items()}


def _read(body: bytes) -> ToldContacts:
    try:
        return ToldContacts.model_validate_json(body)
    except ValidationError:
        raise MessageRefusedError(Reason.CONTENT) from None


def _answer(reason: Reason) -> RequestRefusedError:
    said = REASONS[reason]
    return RequestRefusedError(
        _STATUS.get(reason, HTTPStatus.FORBIDDEN),
        Sentence(
            sv=f"Meddelandet togs inte emot ({reason.value}): {said.sv}. Inget har ändrats.",
            en=f"The message was not taken in ({reason.value}): {said.en}. Nothing was changed.",
        ),
    )
