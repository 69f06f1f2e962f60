# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka device import`: registers the devices of a sheet. Shows what it would do unless told to do it."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import click

from vaka.clock import Clock, SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import reachable_server
from vaka.commands.device_sheet import LARGEST_SHEET, OPTIONAL, REQUIRED, Context, read_sheet
from vaka.database.connections import open_connection
from vaka.database.queries import load_queries
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.identifiers import new_identifier
from vaka.tenants.authorities import Authority, list_authorities
from vaka.tenants.devices import register_devices
from vaka.tenants.gateway import Gateway

QUERIES = load_queries("vaka.commands")
ACTOR = "setup"


@click.group()
def device() -> None:
    """Register devices."""


@device.command("import", help=f"""Register the devices of FILE (CSV with a heading line) with one authority.

    Columns: {", ".join(REQUIRED)}; and where wanted {", ".join(OPTIONAL)}. `authentication` is digest, certificate or
    network (the exception for old devices, with network, exception_reason and exception_until). `kind`
    is fixed, mobile or legacy and decides how often a device is expected to be heard where `interval_seconds` does not
    (5 min, 30 min, 24 h); without it a tracking device (type 51) is mobile, one let in by its network legacy, any other
    fixed. Passwords are hashed at once and never stored. Devices that are registered already stay as they are.
    """)  # fmt: skip
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", required=True, metavar="SHORT-NAME", help="Whose devices they are.")
@click.option("--apply", is_flag=True, help="Register them; without it the sheet is only checked.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def import_devices(data: Path, authority: str, apply: bool, file: Path) -> None:
    """Check the sheet against the registers, and register what is new where ``apply``."""
    directory = DataDirectory(data.absolute())
    settings = directory.load_settings()
    text = _read(file)
    with reachable_server(directory, settings) as server:
        click.echo(asyncio.run(_import(server, settings.receiver.realm, authority, text, SystemClock(), apply=apply)))


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST_SHEET:
            raise ConfigurationError(f"{file} is larger than {LARGEST_SHEET // 1024 // 1024} MiB.")
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file} is not UTF-8 text. Save it as CSV UTF-8.") from error


async def _import(server: Server, realm: str, slug: str, text: str, clock: Clock, *, apply: bool) -> str:
    async with AsyncExitStack() as stack:
        platform = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
        stack.push_async_callback(platform.close)
        authority = _choose(await list_authorities(platform), slug)
        tenant = await Gateway(server, "setup", [authority]).open_own_connection(authority.id, "import")
        stack.push_async_callback(tenant.close)
        people = dict(await (await tenant.execute(QUERIES["list_personal_numbers"])).fetchall())
        now = clock.now()
        devices = read_sheet(text, Context(realm, people, lambda: new_identifier(now)))
        if apply:
            new = await register_devices(tenant, platform, authority.id, devices, actor=ACTOR, now=now)
            return f"{new} of {len(devices)} devices are new and were registered with {authority.name}."
        known = {sender for (sender,) in await (await tenant.execute(QUERIES["list_senders"])).fetchall()}
        new = sum(device.sender not in known for device in devices)
        return (
            f"{new} of {len(devices)} devices are new to {authority.name}. Nothing was changed. "
            "Register them with --apply."
        )


def _choose(authorities: list[Authority], slug: str) -> Authority:
    for authority in authorities:
        if authority.slug == slug:
            return authority
    known = ", ".join(authority.slug for authority in authorities) or "none"
    raise ConfigurationError(f"There is no authority {slug!r}. Those there are: {known}.")
