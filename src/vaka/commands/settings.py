# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka settings`: what of the protected configuration is not as it was accepted, and accepting how it is now."""

from contextlib import closing
from pathlib import Path

import click
import psycopg

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import reachable_server
from vaka.commands.maintenance import change_option, recorded, require_change
from vaka.commands.protection import accept, known_state, look
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip


@click.group()
def settings() -> None:
    """Show what settings, credentials and rights are not as they were accepted, and accept how they are."""


@settings.command()
@data_option
def show(data: Path) -> None:
    """Print what is not as it was accepted: changed, missing or added. Never what stands in a file."""
    _perform(data, "settings.show", None, (), apply=False)


@settings.command("accept")
@data_option
@click.option("--apply", is_flag=True, help="Do it; without it it is only shown.")
@change_option
@click.argument("names", nargs=-1, metavar="[NAME]...")
def accept_(data: Path, apply: bool, change: str | None, names: tuple[str, ...]) -> None:
    """Accept how things are now: those named, as `show` prints them, or all that are not as they were accepted."""
    _perform(data, "settings.accept", change, names, apply=apply)


def _perform(data: Path, name: str, change: str | None, names: tuple[str, ...], *, apply: bool) -> None:
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    loaded = directory.load_settings()
    require_change(change, apply=apply)
    with (
        reachable_server(directory, loaded) as server,
        recorded(server, clock, name, change, apply=apply) as run,
        closing(_connect(server)) as connection,
    ):
        known, now = known_state(connection), look(directory.root, server)
        changed = {one: now.get(one) for one in known.keys() | now.keys() if known.get(one) != now.get(one)}
        unknown = [one for one in names if one not in changed]
        if unknown:
            raise ConfigurationError(
                f"{', '.join(unknown)}: as it was accepted, or not protected. `vaka settings show` prints the others."
            )
        wanted = {one: digest for one, digest in changed.items() if not names or one in names}
        for one in sorted(wanted):
            click.echo(f"{_say(known.get(one), now.get(one)):<8} {one}")
        if apply:
            accept(connection, wanted, first=not known, actor=run.actor, now=clock.now())
            run.facts["count"] = len(wanted)
            click.echo(f"Accepted: {len(wanted)}.")
        elif not wanted:
            click.echo("Everything is as it was accepted.")


def _say(accepted: str | None, now: str | None) -> str:
    return "missing" if now is None else "added" if accepted is None else "changed"


def _connect(server: Server) -> "psycopg.Connection[tuple[object, ...]]":
    connection = psycopg.connect(
        server.conninfo(platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup"), autocommit=True
    )
    connection.execute("set search_path = vaka")
    return connection
