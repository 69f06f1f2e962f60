# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a command shows or does in one authority's database, and in the platform's beside it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, choose_authority, reachable_server
from vaka.commands.maintenance import Run, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

NOTHING_CHANGED = "Nothing was changed. Do it with --apply."
Act = Callable[[Authority, Connection, Connection, Run], Awaitable[str]]
"""What a command does, with the connections to the platform's and the authority's database."""

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
authority_option = click.option("--authority", required=True, metavar="SHORT-NAME", help="Whose it is.")
apply_option = click.option(
    "--apply", is_flag=True, help="Do it; without it it is only checked, and what is so now is shown."
)


def perform(
    data: Path, slug: str, name: str, change: str | None, act: Act, *, apply: bool, shows: bool = False
) -> None:
    """Do it as a recorded run called ``name``, and print what it says; ``shows`` where it never changes anything."""
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        chosen = choose_authority(authorities, slug)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, name, change, apply=apply) as run:
            run.facts["authority"] = str(chosen.id)
            click.echo(asyncio.run(_connected(server, chosen, name, act, run)))
            if not apply and not shows:
                click.echo(NOTHING_CHANGED)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _connected(server: Server, authority: Authority, name: str, act: Act, run: Run) -> str:
    gateway = Gateway(server, "setup", [authority])
    async with (
        await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup") as platform,
        await gateway.open_own_connection(authority.id, name.partition(".")[0]) as tenant,
    ):
        return await act(authority, platform, tenant, run)
