# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka ledger export`: a log as files that anyone can verify without us."""

import asyncio
from pathlib import Path

import click

from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_role
from vaka.errors import ConfigurationError
from vaka.ledger.checkpoints import Checkpoint
from vaka.ledger.export import export_log

COMPONENT = "sequencer"


@click.group()
def ledger() -> None:
    """Export the ledger."""


@ledger.command("export")
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", metavar="SHORT-NAME", help="Whose log it is; without it the platform's own.")
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="An empty directory, or one that is not there yet.",
)  # fmt: skip
def export(data: Path, authority: str | None, target: Path) -> None:
    """Write a log as it was last published, as files for a verifier: checkpoint, tiles and entries (C2SP tlog-tiles).

    Nothing is verified here. What to verify it with is the log's public key, which whoever verifies has from the day
    the log began; it stands in DIR/ledger.
    """
    directory = DataDirectory(data.absolute())
    settings = directory.load_settings()
    with reachable_server(directory, settings) as server:
        role, database = _place(server, authority)
        checkpoint = asyncio.run(_export(server, role, database, target))
    click.echo(f"{checkpoint.size} entries of {checkpoint.origin} were written to {target}.")


async def _export(server: Server, role: str, database: str, target: Path) -> Checkpoint:
    async with await open_connection(server, role, database, application="vaka-export") as connection:
        return await export_log(connection, target)


def _place(server: Server, slug: str | None) -> tuple[str, str]:
    if slug is None:
        return platform_role(COMPONENT), PLATFORM_DATABASE
    authorities = active_authorities(server)
    for authority in authorities:
        if authority.slug == slug:
            return tenant_role(authority.database_name, COMPONENT), authority.database_name
    known = ", ".join(authority.slug for authority in authorities) or "none"
    raise ConfigurationError(f"There is no authority {slug!r}. Those there are: {known}.")
