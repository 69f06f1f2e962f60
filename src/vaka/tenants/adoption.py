# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The register's half of adopting an unknown sender: its device in the authority's database, its directory entry.

Both can be repeated: what is there already is found and kept.
"""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from uuid import UUID

import psycopg

from vaka.database.connections import Pool, transaction
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.keys.identities import BlindSender
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.tenants.authorities import QUERIES, Authority
from vaka.tenants.bulk import as_json
from vaka.tenants.device_letters import DeviceLetters, Words
from vaka.tenants.devices import Connection, SenderTakenError, find_addresses, require_free
from vaka.tenants.intervals import INTERVALS, DeviceKind

SHORTEST_REASON = 10
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What is known of a sender that is to become a device, and from where it may send until it has credentials."""

    sender: BlindSender
    number: str
    """What it calls itself."""
    device_type: int
    person_id: UUID | None
    network: IPv4Network | IPv6Network
    reason: str
    until: datetime
    kind: DeviceKind
    """Decides how often it is expected to be heard."""


class UnusableSourceError(VakaError):
    """The message does not say from which network address it came, so the device could prove itself by nothing."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Det är inte känt från vilken adress enheten sände. Registrera den med inloggning i stället.",
                en="It is not known from which address the device sent. Register it with credentials instead.",
            ),
        )


class UnknownPersonError(VakaError):
    """The authority has no such person in care."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Kommunen har ingen person med det personnumret. Kontrollera det eller lämna fältet tomt.",
                en="The authority has nobody with that personal number. Check it, or leave the field empty.",
            ),
        )


def source_network(source: str) -> IPv4Network | IPv6Network:
    """Return the network of one address that a message's source (``address:port``) is. Raises UnusableSourceError."""
    host, _, port = source.rpartition(":")
    try:
        address = ip_address(host.strip("[]"))
        int(port)
    except ValueError:
        raise UnusableSourceError from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return ip_network(address.ipv4_mapped)
    return ip_network(address)


async def keep_device(
    tenant: Connection, platform: Pool, authority: Authority, device: NewDevice, *, actor: str, now: datetime
) -> UUID:
    """Register the device in the authority's database (as desk) and return its identifier, new or known before.

    Raises SenderTakenError where another authority has the sender, and UnknownPersonError.
    """
    async with transaction(platform) as directory:
        await require_free(directory, authority.id, [device.sender])
    device_id = new_identifier(now)
    letters = DeviceLetters(authority, await find_addresses(tenant, [device.person_id]))
    row = letters.write(device_id, device.person_id, Words(device.number)) | {
        "id": device_id, "person_id": device.person_id, "sender": device.sender, "model": "",
        "device_type": device.device_type, "interval_seconds": INTERVALS[device.kind],
        "supervised": True,
    }  # fmt: skip
    try:
        cursor = await tenant.execute(QUERIES["keep_devices"], {"rows": as_json([row]), "now": now})
    except psycopg.errors.ForeignKeyViolation:
        raise UnknownPersonError from None
    except psycopg.errors.UniqueViolation:  # it was made for an exercise, and becomes nobody's
        raise SenderTakenError from None
    if await cursor.fetchone() is not None:
        await append_privileged(tenant, [Entry(Event.DEVICE_ADOPTED, actor, now, f"device:{device_id}")])
    cursor = await tenant.execute(QUERIES["find_devices"], {"senders": [device.sender]})
    known = dict(await cursor.fetchall())
    return UUID(str(known[device.sender]))


async def enter_device(
    platform: Pool,
    authority_id: UUID,
    device_id: UUID,
    device: NewDevice,
    *,
    address: bytes | None = None,
    actor: str,
    now: datetime,
) -> bool:
    """Enter the device in the directory (as desk); return whether it was new. ``address`` is where letters to its
    person are sent. Raises SenderTakenError.
    """
    row = {
        "sender": device.sender, "authority_id": authority_id, "device_id": device_id, "person_id": device.person_id,
        "address": address, "device_type": device.device_type, "authentication": "network",
        "network": str(device.network), "exception_reason": device.reason, "exception_until": device.until,
        "sender_may_differ": False, "interval_seconds": INTERVALS[device.kind],
    }  # fmt: skip
    async with transaction(platform) as directory:
        try:
            cursor = await directory.execute(QUERIES["enter_devices"], {"rows": as_json([row]), "now": now})
        except psycopg.errors.UniqueViolation:
            raise SenderTakenError from None
        if await cursor.fetchone() is None:
            await require_free(directory, authority_id, [device.sender])
            return False
        detail = {"authority": str(authority_id), "until": device.until.isoformat(timespec="seconds")}
        entry = Entry(Event.DEVICE_ADOPTED, actor, now, f"device:{device_id}", detail=detail)
        await append_privileged(directory, [entry])
    return True
