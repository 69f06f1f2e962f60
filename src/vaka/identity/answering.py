# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether an issuer answers, as this process finds out itself: nobody at a browser can say that it does not.

Asked at the addresses that two people approved, over TLS that is verified, in bounded time; what was found is kept for
some seconds, so that a page that is loaded often asks no more often.
"""

import asyncio
import ssl
from collections import defaultdict
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit
from uuid import UUID

from vaka.clock import Clock
from vaka.identity.fetch import UnreachableError, UnusableAnswerError, ask_status
from vaka.identity.oidc import require_oidc
from vaka.identity.saml import require_saml
from vaka.identity.trust import Trusted

SECONDS = 3.0
"""For one address, from the name's look-up to the status."""
KEPT_SECONDS = 10.0
AWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
"""With these somebody in front of an issuer says that it is not there. Any other status is the issuer's own answer: a
SAML issuer may well answer with an error where nobody asks it for a login."""


@dataclass(slots=True)
class Answering:
    """Which issuers answer."""

    clock: Clock
    demo: bool
    """Whether an issuer on this machine may be without TLS."""
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    _found: dict[UUID, tuple[float, bool]] = field(default_factory=dict)
    """When it was looked, and what was found, by the registry's row."""
    _turns: defaultdict[UUID, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """Of many who ask at the same time one looks, and the others hear what he found."""

    async def answers(self, trusted: Trusted) -> bool:
        """Whether an issuer answers at each of its addresses. Raises SignInRefusedError where it is not believed."""
        places = places_of(trusted, demo=self.demo)
        async with self._turns[trusted.id]:
            found = self._found.get(trusted.id)
            if found is not None and self.clock.monotonic() - found[0] < KEPT_SECONDS:
                return found[1]
            is_there = all(await asyncio.gather(*(self._is_there(place) for place in places)))
            self._found[trusted.id] = (self.clock.monotonic(), is_there)
            return is_there

    async def _is_there(self, address: str) -> bool:
        try:
            return await ask_status(address, tls=self.tls, plain=self.demo, seconds=SECONDS) not in AWAY
        except (UnreachableError, UnusableAnswerError):
            return False


def places_of(trusted: Trusted, *, demo: bool) -> list[str]:
    """Return where an issuer has to answer so that somebody can sign in by it, once for each host it has.

    Raises SignInRefusedError where nobody can sign in by it anyhow.
    """
    if trusted.content.protocol == "saml":
        return [require_saml(trusted, demo=demo)[1].sign_in]
    issuer = require_oidc(trusted, demo=demo)
    discovery = f"{issuer.issuer.rstrip('/')}/.well-known/openid-configuration"
    places: dict[tuple[str, str], str] = {}
    for address in (discovery, issuer.token_endpoint, issuer.authorization_endpoint):
        parts = urlsplit(address)
        places.setdefault((parts.scheme, parts.netloc), address)
    return list(places.values())
