# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Accepting connections at a pace that leaves the processor to alarms, however many devices come back at once."""

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import Literal

import structlog

from vaka.logs import describe_error
from vaka.receiver.allowance import network_of
from vaka.receiver.counters import Reason
from vaka.receiver.streams import Patience, StreamFlow, StreamHandlers
from vaka.receiver.surroundings import Surroundings

_log = structlog.get_logger()

_SLICE_SECONDS = 0.01


class Admission:
    """How many connections may be inside at once, in all and from one source (an address, or an IPv6 network).

    Where there is no room, whoever has proved nothing for ``unproven_seconds`` is shown out, the longest first:
    connections that only hold a place must not keep a device out. It has that time undisturbed, so that a crowd of
    devices coming back at once does not push itself out again and again.
    """

    def __init__(self, total: int, per_source: int, unproven_seconds: float) -> None:
        self._total = total
        self._per_source = per_source
        self._unproven_seconds = unproven_seconds
        self._inside: dict[str, int] = {}
        # In the order in which they came, of each source and in all.
        self._unproven_of: dict[str, dict[StreamFlow, None]] = {}
        self._unproven: dict[StreamFlow, None] = {}
        self._guests: set[StreamFlow] = set()

    @property
    def count(self) -> int:
        """How many are inside."""
        return len(self._guests)

    def enter(self, flow: StreamFlow) -> Reason | None:
        """Let one in, or say why not."""
        source = network_of(flow.source[0])
        if self._inside.get(source, 0) >= self._per_source and not self._make_room(
            self._unproven_of.get(source, {}), flow.since
        ):
            return Reason.SOURCE_LIMIT
        if self.count >= self._total and not self._make_room(self._unproven, flow.since):
            return Reason.CONNECTION_LIMIT
        self._guests.add(flow)
        self._inside[source] = self._inside.get(source, 0) + 1
        self._unproven[flow] = None
        self._unproven_of.setdefault(source, {})[flow] = None
        return None

    def keep(self, flow: StreamFlow) -> None:
        """Remember that a device has proved itself over this connection."""
        if self._unproven.pop(flow, flow) is None:
            source = network_of(flow.source[0])
            mine = self._unproven_of[source]
            del mine[flow]
            if not mine:
                del self._unproven_of[source]

    def leave(self, flow: StreamFlow) -> None:
        """Let one out. One that is out already is no concern of ours."""
        if flow in self._guests:
            self.keep(flow)
            self._guests.remove(flow)
            source = network_of(flow.source[0])
            self._inside[source] -= 1
            if not self._inside[source]:
                del self._inside[source]

    def _make_room(self, unproven: dict[StreamFlow, None], now: float) -> bool:
        oldest = next(iter(unproven), None)
        if oldest is None or now - oldest.since < self._unproven_seconds:
            return False
        self.leave(oldest)
        oldest.drop(Reason.MADE_ROOM)
        return True


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
        self._handlers = StreamHandlers(
            handlers.request, handlers.response, handlers.unreadable, self._closed, self._proved
        )
        self._patience = patience
        self._connections = connections
        self._around = around
        self._limits = limits = around.limits
        self._handshakes = Admission(limits.handshakes, limits.handshakes_per_source, limits.unproven_seconds)
        # What is read ahead below the encryption is not ours to count: strangers have few places there.
        self._anteroom = Admission(limits.unproven_tls, limits.unproven_tls_per_source, limits.unproven_seconds)
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
        flow = StreamFlow(source, self.transport, self._handlers, self._patience, self._around)
        doors = [self._connections] if self._context is None else [self._connections, self._anteroom, self._handshakes]
        refused = None
        for number, door in enumerate(doors):
            refused = door.enter(flow)
            if refused is not None:
                for passed in doors[:number]:
                    passed.leave(flow)
                break
        if refused is not None:
            self._around.counters.refusals.add(refused)
            self._around.rejections.note(refused, source[0])
            accepted.close()
            return
        flow.welcome = task = asyncio.create_task(self._welcome(accepted, flow))
        self._welcomes.add(task)
        task.add_done_callback(self._welcomes.discard)

    async def _welcome(self, accepted: socket.socket, flow: StreamFlow) -> None:
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
            reason = Reason.CERTIFICATE_UNTRUSTED if _is_about_certificate(error) else Reason.HANDSHAKE
            self._around.counters.refusals.add(reason)
            self._around.rejections.note(reason, flow.source[0])
        finally:
            flow.welcome = None
            if self._context is not None:
                self._handshakes.leave(flow)

    def _proved(self, flow: StreamFlow) -> None:
        self._connections.keep(flow)
        self._anteroom.leave(flow)

    def _closed(self, flow: StreamFlow) -> None:
        self.flows.discard(flow)
        self._anteroom.leave(flow)
        self._connections.leave(flow)


def _is_about_certificate(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError)
