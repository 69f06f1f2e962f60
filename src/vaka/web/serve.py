# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Serving one application on one port, and perhaps one socket, until told to stop."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from vaka.errors import ConfigurationError
from vaka.peers import peer_of
from vaka.settings_web import WebSettings

STOP_SECONDS = 3
"""How long requests that are under way may take to end."""
UNANSWERED_MILLISECONDS = 20_000
"""A browser whose machine acknowledges nothing for so long is gone: its stream ends, its operator is not at a desk."""
LARGEST_CROWD = 2000
"""Connections at once; beyond them the answer is 503."""

log = structlog.get_logger()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Streams never end by themselves; what keeps them open is told before the server begins to wait for them.
        self._on_stop()
        self.should_exit = True


@dataclass(frozen=True, slots=True)
class Front:
    """A Unix socket over which a web server in front hands requests on, and whose word is believed there."""

    path: Path
    accounts: frozenset[int]


def _protocol_for(front: Front) -> type[HttpToolsProtocol]:
    class Guarded(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if self.server is None or self.server[1] is not None:
                return  # over the port: nobody is believed there
            process, account = peer_of(transport)
            if account not in front.accounts:
                log.warning("refused", reason="account", pid=process)
                transport.abort()

    return Guarded


async def serve(
    app: ASGIApp, settings: WebSettings, on_stop: Callable[[], None] = lambda: None, *, front: Front | None = None
) -> None:
    """Serve ``app`` until SIGTERM or SIGINT, calling ``on_stop`` then; also over ``front``, where there is one.

    Raises ConfigurationError where the port or the socket cannot be opened.
    """
    try:
        listening = socket.create_server((settings.host, settings.port), backlog=2048)
    except OSError as error:
        raise ConfigurationError(
            f"Port {settings.port} on {settings.host} cannot be opened: {error.strerror}. End the program that holds "
            "it, or choose another in the settings file."
        ) from error
    # Connections inherit it. Without it the kernel would go on sending to a machine that died for a quarter of an hour.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MILLISECONDS)
    config = uvicorn.Config(
        app,
        http="httptools" if front is None else _protocol_for(front),
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=LARGEST_CROWD,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    with ExitStack() as opened:
        sockets = [opened.enter_context(listening)]
        if front is not None:
            sockets.append(opened.enter_context(_open(front)))
        await _Server(config, on_stop).serve(sockets=sockets)


def _open(front: Front) -> socket.socket:
    """Open the socket: for ourselves and the group of its directory, and not for everybody."""
    listening = socket.socket(socket.AF_UNIX)
    try:
        front.path.unlink(missing_ok=True)
        listening.bind(str(front.path))
        front.path.chmod(0o660)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            f"The socket {front.path} cannot be opened: {error.strerror or error}. Make its directory, and let the "
            "portal write there, or choose another in the settings file."
        ) from error
    return listening
