# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka policy`: what an authority decides for itself, shown, and changed where it asks for it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, change_only_option, change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway
from vaka.tenants.policy import (
    CLASSES,
    LIMITS,
    MESSAGE_TYPES,
    Connection,
    Override,
    compare_limits,
    list_overrides,
    read_limits,
    set_limits,
    set_override,
    try_override,
)

Act = Callable[[Authority, Connection, Connection, Run], Awaitable[str]]
"""What a command does, with the connections to the platform's and the authority's database."""

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
authority_option = click.option("--authority", required=True, metavar="SHORT-NAME", help="Whose it is.")
apply_option = click.option(
    "--apply", is_flag=True, help="Do it; without it it is only checked, and what is so now is shown."
)


@click.group()
def policy() -> None:
    """Show and change what an authority decides for itself."""


@policy.command()
@data_option
@authority_option
def show(data: Path, authority: str) -> None:
    """Print the limits, and what the authority has decided of devices' codes."""
    _perform(data, authority, "policy.show", None, _describe, apply=False)


@policy.command("set")
@data_option
@authority_option
@apply_option
@change_option
@click.argument("limits", nargs=-1, required=True, metavar="NAME=NUMBER...")
def set_(data: Path, authority: str, apply: bool, change: str | None, limits: tuple[str, ...]) -> None:
    """Change limits, such as ring_all_after_seconds=45; `vaka policy show` names them."""
    wanted = dict(_limit(text) for text in limits)

    async def act(chosen: Authority, platform: Connection, tenant: Connection, run: Run) -> str:
        if apply:
            run.facts["count"] = len(
                await set_limits(tenant, chosen.id, wanted, actor=run.actor, now=SystemClock().now())
            )
            return await _describe(chosen, platform, tenant, run)
        before = await read_limits(tenant)
        _, changed = await compare_limits(tenant, wanted)
        lines = [f"  {name}: {before[name]} would become {value}" for name, value in changed.items()]
        return "\n".join([await _describe(chosen, platform, tenant, run), *(lines or ["  Nothing would change."])])

    _perform(data, authority, "policy.set", change, act, apply=apply)


@policy.command()
@data_option
@authority_option
@apply_option
@change_only_option
@click.option("--message-type", type=click.Choice(MESSAGE_TYPES), help="Of this type only.")
@click.option("--device-type", type=click.IntRange(0, 9999), help="Of this type of device only.")
@click.option("--status-code", type=click.IntRange(0, 9999), help="With this status code only.")
@click.option("--reason", required=True, help="Why the authority wants it so; no names of people.")
@click.argument("alarm_class", type=click.Choice([*CLASSES, "standard"]))
def classify(
    data: Path, authority: str, apply: bool, change: str | None, message_type: str | None, device_type: int | None,
    status_code: int | None, reason: str, alarm_class: str,
) -> None:  # fmt: skip
    """Decide how urgent messages of a kind are to the authority; `standard` takes a decision back."""
    override = Override(message_type, device_type, status_code, alarm_class, reason)

    async def act(chosen: Authority, platform: Connection, tenant: Connection, run: Run) -> str:
        if apply:
            await set_override(platform, chosen.id, override, actor=run.actor, now=SystemClock().now())
        else:
            await try_override(platform, chosen.id, override)
        return await _describe(chosen, platform, tenant, run)

    _perform(data, authority, "policy.classify", change, act, apply=apply)


def _perform(data: Path, slug: str, name: str, change: str | None, act: Act, *, apply: bool) -> None:
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        chosen = next((one for one in authorities if one.slug == slug), None)
        if chosen is None:
            known = ", ".join(one.slug for one in authorities) or "none"
            raise ConfigurationError(f"There is no authority {slug!r}. Those there are: {known}.")
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, name, change, apply=apply) as run:
            run.facts["authority"] = str(chosen.id)
            click.echo(asyncio.run(_connected(server, chosen, act, run)))
            if not apply and name != "policy.show":
                click.echo("Nothing was changed. Do it with --apply.")
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _connected(server: Server, authority: Authority, act: Act, run: Run) -> str:
    gateway = Gateway(server, "setup", [authority])
    async with (
        await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup") as platform,
        await gateway.open_own_connection(authority.id, "policy") as tenant,
    ):
        return await act(authority, platform, tenant, run)


async def _describe(authority: Authority, platform: Connection, tenant: Connection, _run: Run) -> str:
    limits = await read_limits(tenant)
    width = max(map(len, limits))
    lines = [authority.name]
    lines += [f"  {name:<{width}}  {value:>6}  ({LIMITS[name][0]}–{LIMITS[name][1]})" for name, value in limits.items()]
    overrides = await list_overrides(platform, authority.id)
    lines += [f"  {_kind(one)}: {one.alarm_class} ({one.reason})" for one in overrides]
    return "\n".join(lines if overrides else [*lines, "  Codes mean what they mean to everybody."])


def _kind(one: Override) -> str:
    parts = {"type": one.message_type, "device type": one.device_type, "status": one.status_code}
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None) or "every event"


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise click.BadParameter(f"{text!r} is not NAME=NUMBER", param_hint="limits")
    return name, int(number)
