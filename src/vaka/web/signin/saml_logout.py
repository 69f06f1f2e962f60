# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What identity providers' pages send us of signing out: their requests, and their answers to ours."""

import hmac
import re
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.database.connections import transaction
from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.pending import read_pending
from vaka.identity.reasons import Reason
from vaka.identity.saml import decode
from vaka.identity.saml_leaving import answer_that_it_is_done, hear_answer, hear_request
from vaka.identity.saml_logout import read_sender
from vaka.identity.signing_out import end_by_name, find_sender
from vaka.web.signin.arriving import LEAVING_SAML_COOKIE, host_of
from vaka.web.signin.entrance import Entrance
from vaka.web.signin.saml import place_in, read_sent
from vaka.web.signin.signed_out import show_stage

ARRIVALS = re.compile(r"/saml/(?:supplier|authority/[a-z0-9_]{1,31})/slo")
LONGEST_RELAY_STATE = 1024
"""Characters. What a provider wants back with our answer; the standard has 80 bytes, which some exceed."""


async def hear(entrance: Entrance, request: Request) -> Response:
    """POST /saml/…/slo: a provider's request ends sessions, its answer says that it ended its own.

    The first reason against it is written down and told by its code.
    """
    try:
        sent = await read_sent(request)
        if ("SAMLRequest" in sent) == ("SAMLResponse" in sent):
            raise SignInRefusedError(Reason.ANSWER)
        if "SAMLRequest" in sent:
            return await _end(entrance, request, sent)
        return await _come_back(entrance, request, sent)
    except SignInRefusedError as refused:
        code = f"logout_{refused.reason.code}"
        await entrance.attempts.refuse(code, host_of(request), refused.said)
        return await show_stage(entrance, request, None, stage="unclear", code=code, status=HTTPStatus.FORBIDDEN)


async def _end(entrance: Entrance, request: Request, sent: Mapping[str, str]) -> Response:
    """End whom a provider signs out, and send the browser back with an answer."""
    document, now = decode(sent["SAMLRequest"], Said()), entrance.clock.now()
    sender, place = read_sender(document), place_in(request)
    async with transaction(entrance.platform) as connection:
        trusted, slug = await find_sender(connection, sender, place, now)
    said = Said(trusted.name)
    out, entity = await hear_request(entrance.saml, trusted, slug, document, said, now)
    async with transaction(entrance.platform) as connection:
        ended = await end_by_name(connection, out, sender, entity.identifier, said, entrance.subjects, now)
    structlog.get_logger().info("signed out by an issuer", count=ended)
    relay_state = sent.get("RelayState", "")[:LONGEST_RELAY_STATE]
    address = await answer_that_it_is_done(entrance.saml, trusted, slug, out, relay_state)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


async def _come_back(entrance: Entrance, request: Request, sent: Mapping[str, str]) -> Response:
    """Say that a provider is done, to the browser that asked for it."""
    leaving, now = read_pending(request.cookies.get(LEAVING_SAML_COOKIE, "")), entrance.clock.now()
    if leaving is None or not hmac.compare_digest(sent.get("RelayState", "").encode(), leaving.state.encode()):
        raise SignInRefusedError(Reason.STATE)
    document = decode(sent["SAMLResponse"], Said())
    async with transaction(entrance.platform) as connection:
        trusted, slug = await find_sender(connection, read_sender(document), place_in(request), now)
    await hear_answer(entrance.saml, trusted, slug, document, leaving, Said(trusted.name), now)
    return await show_stage(entrance, request, trusted, stage="there")
