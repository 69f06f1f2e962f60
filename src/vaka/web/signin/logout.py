# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An issuer says that somebody has signed out with it. No browser is there: what counts is the token alone."""

import re
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vaka.database.connections import transaction
from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.logout_guard import verify_logout_token
from vaka.identity.reasons import Reason
from vaka.identity.signing_out import end_at_issuer, find_signing_out
from vaka.web.forms import FormError, read_fields
from vaka.web.signin.arriving import host_of
from vaka.web.signin.entrance import Entrance

ARRIVALS = re.compile(r"/logout/[a-z][a-z0-9-]{1,30}")
"""Where logout tokens come to, from issuers themselves."""


async def end_by_issuer(entrance: Entrance, request: Request) -> Response:
    """POST /logout/{name}: a logout token. The first reason against it is written down; the issuer learns none."""
    now, name = entrance.clock.now(), request.path_params["name"]
    try:
        token = await _read_token(request)
        async with transaction(entrance.platform) as connection:
            trusted, issuer = await find_signing_out(connection, name, now)
        out = verify_logout_token(token, trusted, issuer, now)
        async with transaction(entrance.platform) as connection:
            await end_at_issuer(connection, out, Said(trusted.name, assertion=out.digest), entrance.subjects, now)
    except SignInRefusedError as refused:
        await entrance.attempts.refuse(f"logout_{refused.reason.code}", host_of(request), refused.said)
        return JSONResponse({"error": "invalid_request"}, HTTPStatus.BAD_REQUEST)
    return Response(status_code=HTTPStatus.OK)


async def _read_token(request: Request) -> str:
    try:
        fields = await read_fields(request)
    except FormError:
        raise SignInRefusedError(Reason.ANSWER) from None
    # Others may come along (section 2.5); what is said twice was not said.
    tokens = [value for name, value in fields if name == "logout_token"]
    if len(tokens) != 1:
        raise SignInRefusedError(Reason.ANSWER)
    return tokens[0]
