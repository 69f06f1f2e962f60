# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""All simulated devices of one run, and the sockets they send through."""

import ssl
from collections.abc import Sequence
from itertools import count
from random import Random

from vaka.clock import Clock
from vaka.simulate.device import Device, Persistence
from vaka.simulate.device_file import DeviceRecord
from vaka.simulate.links import Link, StreamLink, UdpLink
from vaka.simulate.tally import Tally
from vaka.simulate.target import Target, tls_context

SOCKETS = 256
"""UDP sockets at most; where there are more devices, several share one, as behind an operator's translation."""


class Fleet:
    """Devices by number, made when they are first needed."""

    def __init__(
        self,
        records: Sequence[DeviceRecord],
        target: Target,
        *,
        tally: Tally,
        clock: Clock,
        chance: Random,
        persistence: Persistence = Persistence(),  # noqa: B008  immutable
    ) -> None:
        for transport in {record.transport for record in records}:
            target.address_for(transport)
        self.records = records
        self.tally = tally
        self.clock = clock
        self.chance = chance
        self._target = target
        self._persistence = persistence
        # Begun anywhere: a second run must not look like a repeat of the first. Told apart on sockets that are shared.
        begin = chance.randrange(100_000_000)
        self._references = (f"{number % 100_000_000:08d}" for number in count(begin))
        self._devices: dict[int, Device] = {}
        self._udp: list[UdpLink] = []
        self._streams: list[StreamLink] = []
        self._context: ssl.SSLContext | None = None

    def __len__(self) -> int:
        return len(self.records)

    def device(self, number: int) -> Device:
        """Return a device. Raises ConfigurationError where its certificate cannot be read."""
        device = self._devices.get(number)
        if device is None:
            record = self.records[number]
            device = self._devices[number] = Device(
                record,
                self._link(record),
                self._target.host,
                references=self._references,
                tally=self.tally,
                clock=self.clock,
                chance=self.chance,
                persistence=self._persistence,
            )
        return device

    def close(self) -> None:
        """Close every socket."""
        for socket in self._udp:
            socket.close()
        for connection in self._streams:
            connection.close()

    def _link(self, record: DeviceRecord) -> Link:
        address = self._target.address_for(record.transport)
        if record.transport == "udp":
            if len(self._udp) < SOCKETS:
                self._udp.append(UdpLink(address, self.chance))
                return self._udp[-1]
            return self.chance.choice(self._udp)
        context = None
        if record.transport == "tls":
            context = self._tls_context(record)
        self._streams.append(StreamLink(address, self.chance, context, self._target.host))
        return self._streams[-1]

    def _tls_context(self, record: DeviceRecord) -> ssl.SSLContext:
        if record.certificate is not None:
            return tls_context(self._target, record.certificate, record.key)
        if self._context is None:  # reading the machine's issuers costs ten milliseconds: once is enough
            self._context = tls_context(self._target)
        return self._context
