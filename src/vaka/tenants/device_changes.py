# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Changing devices that are registered: a password, an exception's end, whose they are, whether they are in use."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.tenants.authorities import QUERIES
from vaka.tenants.bulk import as_json, in_batches
from vaka.tenants.devices import Connection, Device, directory_row, find_addresses, register_row, require_free


async def change_devices(
    tenant: Connection,
    platform: Connection,
    authority_id: UUID,
    devices: Sequence[Device],
    told: Collection[str],
    *,
    actor: str,
    now: datetime,
) -> int:
    """Make registered devices (as setup) what `devices` say of them; return how many changed.

    `told` names the columns of a sheet that were given; what is not told stays as it is, but for how a device proves
    itself, which is replaced wholly. What has nothing to change has no entry. Raises SenderTakenError, before
    anything is written, and LedgerStandsStillError.
    """
    await require_free(platform, authority_id, [device.sender for device in devices])
    changed: set[UUID] = set()
    addresses = await find_addresses(tenant, [device.person_id for device in devices])
    # First the directory: a crash here leaves a receiver that knows more than the register shows, and not less.
    async with platform.transaction():
        for batch in in_batches(devices):
            rows = as_json([directory_row(device, authority_id, addresses) for device in batch])
            values = {"rows": rows, "told": list(told), "authority_id": authority_id, "now": now}
            cursor = await platform.execute(QUERIES["change_entries"], values)
            found = await cursor.fetchall()
            changed |= {row[0] for row in found}
            await append_privileged(platform, [
                Entry(Event.DEVICE_CHANGED, actor, now, f"device:{device_id}", detail={
                    "authority": str(authority_id), "fields": fields, "authentication": authentication,
                })
                for device_id, fields, authentication in found
            ])  # fmt: skip
    for batch in in_batches(devices):
        async with tenant.transaction():
            values = {"rows": as_json(list(map(register_row, batch))), "told": list(told)}
            found = await (await tenant.execute(QUERIES["change_devices"], values)).fetchall()
            changed |= {row[0] for row in found}
            await append_privileged(tenant, [
                Entry(Event.DEVICE_CHANGED, actor, now, f"device:{device_id}", detail={"fields": fields})
                for device_id, fields in found
            ])  # fmt: skip
    return len(changed)
