# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where programs show their certificates: a web server in front ends the TLS, and says in a header what it was shown.

That header is believed over the socket of `portal.programs_socket` alone, at whose other end the kernel knows the web
server's account. Everywhere else it is taken away before anybody could look at it.
"""

from urllib.parse import unquote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = b"vaka-client-certificate"
"""The certificate (PEM), with what a header cannot hold escaped; empty where none was shown."""
_SHOWN = "vaka.certificate"


class Rooms:
    """Pages for people and, under /api, answers for programs: nothing of the one opens the other."""

    def __init__(self, pages: ASGIApp, programs: ASGIApp, behind_front: ASGIApp | None) -> None:
        """``behind_front`` answers programs that come over the socket, where there are no pages; None: nobody does."""
        self._pages = pages
        self._programs = programs
        self._behind_front = behind_front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        shown = [value for name, value in scope["headers"] if name == HEADER]
        scope["headers"] = [header for header in scope["headers"] if header[0] != HEADER]
        # A port has a number, a socket has none: nothing that is sent changes that.
        server = scope.get("server")
        if self._behind_front is not None and server is not None and server[1] is None:
            if len(shown) == 1:
                scope[_SHOWN] = unquote(shown[0].decode("latin-1"))
            await self._behind_front(scope, receive, send)
        elif scope["path"].startswith("/api/"):
            await self._programs(scope, receive, send)
        else:
            await self._pages(scope, receive, send)


def shown_certificate(request: Request) -> str | None:
    """Return the certificate that was shown for this request (PEM), as the web server says; nothing is judged yet."""
    shown: str | None = request.scope.get(_SHOWN)
    return shown
