# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One receiver: its parts put together, its clockwork, its start and its end."""

import asyncio
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from socket import gethostname, socket
from uuid import UUID

import structlog

from vaka.clock import Clock
from vaka.database.connections import Connection, DatabaseUnavailableError, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.keys.identities import Identities
from vaka.ledger.refusals import WINDOW_SECONDS
from vaka.logs import describe_error
from vaka.metrics import Level, Levels, metrics_text
from vaka.receiver.authentication import Authenticator
from vaka.receiver.channel import Channel
from vaka.receiver.clockwork import Clockwork
from vaka.receiver.confirmations import Confirmations
from vaka.receiver.counters import Counters
from vaka.receiver.directory import Directory, DirectoryKeeper
from vaka.receiver.dispatch import Dispatcher
from vaka.receiver.exchange import Exchange
from vaka.receiver.limits import Limits
from vaka.receiver.listeners import Admission, StreamListener
from vaka.receiver.messages import Messages
from vaka.receiver.presence import Presence, name_machine
from vaka.receiver.refused import RefusedDevices, Unheard
from vaka.receiver.registrar import Registrar
from vaka.receiver.sealing import Sealing
from vaka.receiver.signs_of_life import SignsOfLife
from vaka.receiver.sockets import open_stream_socket, open_udp_socket
from vaka.receiver.streams import Patience, StreamHandlers
from vaka.receiver.surroundings import Surroundings
from vaka.receiver.tls import Rotation, open_tls_context
from vaka.receiver.udp import UdpListener
from vaka.receiver.withdrawals import AttentiveStorage
from vaka.settings import ReceiverSettings
from vaka.sip.digest import NonceMemory
from vaka.tenants.gateway import Gateway

_log = structlog.get_logger()

