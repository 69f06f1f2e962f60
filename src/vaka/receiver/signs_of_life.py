# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signs of life: kept in memory when heard, written in bulk. A heartbeat never costs a transaction of its own."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import orjson
import psycopg
import structlog

from vaka.database.connections import DatabaseUnavailableError
from vaka.database.queries import load_queries
from vaka.logs import describe_error
from vaka.receiver.channel import Channel, InterruptedStatementError
from vaka.receiver.counters import Counters
from vaka.tenants.directory import DeviceEntry

_log = structlog.get_logger()

QUERIES = load_queries("vaka.receiver")

_DEVICES_AT_ONCE = 2_000
_AUTHORITIES_AT_ONCE = 4

Heard = dict[bytes, datetime]


class SignsOfLife:
    """When each device was last heard and not yet written; never more than one time per registered device."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._heard: dict[UUID, Heard] = {}
        self._turns = asyncio.Semaphore(_AUTHORITIES_AT_ONCE)

    def __len__(self) -> int:
        return sum(map(len, self._heard.values()))

    def note(self, entry: DeviceEntry, now: datetime) -> None:
        """Remember that a device, having proved itself, was heard."""
        self._counters.heartbeats.add("heard")
        devices = self._heard.get(entry.authority_id)
        if devices is None:
            devices = self._heard[entry.authority_id] = {}
        devices[entry.device_id] = now

    async def flush(self, channel_of: Callable[[UUID], Channel]) -> None:
        """Write what was heard, one authority's database after another; what fails is kept for the next time."""
        heard, self._heard = self._heard, {}
        await asyncio.gather(*(self._write(channel_of(place), place, devices) for place, devices in heard.items()))

    async def _write(self, channel: Channel, authority_id: UUID, devices: Heard) -> None:
        waiting = list(devices.items())
        async with self._turns:
            while waiting:
                part = waiting[:_DEVICES_AT_ONCE]
                batch = orjson.dumps([{"device_id": device.hex(), "seen_at": seen} for device, seen in part])
                try:
                    await channel.run(QUERIES["record_signs_of_life"], (batch.decode(),))
                except (DatabaseUnavailableError, InterruptedStatementError, psycopg.Error) as error:
                    _log.warning("signs_of_life_kept", authority=str(authority_id), **describe_error(error))
                    break
                self._counters.heartbeats.add("written", len(part))
                del waiting[:_DEVICES_AT_ONCE]
        # What was heard meanwhile is newer.
        if waiting:
            self._heard[authority_id] = dict(waiting) | self._heard.get(authority_id, {})
