# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka run`: one machine, one command. Starts the database and every process, and keeps them running."""

import asyncio
from pathlib import Path

import click

from vaka.clock import Clock, SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.operate import operate
from vaka.commands.programs import provider_program
from vaka.commands.progress import Progress
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.identity.installation import decide_installation
from vaka.logs import configure_logs
from vaka.operations.integrity.admitting import require_release
from vaka.settings import Settings


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
def run(data: Path) -> None:
    """Start the database and every process of the data directory, and keep them running.

    The settings are DIR/vaka.toml. A process that stops unasked is started again. Logs are in DIR/logs. Ctrl-C (or
    SIGTERM) stops everything, the database last.
    """
    directory = DataDirectory(data.absolute())
    clock = SystemClock()
    progress = Progress(clock)
    settings = directory.load_settings()
    directory.prepare()
    _require_certificate(directory, settings)
    with directory.locked(), directory.supervisor_log() as stream:
        configure_logs("supervisor", stream=stream)
        asyncio.run(_run(directory, settings, progress, clock))


async def _run(directory: DataDirectory, settings: Settings, progress: Progress, clock: Clock) -> None:
    async def furnish(server: Server) -> None:
        connection = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
        try:
            await decide_installation(connection, settings.mode, clock.now())
            await require_release(connection, directory.root, settings, clock, progress.say)
        finally:
            await connection.close()

    await operate(
        directory,
        settings,
        progress,
        clock,
        furnish=furnish,
        companions=tuple,
        beside=(provider_program(directory, settings),) if settings.mode == "demo" else (),
        welcome=lambda: progress.say(f"Vaka works: {settings.signin.origin}/ (Ctrl-C stops it)"),
    )


def _require_certificate(directory: DataDirectory, settings: Settings) -> None:
    if settings.receiver.tls_port is None:
        return
    for path in (settings.receiver.certificate, settings.receiver.certificate_key):
        if not (directory.root / path).is_file():
            raise ConfigurationError(
                f"The receiver's certificate {directory.root / path} is missing. Put it there (PEM), name another in "
                f"{directory.settings_file} (receiver.certificate, receiver.certificate_key), or set receiver.tls_port "
                "to false."
            )