_SWEEP_SECONDS = 0.05
_IDLE_SECONDS = 30.0
_STATE_SECONDS = 60.0
_CERTIFICATE_SECONDS = 10.0
_DRAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a receiver is given."""

    instance: str
    """Its name among the receivers of this installation."""
    settings: ReceiverSettings
    """With absolute paths."""
    server: Server
    secret: bytes
    """Signs digest challenges."""
    clock: Clock
    identities: Identities
    """Makes of what devices call themselves what the directory knows them by."""
    limits: Limits = field(default_factory=Limits)
    nonces: NonceMemory | None = None
    """What challenges were used for, shared with others; without it, of this receiver alone."""
    machine: str = field(default_factory=lambda: name_machine(gethostname()))
    """What the machine calls itself. Another may have a receiver of the same name."""


class Receiver:
    """Listens from ``start`` to ``stop``."""

    def __init__(self, equipment: Equipment) -> None:
        settings = equipment.settings
        self.counters = Counters()
        self.directory = Directory(equipment.identities)
        self._equipment = equipment
        self._around = around = Surroundings(
            equipment.clock, equipment.limits, self.counters, self.directory.precedence.turn
        )
        around.rejections.actor = f"receiver:{equipment.instance}"
        self._rejected = Channel(lambda: self._connect_platform("rejections"), around.clock)
        self._gateway = Gateway(equipment.server, "receiver", ())
        self._keeper = DirectoryKeeper(self.directory, lambda: self._connect_platform("directory"), around.clock)
        self._presence = Presence(
            equipment.instance, equipment.machine, lambda: self._connect_platform("presence"), around.clock
        )
        self.signs = SignsOfLife(self.counters)
        self.confirmations = Confirmations(
            _host_in_uris(settings.public_host or settings.host),
            {"udp": settings.udp_port or 5060, "tcp": settings.tcp_port or 5060, "tls": settings.tls_port or 5061},
            around,
        )
        self.storage = AttentiveStorage(
            self._connect_tenant,
            self._confirm,
            receiver=equipment.instance,
            deadline_seconds=settings.commit_deadline_milliseconds / 1000,
            retry_after_seconds=settings.retry_after_seconds,
            around=around,
        )
        self._sealing = sealing = Sealing(self.directory, self.counters)
        identities = equipment.identities
        refused = RefusedDevices(self.storage, sealing, identities, around)
        lifetime, memory = settings.nonce_lifetime_seconds, equipment.nonces
        judge = Authenticator(settings.realm, identities, equipment.secret, lifetime, refused, around, memory=memory)
        self.registrar = Registrar(self.directory, judge, self.signs, around)
        self._dispatcher = dispatcher = Dispatcher(
            Messages(self.directory, judge, self.storage, sealing, self.signs, self.confirmations, around),
            self.registrar,
            self.confirmations,
            self.directory,
            judge,
            self.signs,
            around,
            to_tag=secrets.token_hex(8),
        )
        self.take_datagram = dispatcher.take_datagram
        self.take_request = dispatcher.take_request
        self._patience = Patience(around.limits)
        limits = around.limits
        self.connections = Admission(limits.connections, limits.connections_per_source, limits.unproven_seconds)
        self._udp: UdpListener | None = None
        self._streams: list[StreamListener] = []
        self._clockwork = Clockwork()
        self.rotation: Rotation | None = None

    async def start(self) -> None:
        """Learn who the devices are, then open the ports. Waits as long as the database is not there.

        Raises ConfigurationError where a port or a certificate cannot be used.
        """
        settings = self._equipment.settings
        # Faults in the settings are told at once, not after the database has come up.
        context = None
        if settings.tls_port is not None:
            context = open_tls_context(settings.certificate, settings.certificate_key, settings.device_authorities)
        await self._learn()
        if self.directory.is_foreign():
            await self.stop()
            raise ConfigurationError(
                "The devices in the directory were registered under another key than device-identities.key. Put that "
                "one back: with this one, every device would be unknown."
            )
        try:
            opened = _open_sockets(settings, self._around.limits.receive_buffer)
        except ConfigurationError:
            # Nothing is said of us: one that is started again and again and never listens is none that is up.
            await self.stop()
            raise
        # At once: the kernel gives an open port its share, and the database may be slow to hear that we are up.
        self._listen(opened, context)
        self._clockwork.every(_SWEEP_SECONDS, "sweep", self._sweep)
        self._clockwork.every(settings.flush_seconds, "signs", self._flush)
        self._clockwork.every(_IDLE_SECONDS, "idle", self.storage.close_idle)
        self._clockwork.every(_STATE_SECONDS, "state", self._tell_state)
        self._clockwork.every(_STATE_SECONDS, "clock", self.storage.tell_clock_state)
        self._clockwork.every(WINDOW_SECONDS, "rejections", self.tell_rejections)
        if context is not None:
            self.rotation = Rotation(context, settings.certificate, settings.certificate_key)
            self._clockwork.every(_CERTIFICATE_SECONDS, "certificate", self.rotation.follow)
        self._clockwork.follow("directory", self._keeper.keep())
        self._clockwork.follow("agreements", self._sealing.agree_ahead(self._is_busy))
        # From here on a device's silence is its own.
        await self._presence.beat()
        self._clockwork.every(settings.flush_seconds, "presence", self._presence.beat)

    def _confirm(self, exchange: Exchange, mrs: bytes) -> None:
        if not isinstance(exchange, Unheard):
            self.confirmations.send(exchange, mrs)

    def _listen(self, opened: Mapping[str, socket], context: ssl.SSLContext | None) -> None:
        if "UDP" in opened:
            take_response = self.confirmations.take_datagram
            self._udp = UdpListener(opened["UDP"], self.take_datagram, take_response, self._around)
        handlers = StreamHandlers(self.take_request, self.confirmations.take_response, self._dispatcher.take_unreadable)
        for name, encryption in (("TCP", None), ("TLS", context)):
            if name in opened:
                self._streams.append(
                    StreamListener(opened[name], encryption, handlers, self._patience, self.connections, self._around)
                )

    async def stop(self) -> None:
        """Read no more, finish what was begun, answer it, and close everything. A kill needs none of this."""
        if self._udp is not None:
            self._udp.stop_reading()
        for listener in self._streams:
            await listener.stop_accepting()
        await self.storage.drain(_DRAIN_SECONDS)
        await self._clockwork.stop()
        await self.signs.flush(self.storage.channel)
        await self.tell_rejections()
        for listener in self._streams:
            listener.close()
        self._streams.clear()
        if self._udp is not None:
            self._udp.close()
            self._udp = None
        await self._presence.end()
        await self.storage.close()
        await self._rejected.close()
        await self._presence.close()
        await self._keeper.close()
        await self._gateway.close()

    def metrics(self) -> bytes:
        """Return everything that is counted, as Prometheus reads it."""
        clock = self._equipment.clock
        levels = (
            Level("vaka_receiver_devices", "Devices in the directory.", lambda: len(self.directory)),
            Level(
                "vaka_receiver_directory_age_seconds",
                "Since the directory was last known to be true.",
                lambda: clock.monotonic() - (self._keeper.read_at or clock.monotonic()),
            ),
            Level("vaka_receiver_connections", "Open TCP and TLS connections.", lambda: self.connections.count),
            Level("vaka_receiver_unconfirmed", "Confirmations awaiting an answer.", lambda: len(self.confirmations)),
            Level(
                "vaka_receiver_unwritten_rejections",
                "Refusals not yet in a ledger, counted together.",
                lambda: len(self._around.rejections),
            ),
            Level("vaka_receiver_unwritten_signs", "Signs of life not yet written.", lambda: len(self.signs)),
            Levels(
                "vaka_receiver_inside",
                "Messages waiting or being stored.",
                "lane",
                lambda: {lane: float(count) for lane, count in self.storage.inside.items()},
            ),
        )
        return metrics_text((*self.counters, *levels))

    async def _learn(self) -> None:
        pause = 0.1
        while True:
            try:
                await self._keeper.load()
                return
            except DatabaseUnavailableError as error:
                _log.warning("waiting_for_database", seconds=pause, **describe_error(error.__cause__ or error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, 2.0)

    async def _sweep(self) -> None:
        now = self._equipment.clock.monotonic()
        self.storage.sweep(now)
        self.confirmations.sweep(now)
        self._patience.sweep(now)
        if self._udp is not None:
            self._udp.repeats.forget_old(now)

    def _is_busy(self) -> bool:
        return any(self.storage.inside.values())

    async def tell_rejections(self) -> None:
        """Write in the ledgers whom we turned away since the last time."""
        await self._around.rejections.flush(
            lambda place: self._rejected if place is None else self.storage.channel(place)
        )

    async def _flush(self) -> None:
        await self.signs.flush(self.storage.channel)

    async def _tell_state(self) -> None:
        _log.info(
            "state",
            count=self.counters.received.total(),
            size=len(self.directory),
            queue=sum(self.storage.inside.values()),
            state={
                "answers": self.counters.answers.nonzero(),
                "refusals": self.counters.refusals.nonzero(),
                "stored": self.counters.stored.nonzero(),
                "connections": self.connections.count,
            },
        )

    async def _connect_platform(self, purpose: str) -> Connection:
        return await open_connection(
            self._equipment.server,
            platform_role("receiver"),
            PLATFORM_DATABASE,
            application=f"vaka-receiver-{purpose}",
        )

    async def _connect_tenant(self, authority_id: UUID, purpose: str) -> Connection:
        self._gateway.admit(self.directory.authorities.values())
        return await self._gateway.open_own_connection(authority_id, purpose)


def _open_sockets(settings: ReceiverSettings, receive_buffer: int) -> Mapping[str, socket]:
    """Return a socket for each port. Raises ConfigurationError, and leaves none open then."""
    opened: dict[str, socket] = {}
    try:
        if settings.udp_port is not None:
            opened["UDP"] = open_udp_socket(settings.host, settings.udp_port, receive_buffer)
        for name, port in (("TCP", settings.tcp_port), ("TLS", settings.tls_port)):
            if port is not None:
                opened[name] = open_stream_socket(settings.host, port, name)
    except ConfigurationError:
        for one in opened.values():
            one.close()
        raise
    return opened


def _host_in_uris(host: str) -> str:
    """An IPv6 address needs brackets in a URI (RFC 3261 19.1.1), in Via too."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
