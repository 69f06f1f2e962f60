# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Registering devices: in the authority's own register, and in the platform's directory that receivers read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from uuid import UUID

import psycopg

from vaka.errors import Category, Sentence, VakaError
from vaka.keys.identities import BlindSender, Identities
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.tenants.authorities import QUERIES, Authority
from vaka.tenants.bulk import as_json, in_batches
from vaka.tenants.device_letters import DeviceLetters, Words

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class TakenSecret:
    """What may be remembered of a secret that was taken (`vaka.tenants.device_secrets`)."""

    length: int
    kinds: int
    fingerprint: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Digest:
    """SIP digest: HA1 is the hash of ``username:realm:password``; the password itself is never stored."""

    username: str
    ha1_md5: str | None = field(default=None, repr=False)
    ha1_sha256: str | None = field(default=None, repr=False)
    secret: TakenSecret | None = None
    """None: nothing is known of the secret but its hash."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """TLS client certificate, by the SHA-256 of its DER form (hexadecimal)."""

    sha256: str


LONGEST_EXCEPTION = timedelta(days=366)
"""An exception is looked at anew at least once a year."""
WIDEST_NETWORK = {4: 16, 6: 32}
"""By IP version, the shortest prefix of an exception: an operator's network of devices, not everybody's."""


@dataclass(frozen=True, slots=True)
class Network:
    """The legacy exception: where it may send from, why (at least 10 characters), and until when."""

    network: IPv4Network | IPv6Network
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A device and how it proves itself."""

    id: UUID
    sender: str
    """What it calls itself: controller id, 1–64 visible characters. No database holds it but in a letter."""
    authentication: Digest | Certificate | Network
    person_id: UUID | None = None
    device_type: int = 0
    model: str = ""
    placed: str = ""
    interval_seconds: int = 300
    """How often it gives a sign of life."""
    supervised: bool = True
    sender_may_differ: bool = False
    in_use: bool = True
    """One that is laid down is an unknown sender to every receiver."""


class SenderTakenError(VakaError):
    """A device that calls itself so belongs to another authority; which one, the asker need not know."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="En enhet med samma avsändarnummer är redan registrerad hos någon annan. Inget har ändrats.",
                en="A device with the same sender number is already registered elsewhere. Nothing was changed.",
            ),
        )


async def register_devices(
    tenant: Connection,
    platform: Connection,
    authority: Authority,
    identities: Identities,
    devices: Sequence[Device],
    *,
    actor: str,
    now: datetime,
) -> int:
    """Register devices (as setup), first in the authority's database, then in the directory; return how many are new.

    Those already there stay as they are, so that an interrupted load is simply run again. Raises
    SenderTakenError, before anything is written, where a sender belongs to another authority, or
    LedgerStandsStillError.
    """
    await require_free(platform, authority.id, [identities.blind(device.sender) for device in devices])
    for batch in in_batches(devices):
        async with tenant.transaction():
            await _keep(tenant, authority, identities, batch, actor, now)
    # A crash here leaves devices no receiver knows; running the load again enters them.
    entered = 0
    # One transaction, so that the receivers read the directory anew once and not once a batch.
    async with platform.transaction():
        for batch in in_batches(devices):
            entered += await _enter(tenant, platform, authority.id, identities, batch, actor, now)
    return entered


async def require_free(platform: Connection, authority_id: UUID, senders: Sequence[BlindSender]) -> None:
    """Return if no other authority has a device that calls itself so, otherwise raise SenderTakenError."""
    cursor = await platform.execute(
        QUERIES["find_taken_senders"], {"senders": list(senders), "authority_id": authority_id}
    )
    if await cursor.fetchone() is not None:
        raise SenderTakenError


async def _keep(
    tenant: Connection,
    authority: Authority,
    identities: Identities,
    devices: Sequence[Device],
    actor: str,
    now: datetime,
) -> None:
    letters = DeviceLetters(authority, await find_addresses(tenant, [device.person_id for device in devices]))
    rows = as_json([
        register_row(device, identities)
        | letters.write(device.id, device.person_id, Words(device.sender, device.placed))
        for device in devices
    ])  # fmt: skip
    try:
        cursor = await tenant.execute(QUERIES["keep_devices"], {"rows": rows, "now": now})
    except psycopg.errors.UniqueViolation:  # one was made for an exercise, and becomes nobody's
        raise SenderTakenError from None
    new = [row[0] for row in await cursor.fetchall()]
    registered = {device.id for device in devices} & set(new)
    await keep_secrets(tenant, identities, [device for device in devices if device.id in registered], now)
    entries = [Entry(Event.DEVICE_REGISTERED, actor, now, f"device:{device_id}") for device_id in new]
    await append_privileged(tenant, entries)


async def _enter(
    tenant: Connection,
    platform: Connection,
    authority_id: UUID,
    identities: Identities,
    devices: Sequence[Device],
    actor: str,
    now: datetime,
) -> int:
    # The register decides which identifier a sender has: it may have been there before, under another.
    cursor = await tenant.execute(
        QUERIES["find_devices"], {"senders": [identities.blind(device.sender) for device in devices]}
    )
    known = dict(await cursor.fetchall())
    addresses = await find_addresses(tenant, [device.person_id for device in devices])
    rows = [
        {**row, "device_id": known[row["sender"]]}
        for row in (directory_row(device, authority_id, identities, addresses) for device in devices)
        if row["sender"] in known
    ]
    cursor = await platform.execute(QUERIES["enter_devices"], {"rows": as_json(rows), "now": now})
    entered = [row[0] for row in await cursor.fetchall()]
    proofs = {row["device_id"]: row["authentication"] for row in rows}
    entries = [
        Entry(
            Event.DEVICE_REGISTERED, actor, now, f"device:{device_id}",
            detail={"authority": str(authority_id), "authentication": proofs[device_id]},
        )
        for device_id in entered
    ]  # fmt: skip
    await append_privileged(platform, entries)
    return len(entered)


async def keep_secrets(
    tenant: Connection, identities: Identities, devices: Sequence[Device], now: datetime
) -> set[UUID]:
    """Remember what may be remembered of these devices' secrets (as setup); return which devices got a new one."""
    rows = [
        {"sender": identities.blind(device.sender), "length": taken.length, "kinds": taken.kinds,
         "fingerprint": taken.fingerprint}
        for device in devices
        if isinstance(device.authentication, Digest) and (taken := device.authentication.secret) is not None
    ]  # fmt: skip
    if not rows:
        return set()
    cursor = await tenant.execute(QUERIES["keep_device_secrets"], {"rows": as_json(rows), "now": now})
    return {device_id for (device_id,) in await cursor.fetchall()}


