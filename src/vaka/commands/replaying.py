# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka account replay`: whether the register of accounts is what the supplier's log tells (term 12)."""

import asyncio
from pathlib import Path

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, recorded
from vaka.commands.sealing import COMPONENT, seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identity.replay import Difference, compare, read_register
from vaka.ledger.reading import read_leaves
from vaka.ledger.stored import read_standing

DIFFERENT = 1
"""Exit code where the two tell differently."""


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
def replay(data: Path) -> None:
    """Make the accounts anew out of the log, and print where the register says something else; ends with 1 then.

    Names and languages stand in no entry and are not compared. That the log itself is whole is `vaka verify`'s to say.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    with reachable_server(directory, settings) as server:
        asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
        with recorded(server, clock, "account.replay", None, apply=False) as run:
            different = asyncio.run(_compare(server, run))
        for one in different:
            hand = " (by hand)" if one.by_hand else ""
            click.echo(f"{one.account}  {one.fact}: the log {one.told or '–'}, the register {one.found or '–'}{hand}")
        click.echo(f"Different: {len(different)}. Entries that cannot be read: {run.facts['unreadable']}.")
    if different or run.facts["unreadable"]:
        raise SystemExit(DIFFERENT)


async def _compare(server: Server, run: Run) -> list[Difference]:
    async with (
        await open_connection(server, platform_role(COMPONENT), PLATFORM_DATABASE, application="vaka-setup") as log,
        await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup") as platform,
    ):
        # The register first: an entry is there before its change is seen, so the log is the newer of the two.
        register = await read_register(platform)
        leaves = [leaf async for leaf in read_leaves(log, (await read_standing(log)).size)]
    different = compare((leaf for leaf in leaves if leaf is not None), register)
    run.facts |= {"found": len(different), "unreadable": leaves.count(None)}
    return different
