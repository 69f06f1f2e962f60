# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Tokens for programs: client credentials (RFC 6749 section 4.4), and revoking. A program proves itself by an assertion
(RFC 7523), or by the certificate that it shows (RFC 8705), to which its token is bound then.

A token is 256 random bits, kept as a hash, and good for ten minutes. Every refusal looks the same to the program; which
it was stands in the supplier's log, once a minute of each kind.
"""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identity.client_certificates import judge_certificate
from vaka.identity.client_guard import (
    LONGEST_ASSERTION,
    AssertionRefusedError,
    Proven,
    judge_assertion,
    read_client_id,
)
from vaka.identity.clients import TOKEN_LIFE, Client, find_client, issue_token, revoke_token
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.web.denials import Denial
from vaka.web.forms import Form, read_form
from vaka.web.portal.portal import Portal
from vaka.web.programs.allowance import ALL_TOKENS, TOKENS
from vaka.web.programs.front import shown_certificate

ADMISSION_PATH = "/api/token"
REVOKE_PATH = "/api/revoke"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NOBODY = UUID(int=0)

Assertion = Annotated[str, Field(min_length=1, max_length=LONGEST_ASSERTION)]


class ProvingForm(Form):
    """Who asks: by an assertion, or by name where a certificate proves it."""

    client_assertion_type: Literal["", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"] = ""
    client_assertion: Assertion | Literal[""] = ""
    client_id: Annotated[str, Field(max_length=40)] = ""

    @model_validator(mode="after")
    def _require_one_proof(self) -> Self:
        if bool(self.client_assertion) != bool(self.client_assertion_type):
            raise ValueError("an assertion has its type")
        if not self.client_assertion and not self.client_id:
            raise ValueError("nobody is named")
        return self


class TokenForm(ProvingForm):
    """A request for a token."""

    grant_type: Literal["client_credentials"]


class RevocationForm(ProvingForm):
    """A token that is to end (RFC 7009), and who asks."""

    token: Annotated[str, Field(min_length=1, max_length=100)]
    token_type_hint: Annotated[str, Field(max_length=40)] = ""


def audience(portal: Portal) -> str:
    """Return what an assertion names as its audience: the address of the token endpoint."""
    return f"{portal.origin}{ADMISSION_PATH}"


async def give_token(portal: Portal, request: Request) -> Response:
    """POST /api/token: a token for minutes, for a program that proves itself."""
    portal.allowances.require("tokens", ALL_TOKENS)
    try:
        form = await read_form(request, TokenForm)
    except VakaError:
        return _refuse("invalid_request", 400)
    now, client = portal.clock.now(), None
    try:
        async with transaction(portal.platform) as platform:
            client_id = _named(form)
            portal.allowances.require(f"tokens:{client_id}", TOKENS)
            client = await find_client(platform, client_id, now)
            if client is None or form.client_id not in ("", str(client_id)):
                raise AssertionRefusedError("client")
            proven = _prove(portal, request, form, client, now)
            token, token_id = await issue_token(platform, client, proven, now)
            await append(platform, Entry(
                Event.CLIENT_ADMITTED, f"client:{client.id}", now, f"client:{client.id}",
                detail={
                    "authority": str(client.authority_id), "session": str(token_id),
                    "method": "certificate" if client.shows_certificates else "assertion",
                },
            ))  # fmt: skip
    except AssertionRefusedError as refused:
        await _tell(portal, client, refused.reason, ADMISSION_PATH)
        return _refuse("invalid_client", 401)
    return JSONResponse(
        {"access_token": token, "token_type": "Bearer", "expires_in": int(TOKEN_LIFE.total_seconds()),
         "scope": " ".join(client.scopes)},
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


async def revoke(portal: Portal, request: Request) -> Response:
    """POST /api/revoke: end a token of one's own, known or not (RFC 7009)."""
    portal.allowances.require("tokens", ALL_TOKENS)
    try:
        form = await read_form(request, RevocationForm)
    except VakaError:
        return _refuse("invalid_request", 400)
    now, client = portal.clock.now(), None
    try:
        async with transaction(portal.platform) as platform:
            client_id = _named(form)
            client = await find_client(platform, client_id, now)
            if client is None or form.client_id not in ("", str(client_id)):
                raise AssertionRefusedError("client")
            _prove(portal, request, form, client, now)
            await revoke_token(platform, form.token, client.id)
    except AssertionRefusedError as refused:
        await _tell(portal, client, refused.reason, REVOKE_PATH)
        return _refuse("invalid_client", 401)
    return JSONResponse({})


def _named(form: ProvingForm) -> UUID:
    """Return who asks, as he says himself."""
    if form.client_assertion:
        return read_client_id(form.client_assertion)
    try:
        return UUID(form.client_id)
    except ValueError:
        raise AssertionRefusedError("form") from None


def _prove(portal: Portal, request: Request, form: ProvingForm, client: Client, now: datetime) -> Proven | bytes:
    """Return what is proven, in the one way that the program was registered with. Raises AssertionRefusedError."""
    if client.shows_certificates:
        return judge_certificate(shown_certificate(request), client.public_keys, now)
    if not form.client_assertion:
        raise AssertionRefusedError("assertion_missing")
    return judge_assertion(form.client_assertion, client.id, client.public_keys, audience(portal), now)


async def _tell(portal: Portal, client: Client | None, reason: str, address: str) -> None:
    """Write a refusal down: of whom nobody knows as such, and what it says of itself nowhere."""
    actor = "client" if client is None else f"client:{client.id}"
    session = _NOBODY if client is None else client.id
    await portal.denials.tell(Denial(actor, session, address, "POST", reason, None))


def _refuse(error: str, status: int) -> Response:
    return JSONResponse({"error": error}, status, headers={"Cache-Control": "no-store"})
