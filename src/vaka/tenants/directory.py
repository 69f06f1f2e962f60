# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The device directory as receivers read it: which device belongs to whom, and how it proves itself.

Written for hundreds of thousands of entries kept in memory: identifiers and hashes as bytes, what repeats only once.
"""

import ipaddress
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries
from vaka.keys.identities import BlindSender

QUERIES = load_queries("vaka.tenants")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_ROWS_AT_ONCE = 250
"""Read between two turns of the event loop: about 2 ms of work."""


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """One device."""

    sender: BlindSender
    """What stands for what it calls itself."""
    authority_id: UUID
    device_id: bytes
    """UUID, 16 bytes."""
    person_id: bytes | None
    """UUID, 16 bytes."""
    device_type: int
    authentication: Literal["digest", "certificate", "network"]
    username: BlindSender | None
    """What stands for the name it proves itself by."""
    ha1_md5: bytes | None
    ha1_sha256: bytes | None
    certificate_sha256: bytes | None
    network: Network | None
    exception_until: float | None
    """Seconds since 1970: when the permission to come from ``network`` without proof ends."""
    sender_may_differ: bool
    active: bool
    address: bytes | None = None
    """Where letters to its person are sent, 32 bytes; None where it has none."""


@dataclass(frozen=True, slots=True)
class ClassOverride:
    """An authority's own view of what a code means; None means any, for the message type any event or information."""

    authority_id: UUID
    message_type: str | None
    device_type: int | None
    status_code: int | None
    alarm_class: str


@dataclass(frozen=True, slots=True)
class HeldDevice:
    """A device that was made for a crisis exercise which is held at this moment (term 36)."""

    device_id: bytes
    """UUID, 16 bytes."""
    exercise_id: UUID
    since: datetime
    until: datetime
    """When the exercise ends by itself."""


@dataclass(frozen=True, slots=True)
class DirectoryMark:
    """How far the directory has been read."""

    transaction: str
    """Rows written by this transaction or later ones may be news."""
    entries: int
    """How many entries there are now: tells whether any were removed."""


async def mark_directory(platform: psycopg.AsyncConnection[Any]) -> DirectoryMark:
    """Return where a later ``read_entries`` has to begin; ask *before* reading, so that nothing falls between."""
    async with platform.cursor(row_factory=class_row(DirectoryMark)) as cursor:
        await cursor.execute(QUERIES["mark_directory"])
        mark = await cursor.fetchone()
    assert mark is not None  # noqa: S101  an aggregate always gives a row
    return mark


async def read_entries(
    platform: psycopg.AsyncConnection[Any], since: DirectoryMark | None = None
) -> AsyncIterator[list[DeviceEntry]]:
    """Yield all entries, or those written since an earlier mark, some hundred at a time.

    ``platform`` is in autocommit mode; one transaction is held open until the last are read.
    """
    authorities: dict[UUID, UUID] = {}
    networks: dict[str, Network] = {}
    query, parameters = QUERIES["read_entries"], {"since": None if since is None else since.transaction}
    async with platform.transaction(), platform.cursor("directory", binary=True) as cursor:
        await cursor.execute(query, parameters)
        while rows := await cursor.fetchmany(_ROWS_AT_ONCE):
            entries = []
            for sender, authority, device, person, kind, proof, user, md5, sha256, shown, network, *rest in rows:
                if network is not None and network not in networks:
                    networks[network] = ipaddress.ip_network(network)
                entries.append(
                    DeviceEntry(
                        sender,
                        authorities.setdefault(authority, authority),
                        device,
                        person,
                        kind,
                        proof,
                        sender if user == sender else user,
                        md5,
                        sha256,
                        shown,
                        None if network is None else networks[network],
                        *rest,
                    )
                )
            yield entries


async def list_overrides(platform: psycopg.AsyncConnection[Any]) -> list[ClassOverride]:
    """Return all authorities' class overrides."""
    async with platform.cursor(row_factory=class_row(ClassOverride)) as cursor:
        await cursor.execute(QUERIES["list_overrides"])
        return await cursor.fetchall()


async def list_held_devices(platform: psycopg.AsyncConnection[Any], now: datetime) -> list[HeldDevice]:
    """Return the devices of every exercise that is held."""
    async with platform.cursor(row_factory=class_row(HeldDevice)) as cursor:
        await cursor.execute(QUERIES["list_held_devices"], {"now": now})
        return await cursor.fetchall()
