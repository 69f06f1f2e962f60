# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka migrate`: brings every database up to date, the platform first. Only lists them unless told to apply them."""

import asyncio
from pathlib import Path

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import pending, provision_all, reachable_server
from vaka.commands.first_files import make_first_files
from vaka.commands.maintenance import change_option, recorded, require_change, unattended_option
from vaka.commands.operate import prepare_trials
from vaka.commands.progress import Progress
from vaka.commands.protection import changes_accepted, is_first
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.errors import ConfigurationError


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--apply", is_flag=True, help="Apply the migrations; without it they are only listed.")
@change_option
@unattended_option
def migrate(data: Path, apply: bool, change: str | None) -> None:
    """List the migrations each database lacks, or apply them with --apply.

    The platform's database comes first, then each authority's. The first failure stops everything: what was applied
    before stays, and the command can be run again. A trial device that cannot be made ready stops nothing; the command
    says so, and fails at its end.
    """
    require_change(change, apply=apply)
    directory = DataDirectory(data.absolute())
    settings = directory.load_settings()
    directory.prepare()
    progress = Progress(SystemClock())
    with reachable_server(directory, settings) as server:
        if apply:
            clock = SystemClock()
            with (
                recorded(server, clock, "migrate", change, apply=True) as run,
                changes_accepted(directory.root, server, clock, run.actor),
            ):
                provision_all(server, progress.say)
                # Of one that is upgraded, another machine than this may be the one whose files are looked at.
                if is_first(server):
                    asyncio.run(make_first_files(directory, settings, server, clock))
                are_ready = asyncio.run(
                    prepare_trials(server, settings, clock, run.actor, progress.say, keyholder=False)
                )
            progress.say("Every database is up to date.")
            asyncio.run(seal_logs(directory, settings, server, (), SystemClock()))
            click.echo(hand_out(directory, settings, server, run))
            if not are_ready:
                raise ConfigurationError(
                    "Not every authority has its trial device: the lines above say which, and why."
                )
            return
        lacking = {database: names for database, names in pending(server) if names}
    for database, names in lacking.items():
        click.echo(f"{database}: {', '.join(names)}")
    click.echo("Nothing was changed. Apply them with --apply." if lacking else "Every database is up to date.")
