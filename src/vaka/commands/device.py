# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka device import`: registers the devices of a sheet. Shows what it would do unless told to do it."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import click

from vaka.clock import Clock, SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.device_sheet import OPTIONAL, PERSON_COLUMN, REQUIRED, Context, read_sheet
from vaka.commands.exercise import exercise
from vaka.commands.keys_at_hand import keyholder_at_hand
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.commands.secret import choose, secret
from vaka.commands.sheets import read_file
from vaka.database.connections import open_connection
from vaka.database.queries import load_queries
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identifiers import new_identifier
from vaka.keys.identities import open_identities
from vaka.keys.keyring import open_keyring
from vaka.settings import Settings
from vaka.tenants.authorities import list_authorities
from vaka.tenants.device_changes import change_devices
from vaka.tenants.device_secrets import open_secret_desk
from vaka.tenants.devices import register_devices
from vaka.tenants.gateway import Gateway
from vaka.tenants.lookups import stand_in

QUERIES = load_queries("vaka.commands")


@click.group()
def device() -> None:
    """Register and change devices."""


device.add_command(exercise)
device.add_command(secret)


@device.command("import", help=f"""Register the devices of FILE (CSV with a heading line) with one authority.

    Columns: {", ".join(REQUIRED)}; and where wanted {", ".join(OPTIONAL)}. `authentication` is digest, certificate or
    network (the exception for old devices, with network, exception_reason and exception_until). `kind`
    is fixed, mobile or legacy and decides how often a device is expected to be heard where `interval_seconds` does not
    (5 min, 30 min, 24 h); without it a tracking device (type 51) is mobile, one let in by its network legacy, any other
    fixed. An exception lasts a year at most. Passwords are hashed at once and never stored.

    A device that is registered already becomes what its line says: a new password, another person, a longer exception;
    columns that the sheet does not have stay as they are. `in_use` no lays a device down: receivers know it no more.
    """)  # fmt: skip
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", required=True, metavar="SHORT-NAME", help="Whose devices they are.")
@click.option("--apply", is_flag=True, help="Do it; without it the sheet is only checked.")
@change_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def import_devices(data: Path, authority: str, apply: bool, change: str | None, file: Path) -> None:
    """Check the sheet against the registers, and register what is new where ``apply``."""
    directory = DataDirectory(data.absolute())
    settings = directory.load_settings()
    require_change(change, apply=apply)
    text, clock = read_file(file), SystemClock()
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with (
            keyholder_at_hand(directory, settings),
            recorded(server, clock, "device.import", change, apply=apply) as run,
        ):
            click.echo(asyncio.run(_import(server, settings, authority, text, clock, run, apply=apply)))
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _import(
    server: Server, settings: Settings, slug: str, text: str, clock: Clock, run: Run, *, apply: bool
) -> str:
    realm, identities = settings.receiver.realm, open_identities(server.credentials)
    async with AsyncExitStack() as stack:
        keyring = await stack.enter_async_context(open_keyring(server, settings, "setup", clock))
        platform = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
        stack.push_async_callback(platform.close)
        authority = choose(await list_authorities(platform), slug)
        run.facts["authority"] = str(authority.id)
        tenant = await Gateway(server, "setup", [authority]).open_own_connection(authority.id, "import")
        stack.push_async_callback(tenant.close)
        now = clock.now()
        find: Callable[[str], UUID | None] = lambda _number: None  # noqa: E731 - nobody is named
        if PERSON_COLUMN in text.partition("\n")[0]:
            rows = await (await tenant.execute(QUERIES["list_number_keys"])).fetchall()
            find = await stand_in(keyring.of(authority.id), dict(rows))
        secrets = await open_secret_desk(tenant, authority.id, identities, realm, now)
        sheet = read_sheet(text, Context(secrets, find, lambda: new_identifier(now), now))
        devices = sheet.devices
        if apply:
            new = await register_devices(tenant, platform, authority, identities, devices, actor=run.actor, now=now)
            changed = await change_devices(
                tenant, platform, authority, keyring.of(authority.id), identities, devices, sheet.columns,
                actor=run.actor, now=now,
            )  # fmt: skip
            run.facts |= {"count": new, "changed": changed}
            return f"{authority.name}: {new} of {len(devices)} devices are new and were registered, {changed} changed."
        known = {sender for (sender,) in await (await tenant.execute(QUERIES["list_senders"])).fetchall()}
        new = sum(identities.blind(device.sender) not in known for device in devices)
        return (
            f"{new} of {len(devices)} devices are new to {authority.name}; the others become what their lines say. "
            "Nothing was changed. Do it with --apply."
        )
