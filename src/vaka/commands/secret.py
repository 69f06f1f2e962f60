# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka device secret`: gives one registered device another password.

What the device is called, and the password, are asked for and are no arguments: every process can read those.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.keys_at_hand import keyholder_at_hand
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.crypto.activation import DEVICE_SECRET, make_secret
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.identifiers import new_identifier
from vaka.keys.identities import open_identities
from vaka.keys.keyring import open_keyring
from vaka.settings import Settings
from vaka.tenants.authorities import Authority, list_authorities
from vaka.tenants.device_changes import change_devices
from vaka.tenants.device_secrets import Algorithm, open_secret_desk
from vaka.tenants.devices import Device
from vaka.tenants.gateway import Gateway

_TOLD = ("sender", "authentication", "username", "password", "algorithm")


@click.command("secret")
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", required=True, metavar="SHORT-NAME", help="Whose device it is.")
@click.option("--algorithm", type=click.Choice(["MD5", "SHA-256", "both"]), default="SHA-256", help="Which it knows.")
@click.option("--generate", is_flag=True, help="Make a password, and print it once.")
@click.option("--apply", is_flag=True, help="Do it; without it nothing is asked for and nothing done.")
@change_option
def secret(data: Path, authority: str, algorithm: str, generate: bool, apply: bool, change: str | None) -> None:
    """Give one registered device another password. What the device calls itself, and the password, are asked for.

    What the authority asks of passwords in its portal is asked here too. Only a hash is kept.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    if not apply:
        click.echo("Nothing was changed. Do it with --apply.")
        return
    sender = click.prompt("Sender", err=True).strip()
    username = click.prompt("Username", default=sender, show_default=False, err=True).strip()
    given = "" if generate else click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with (
            keyholder_at_hand(directory, settings),
            recorded(server, clock, "device.secret", change, apply=True) as run,
        ):
            wanted = (sender, username, given, cast("Algorithm", algorithm))
            click.echo(asyncio.run(_change(server, settings, authority, wanted, run)))
        asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        click.echo(hand_out(directory, settings, server, run))


async def _change(
    server: Server, settings: Settings, slug: str, wanted: tuple[str, str, str, Algorithm], run: Run
) -> str:
    sender, username, given, algorithm = wanted
    clock, identities = SystemClock(), open_identities(server.credentials)
    async with AsyncExitStack() as stack:
        keyring = await stack.enter_async_context(open_keyring(server, settings, "setup", clock))
        platform = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
        stack.push_async_callback(platform.close)
        authority = choose(await list_authorities(platform), slug)
        run.facts["authority"] = str(authority.id)
        tenant = await Gateway(server, "setup", [authority]).open_own_connection(authority.id, "secret")
        stack.push_async_callback(tenant.close)
        now = clock.now()
        desk = await open_secret_desk(tenant, authority.id, identities, settings.receiver.realm, now)
        made = "" if given else make_secret(DEVICE_SECRET, desk.rule)
        device = Device(new_identifier(now), sender, desk.take_secret(sender, username, given or made, algorithm))
        changed = await change_devices(
            tenant, platform, authority, keyring.of(authority.id), identities, [device], _TOLD, actor=run.actor, now=now
        )
        run.facts["changed"] = changed
    if not changed:
        raise ConfigurationError("No device of this authority calls itself so, or it has that password already.")
    return f"Changed. Password: {made}" if made else "Changed."


def choose(authorities: list[Authority], slug: str) -> Authority:
    """Return the authority with this short name. Raises ConfigurationError."""
    for authority in authorities:
        if authority.slug == slug:
            return authority
    known = ", ".join(authority.slug for authority in authorities) or "none"
    raise ConfigurationError(f"There is no authority {slug!r}. Those there are: {known}.")
