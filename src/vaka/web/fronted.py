# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From which address somebody asks, where a web server stands before a process.

That one writes the address it sees into one header, over whatever came in (docs/nginx.conf). It is believed only when
the connection itself comes from there; from anybody else the header is nothing that was said.
"""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from vaka.addresses import Address, plain_address

HEADER = b"x-forwarded-for"


class Fronted:
    """Puts the address that the web server in front saw in the place of that server's own."""

    def __init__(self, app: ASGIApp, front: Sequence[str]) -> None:
        """Stand before ``app``; ``front`` are the addresses that the web server connects from."""
        self._app = app
        self._front = frozenset(plain_address(one) for one in front) - {None}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on a request, and from whom it is."""
        if scope["type"] == "http" and scope.get("client") and plain_address(scope["client"][0]) in self._front:
            told = _told(scope)
            # A server in front that tells nothing, or more than one thing, is not set up as documented: then who asks
            # is that server, which is in no register.
            if told is not None:
                scope = {**scope, "client": (str(told), 0)}
        await self._app(scope, receive, send)


def _told(scope: Scope) -> Address | None:
    """Return the one address in the one header; None where there is another number of either."""
    found = [value for name, value in scope["headers"] if name == HEADER]
    return plain_address(found[0].decode("latin-1")) if len(found) == 1 else None
