# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Serving one application on one port until told to stop."""

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from vaka.errors import ConfigurationError
from vaka.settings import WebSettings

STOP_SECONDS = 3
"""How long requests that are under way may take to end."""
UNANSWERED_MILLISECONDS = 20_000
"""A browser whose machine acknowledges nothing for so long is gone: its stream ends, its operator is not at a desk."""
LARGEST_CROWD = 2000
"""Connections at once; beyond them the answer is 503."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Streams never end by themselves; what keeps them open is told before the server begins to wait for them.
        self._on_stop()
        self.should_exit = True


async def serve(app: ASGIApp, settings: WebSettings, on_stop: Callable[[], None] = lambda: None) -> None:
    """Serve ``app`` until SIGTERM or SIGINT, calling ``on_stop`` then.

    Raises ConfigurationError where the port cannot be opened.
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
        http="httptools",
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
    with listening:
        await _Server(config, on_stop).serve(sockets=[listening])
