# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sending an archive that is made while it is sent."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class Sending(StreamingResponse):
    """An archive on its way; `ended` is called when that ends, however it does, also where it never began."""

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], ended: Callable[[], None], headers: Mapping[str, str]
    ) -> None:
        super().__init__(pieces, media_type="application/zip", headers=headers)
        self._pieces = pieces
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and close what it is made of."""
        try:
            async with aclosing(self._pieces):
                await super().__call__(scope, receive, send)
        finally:
            self._ended()
