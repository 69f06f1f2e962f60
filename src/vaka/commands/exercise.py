# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka device exercise`: makes the devices of a crisis exercise that is held; `vaka simulate` plays them (36)."""

import asyncio
import json
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.keys.identities import open_identities
from vaka.settings import Settings
from vaka.tenants.authorities import Authority, list_authorities
from vaka.tenants.device_secrets import open_secret_desk
from vaka.tenants.exercise_devices import (
    DEVICE_TYPE,
    MOST,
    ExerciseDevice,
    ExerciseNotHeldError,
    find_held_exercise,
    register_exercise_devices,
)
from vaka.tenants.gateway import Gateway


@click.command("exercise")
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--exercise", required=True, type=click.UUID, help="The exercise, as its page in the office names it.")
@click.option("--count", type=click.IntRange(1, MOST), default=1, show_default=True, help="How many devices.")
@click.option("--apply", is_flag=True, help="Do it; without it, it is only looked whether the exercise is held.")
@change_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def exercise(data: Path, exercise: UUID, count: int, apply: bool, change: str | None, file: Path) -> None:
    """Make devices for a crisis exercise that is held, and write them to FILE for `vaka simulate --devices FILE`.

    Both sides have agreed to the exercise, and it has begun. While it lasts, what these devices send is marked as an
    exercise at the desk, calls nobody and is counted nowhere; before and after, it is a real alarm. They never become
    anybody's. FILE holds their passwords, is readable by you alone, and must not exist yet.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, "device.exercise", change, apply=apply) as run:
            if apply:
                click.echo(_write(server, settings, exercise, count, file, run))
            else:
                authority, _ = asyncio.run(_prepare(server, settings, exercise, 0, run))
                click.echo(f"{authority.name} holds this exercise. Nothing was changed. Do it with --apply.")
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


def _write(server: Server, settings: Settings, exercise: UUID, count: int, file: Path, run: Run) -> str:
    """Make the devices, and the file that alone has their passwords; return what is to be said."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as written:
            try:
                authority, devices = asyncio.run(_prepare(server, settings, exercise, count, run))
                json.dump(_describe(settings, authority.name, devices), written, indent=1)
            except BaseException:
                file.unlink()
                raise
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written: {error.strerror}. Name a file that is not there."
        ) from error
    return (
        f"{authority.name}: {len(devices)} devices of this exercise were made. Let them alarm with\n"
        f"  vaka simulate alarm --devices {file}"
    )


async def _prepare(
    server: Server, settings: Settings, exercise: UUID, count: int, run: Run
) -> tuple[Authority, Sequence[ExerciseDevice]]:
    """Make so many devices, none where it is only looked; return whose exercise it is, and them."""
    now = SystemClock().now()
    async with AsyncExitStack() as stack:
        platform = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
        stack.push_async_callback(platform.close)
        held = await find_held_exercise(platform, exercise, now)
        served = {authority.id: authority for authority in await list_authorities(platform)}
        if held.authority_id not in served:
            raise ExerciseNotHeldError
        authority = served[held.authority_id]
        run.facts |= {"authority": str(authority.id), "count": count}
        if not count:
            return authority, ()
        tenant = await Gateway(server, "setup", [authority]).open_own_connection(authority.id, "exercise")
        stack.push_async_callback(tenant.close)
        identities = open_identities(server.credentials)
        secrets = await open_secret_desk(tenant, authority.id, identities, settings.receiver.realm, now)
        devices = await register_exercise_devices(tenant, platform, secrets, exercise, held, count, actor=run.actor)
        return authority, devices


def _describe(settings: Settings, authority: str, devices: Sequence[ExerciseDevice]) -> dict[str, object]:
    """Return the file as `vaka simulate` reads it; over what is encrypted, where the receiver offers that."""
    receiver = settings.receiver
    transport = "tls" if receiver.tls_port else "tcp" if receiver.tcp_port else "udp"
    place = {
        "host": receiver.public_host or receiver.host, "udp_port": receiver.udp_port, "tcp_port": receiver.tcp_port,
        "tls_port": receiver.tls_port,
    }  # fmt: skip
    return {
        "receiver": place,
        "devices": [
            {
                "cid": device.number, "authority": authority, "device_type": DEVICE_TYPE, "transport": transport,
                "authentication": "digest", "algorithm": "SHA-256", "password": device.password,
            }
            for device in devices
        ],
    }  # fmt: skip