async def find_addresses(tenant: Connection, people: Sequence[UUID | None]) -> dict[UUID, bytes]:
    """Return where letters to these people are sent (as setup or desk); who is not in the register is left out."""
    ids = list({person for person in people if person is not None})
    cursor = await tenant.execute(QUERIES["find_addresses"], {"ids": ids})
    return {row[0]: bytes(row[1]) for row in await cursor.fetchall()}


def register_row(device: Device, identities: Identities) -> dict[str, Any]:
    """Return what the authority's register holds of a device, but for its letters, for a query over ``rows``."""
    return {
        "id": device.id, "person_id": device.person_id, "sender": identities.blind(device.sender),
        "model": device.model, "device_type": device.device_type, "interval_seconds": device.interval_seconds,
        "supervised": device.supervised and device.in_use, "in_use": device.in_use,
    }  # fmt: skip


def directory_row(
    device: Device, authority_id: UUID, identities: Identities, addresses: Mapping[UUID, bytes]
) -> dict[str, Any]:
    """Return what the directory holds of a device, but for the identifier that the register decides."""
    return {
        "sender": identities.blind(device.sender), "authority_id": authority_id, "person_id": device.person_id,
        "address": None if device.person_id is None else addresses.get(device.person_id),
        "device_type": device.device_type, "interval_seconds": device.interval_seconds,
        "sender_may_differ": device.sender_may_differ, "in_use": device.in_use,
        **_proof(device.authentication, identities),
    }  # fmt: skip


def _proof(authentication: Digest | Certificate | Network, identities: Identities) -> dict[str, Any]:
    match authentication:
        case Digest(username, ha1_md5, ha1_sha256, _):
            return {
                "authentication": "digest", "username": identities.blind(username), "ha1_md5": ha1_md5,
                "ha1_sha256": ha1_sha256,
            }  # fmt: skip
        case Certificate(sha256):
            return {"authentication": "certificate", "certificate_sha256": sha256}
        case Network(network, reason, until):
            return {
                "authentication": "network", "network": str(network), "exception_reason": reason,
                "exception_until": until,
            }  # fmt: skip
