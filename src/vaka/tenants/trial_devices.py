# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The device of each authority that sends its trial alarms (term 21): nobody's, with a secret of its own in a file.

The databases judge which device that is, and what it sends; nothing here makes an alarm a trial's.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

import psycopg

from vaka.clock import Clock
from vaka.crypto.activation import DEVICE_SECRET, make_secret
from vaka.crypto.chance import random_bytes
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identifiers import new_identifier
from vaka.keys.files import create_secret
from vaka.keys.identities import open_identities
from vaka.tenants.authorities import QUERIES, Authority
from vaka.tenants.device_secrets import SecretDesk, open_secret_desk
from vaka.tenants.gateway import Gateway
from vaka.tenants.trial_credentials import DEVICE_TYPE, TrialDevice, read_trial_device, trial_file


@dataclass(slots=True)
class Prepared:
    """What became of the trial devices."""

    made: int = 0
    """How many are new."""
    failed: list[tuple[Authority, Exception]] = field(default_factory=list)
    """Who has none that can be used, and why: that is red, and nobody else's trouble."""


async def prepare_trial_devices(server: Server, authorities: Iterable[Authority], realm: str, clock: Clock,
                                *, actor: str) -> Prepared:  # fmt: skip
    """Make the trial device of every authority that has none (as setup). What fails of one, stops no other.

    What was begun is finished: the file comes first, and a device that a database does not know is told it again.
    """
    identities, prepared = open_identities(server.credentials), Prepared()
    gateway = Gateway(server, "setup", authorities)
    platform = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    try:
        for authority in gateway.authorities:
            if not authority.is_intake:
                secrets = partial(open_secret_desk, identities=identities, realm=realm, now=clock.now())
                try:
                    prepared.made += await _prepare(gateway, platform, authority, server.credentials, secrets, actor)
                except Exception as error:  # one authority's trouble, of whatever kind, is not the others'
                    prepared.failed.append((authority, error))
    finally:
        await platform.close()
        await gateway.close()
    return prepared


async def _prepare(
    gateway: Gateway, platform: Connection, authority: Authority, credentials: Path,
    open_desk: Callable[[Connection, UUID], Awaitable[SecretDesk]], actor: str,
) -> bool:  # fmt: skip
    tenant = await gateway.open_own_connection(authority.id, "trial")
    try:
        secrets = await open_desk(tenant, authority.id)
        device = read_trial_device(credentials, authority) or _make(credentials, authority, secrets)
        try:
            return await register_trial_device(tenant, platform, authority.id, secrets, device, actor=actor)
        except psycopg.errors.UniqueViolation:
            # A database that was put back knows that number as something else, or what it sent: it gets another.
            file = trial_file(credentials, authority)
            file.replace(file.with_name(f"{file.name}.{secrets.now:%Y%m%dT%H%M%S}"))
            device = _make(credentials, authority, secrets)
            return await register_trial_device(tenant, platform, authority.id, secrets, device, actor=actor)
    finally:
        await tenant.close()


def _make(credentials: Path, authority: Authority, secrets: SecretDesk) -> TrialDevice:
    device = TrialDevice(f"TRIAL{random_bytes(8).hex()}", make_secret(DEVICE_SECRET, secrets.rule))
    create_secret(trial_file(credentials, authority), f"{device.number} {device.password}\n".encode())
    return device


async def register_trial_device(
    tenant: Connection,
    platform: Connection,
    authority_id: UUID,
    secrets: SecretDesk,
    device: TrialDevice,
    *,
    actor: str,
) -> bool:
    """Make a trial device known to both databases (as setup), and return whether it was not."""
    digest = secrets.take_secret(device.number, device.number, device.password)
    sender = secrets.identities.blind(device.number)
    values = {
        "authority": authority_id, "device": new_identifier(secrets.now), "sender": sender,
        "ha1_sha256": digest.ha1_sha256, "device_type": DEVICE_TYPE, "actor": actor, "now": secrets.now,
    }  # fmt: skip
    # Both or none, but for a crash between the two, or a database that was put back, which the next start mends:
    # whichever knows the device already, says which it is.
    kept = {
        str(one): device for device, one in await (await tenant.execute(QUERIES["list_kept_trial_devices"])).fetchall()
    }
    values["device"] = kept.get(sender, values["device"])
    async with platform.transaction():
        known = await (await platform.execute(QUERIES["enter_trial_device"], values)).fetchone()
        assert known is not None  # noqa: S101  a function gives a row
        async with tenant.transaction():
            # That no alarm is of that sender is looked for in all of them.
            await tenant.execute("set local statement_timeout = '5min'")
            new = await tenant.execute(QUERIES["keep_trial_device"], {**values, "device": known[0]})
            return await new.fetchone() == (True,)
