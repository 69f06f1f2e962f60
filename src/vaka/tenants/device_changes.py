# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Changing devices that are registered: a password, an exception's end, whose they are, whether they are in use."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row

from vaka.crypto.aead import UnopenableError
from vaka.keys.identities import Identities
from vaka.keys.keyring import AuthorityKeys
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged, require_standing
from vaka.tenants.authorities import QUERIES, Authority
from vaka.tenants.bulk import as_json, in_batches
from vaka.tenants.device_letters import DeviceLetters, Words, hold_words, open_words
from vaka.tenants.devices import (
    Connection,
    Device,
    directory_row,
    find_addresses,
    keep_secrets,
    register_row,
    require_free,
)


async def change_devices(
    tenant: Connection,
    platform: Connection,
    authority: Authority,
    keys: AuthorityKeys,
    identities: Identities,
    devices: Sequence[Device],
    told: Collection[str],
    *,
    actor: str,
    now: datetime,
) -> int:
    """Make registered devices (as setup) what `devices` say of them; return how many changed.

    `told` names the columns of a sheet that were given; what is not told stays as it is, but for how a device proves
    itself, which is replaced wholly; and where a device is placed is forgotten when it becomes another person's,
    unless the sheet says it. What has nothing to change has no entry. Raises SenderTakenError, before anything is
    written, LedgerStandsStillError, and KeysUnavailableError.
    """
    await require_free(platform, authority.id, [identities.blind(device.sender) for device in devices])
    changed: set[UUID] = set()
    addresses = await find_addresses(tenant, [device.person_id for device in devices])
    # First the directory: a crash here leaves a receiver that knows more than the register shows, and not less.
    async with platform.transaction():
        for batch in in_batches(devices):
            rows = as_json([directory_row(device, authority.id, identities, addresses) for device in batch])
            values = {"rows": rows, "told": list(told), "authority_id": authority.id, "now": now}
            cursor = await platform.execute(QUERIES["change_entries"], values)
            found = await cursor.fetchall()
            changed |= {row[0] for row in found}
            await append_privileged(platform, [
                Entry(Event.DEVICE_CHANGED, actor, now, f"device:{device_id}", detail={
                    "authority": str(authority.id), "fields": fields, "authentication": authentication,
                })
                for device_id, fields, authentication in found
            ])  # fmt: skip
    for batch in in_batches(devices):
        async with tenant.transaction():
            lines, editions = await _rows(tenant, authority, keys, identities, batch, told, now)
            values = {"rows": as_json(lines), "told": list(told)}
            fields: dict[UUID, str] = dict(await (await tenant.execute(QUERIES["change_devices"], values)).fetchall())
            for device_id in await keep_secrets(tenant, identities, batch, now):
                fields[device_id] = ",".join(filter(None, (fields.get(device_id), "secret")))
            changed |= fields.keys()
            await append_privileged(tenant, [
                Entry(Event.DEVICE_CHANGED, actor, now, f"device:{device_id}", detail={
                    "fields": told_fields, **({"edition": editions[device_id]} if device_id in editions else {}),
                })
                for device_id, told_fields in fields.items()
            ])  # fmt: skip
        await keys.settle_editions({one: number for one, number in editions.items() if one in fields})
    return len(changed)


async def _rows(
    tenant: Connection,
    authority: Authority,
    keys: AuthorityKeys,
    identities: Identities,
    devices: Sequence[Device],
    told: Collection[str],
    now: datetime,
) -> tuple[list[dict[str, Any]], dict[UUID, int]]:
    """Return the rows, and of which edition the letters are that are written anew."""
    rows = [register_row(device, identities) for device in devices]
    async with tenant.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES["read_device_words"], {"senders": [row["sender"] for row in rows]})
        known = {row["sender"]: row for row in await cursor.fetchall()}
    # A sheet that does not say whose a device is leaves it with whom it is: to him its letters are written.
    people = [*(device.person_id for device in devices), *(row["person_id"] for row in known.values())]
    letters = DeviceLetters(authority, await find_addresses(tenant, people))
    await hold_words(keys, list(known.values()))
    said = [
        (row, known[row["sender"]], _words(keys, device, known[row["sender"]], told))
        for row, device in zip(rows, devices, strict=True)
        if row["sender"] in known
    ]
    written_anew = [kept["id"] for _, kept, anew in said if anew]
    if written_anew:  # what is refused anyway uses up no numbers
        await require_standing(tenant, now)
    editions = await keys.issue_editions(written_anew)
    lines = []
    for row, kept, anew in said:
        if anew is None:
            lines.append({**row, "rewrites": False, "words": ""})
        else:
            letter = letters.write(kept["id"], anew.person, anew.words, editions[kept["id"]])
            lines.append({**row, "rewrites": True, "words": anew.says, **letter})
    return lines, editions


class _Anew(NamedTuple):
    """Letters of a device that are to be written anew."""

    person: UUID | None
    words: Words
    says: str
    """Which of them say something new, with commas between."""


def _words(keys: AuthorityKeys, device: Device, kept: dict[str, Any], told: Collection[str]) -> _Anew | None:
    """Return what is to be written anew of one device; None where nothing is."""
    person = device.person_id if "personal_number" in told else kept["person_id"]
    is_moved = person != kept["person_id"]
    before: Words | None = None
    with suppress(UnopenableError):  # locked, or changed by hand: then it is written anew
        before = open_words(keys, kept)
    placed = device.placed if "placed" in told else ""
    if "placed" not in told and not (is_moved and kept["person_id"]):
        if before is None and not is_moved:
            return None
        placed = before.placed if before else ""
    words = Words(device.sender, placed)
    if words == before and not is_moved:
        return None
    new = ["number"] * (not is_moved and (before is None or before.number != words.number))
    new += ["placed"] * (before is None or before.placed != words.placed)
    return _Anew(person, words, ",".join(new))
