# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Accepting connections at a pace that leaves the processor to alarms, however many devices come back at once."""

import asyncio
import socket
import ssl
from collections import Counter
from contextlib import suppress
from typing import Literal

import structlog

from vaka.logs import describe_error
from vaka.receiver.counters import Reason
from vaka.receiver.streams import Patience, StreamFlow, StreamHandlers
from vaka.receiver.surroundings import Surroundings

_log = structlog.get_logger()

_SLICE_SECONDS = 0.01


class Admission:
    """How many may be inside at once, in all and from one address."""

    def __init__(self, total: int, per_source: int) -> None:
        self._total = total
        self._per_source = per_source
        self._inside: Counter[str] = Counter()
        self.count = 0

    def enter(self, host: str) -> Reason | None:
        """Let one in, or say why not."""
        if self.count >= self._total:
            return Reason.CONNECTION_LIMIT
        if self._inside[host] >= self._per_source:
            return Reason.SOURCE_LIMIT
        self._inside[host] += 1
        self.count += 1
        return None

    def leave(self, host: str) -> None:
        """Let one out."""
        self.count -= 1
        self._inside[host] -= 1
        if not self._inside[host]:
            del self._inside[host]


class StreamListener:
    """One listening socket; with a TLS ``context`` its connections begin with a handshake."""

    def __init__(
        self,
        opened: socket.socket,
        context: ssl.SSLContext | None,
        handlers: StreamHandlers,
        patience: Patience,
        connections: Admission,
        around: Surroundings,
    ) -> None:
        self.transport: Literal["tcp", "tls"] = "tcp" if context is None else "tls"
        self.flows: set[StreamFlow] = set()
        self._socket = opened
        self._context = context
        self._handlers = StreamHandlers(handlers.request, handlers.response, handlers.unreadable, self._closed)
        self._patience = patience
        self._connections = connections
        self._handshakes = Admission(around.limits.handshakes, around.limits.handshakes_per_source)
        self._around = around
        self._limits = around.limits
        self._loop = asyncio.get_running_loop()
        self._welcomes: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.create_task(self._accept(), name=f"accept-{self.transport}")

    async def stop_accepting(self) -> None:
        """Take no new connections; those that are open stay."""
        for task in (self._accepting, *self._welcomes):
            task.cancel()
        await asyncio.gather(self._accepting, *self._welcomes, return_exceptions=True)
        self._socket.close()

    def close(self) -> None:
        """Close every connection after what is written to it has been sent."""
        for flow in list(self.flows):
            flow.close()

    async def _accept(self) -> None:
        rate = self._limits.accepts_per_second if self._context is None else self._limits.handshakes_per_second
        at_once = max(1, round(rate * _SLICE_SECONDS))
        taken = 0
        while True:
            try:
                accepted, address = await self._loop.sock_accept(self._socket)
            except Exception as error:  # out of file descriptors, or the peer was gone before we looked
                _log.warning("accept_failed", transport=self.transport, **describe_error(error))
                await asyncio.sleep(0.1)
                continue
            self._admit(accepted, address[:2])
            taken += 1
            if taken >= at_once:
                # What is not accepted yet waits in the kernel; alarms on open connections do not.
                await asyncio.sleep(_SLICE_SECONDS)
                taken = 0

    def _admit(self, accepted: socket.socket, source: tuple[str, int]) -> None:
        refused = self._connections.enter(source[0])
        if refused is None and self._context is not None:
            refused = self._handshakes.enter(source[0])
            if refused is not None:
                self._connections.leave(source[0])
        if refused is not None:
            self._around.counters.refusals.add(refused)
            accepted.close()
            return
        task = asyncio.create_task(self._welcome(accepted, source))
        self._welcomes.add(task)
        task.add_done_callback(self._welcomes.discard)

    async def _welcome(self, accepted: socket.socket, source: tuple[str, int]) -> None:
        flow = StreamFlow(source, self.transport, self._handlers, self._patience, self._around)
        self.flows.add(flow)
        try:
            with suppress(OSError):
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is None:
                await self._loop.connect_accepted_socket(lambda: flow, accepted)
            else:
                await self._loop.connect_accepted_socket(
                    lambda: flow,
                    accepted,
                    ssl=self._context,
                    ssl_handshake_timeout=self._limits.handshake_seconds,
                    ssl_shutdown_timeout=1.0,
                )
        except BaseException as error:
            accepted.close()
            self._closed(flow)
            if not isinstance(error, Exception):
                raise
            # Whatever a stranger does in a handshake is his fault, not ours; only the count tells of it.
            self._around.counters.refusals.add(Reason.HANDSHAKE)
        finally:
            if self._context is not None:
                self._handshakes.leave(source[0])

    def _closed(self, flow: StreamFlow) -> None:
        if flow in self.flows:
            self.flows.remove(flow)
            self._connections.leave(flow.source[0])
