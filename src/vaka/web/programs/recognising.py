# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which program asks: by the token (`vaka.web.portal.api_token`) in its Authorization header, and by nothing else."""

import re
from typing import Protocol

from starlette.requests import Request

from vaka.access.clients import principal_of
from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.client_certificates import judge_bound
from vaka.identity.client_guard import AssertionRefusedError
from vaka.identity.clients import find_bearer
from vaka.web.asker import Asker
from vaka.web.denials import Denial, Teller
from vaka.web.preferences import read_preferences
from vaka.web.programs.allowance import REQUESTS, Allowances
from vaka.web.programs.front import shown_certificate
from vaka.web.routes import Address

_BEARER = re.compile(r"[Bb]earer ([A-Za-z0-9_-]{43})")


class AnswersPrograms(Protocol):
    """The open parts of a process that answers programs."""

    @property
    def platform(self) -> Pool:
        """Where tokens are."""

    @property
    def clock(self) -> Clock:
        """What time it is."""

    @property
    def allowances(self) -> Allowances:
        """How often programs may ask."""

    @property
    def denials(self) -> Teller:
        """Who tells of what is refused."""


class TokenPlaceError(VakaError):
    """A token stands where logs and histories keep it."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Ett token skickas i Authorization, aldrig i adressen. Avsluta det och hämta ett nytt.",
                en="A token is sent in Authorization, never in the address. Revoke it and get another.",
            ),
        )


async def recognise_program(process: AnswersPrograms, request: Request, address: Address) -> Asker | None:
    """Return the program whose token a request brings, with what its owner may now.

    A cookie opens nothing here, and a token nothing on the pages. One that is bound to a certificate opens nothing
    without it, and that is told of. Raises TokenPlaceError, TooOftenError.
    """
    if "access_token" in request.query_params:
        raise TokenPlaceError
    sent = request.headers.getlist("authorization")
    found = _BEARER.fullmatch(sent[0]) if len(sent) == 1 else None
    if found is None:
        return None
    now = process.clock.now()
    async with transaction(process.platform) as platform:
        bearer = await find_bearer(platform, found[1], now)
        if bearer is None:
            return None
        process.allowances.require(f"client:{bearer.client_id}", REQUESTS)
        if bearer.certificate is not None:
            try:
                judge_bound(shown_certificate(request), bearer.certificate, now)
            except AssertionRefusedError as refused:
                who = f"client:{bearer.client_id}"
                told = Denial(who, bearer.token_id, address.path, request.method, refused.reason, None)
                await process.denials.tell(told)
                return None
        principal = await principal_of(platform, bearer, now)
    return Asker(principal, read_preferences(request, bearer.language, "light"))
