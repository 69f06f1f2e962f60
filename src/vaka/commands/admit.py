# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka host admit`: whether what is installed may start here, asked by each unit before it starts (decision 109).

Only a definite no refuses. What cannot be told lets it start, and is said: alarms go on while a database is away.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import click
import psycopg

from vaka.clock import Clock, SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.database.connections import Connection, DatabaseUnavailableError, open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.errors import ConfigurationError
from vaka.identity.installation import read_installation_mode, require_mode
from vaka.logs import describe_error
from vaka.operations.integrity.admitting import enter_refusal, find_fault, find_fault_alone
from vaka.operations.integrity.starting import refusal
from vaka.settings import Settings

ANSWER_SECONDS = 10.0
"""How long the database may take. systemd gives a start 90 seconds, and a receiver has better things to do."""
LONGEST_SECONDS = 45.0
"""How long all of it may take, where names are not found, a disk is slow or a database has stopped in the middle of an
answer: then nobody can tell, and the unit starts. Less than systemd gives a start.
"""
TOLD_AGAIN = timedelta(hours=1)
"""A unit that is refused is tried again every other second, and there are a dozen: the log has an entry an hour."""
TOLD = "release-refused"
"""What was entered last, in the directory for what is of now."""
Say = Callable[[str], None]


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
def admit(data: Path) -> None:
    """Ask whether what is installed may start here: the release that was deployed, unaltered, on data of its own kind.

    Each unit runs it before it starts. Ends with 1 where the answer is no. Where nobody can tell, since the database
    does not answer, it says so and ends with 0.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    refused: list[ConfigurationError] = []
    watchdog = threading.Timer(LONGEST_SECONDS, _give_up, (refused,))
    watchdog.daemon = True
    watchdog.start()

    async def ask() -> None:
        try:
            await require_admission(directory, settings, clock, Path(sys.prefix), _warn)
        except ConfigurationError as error:  # the one way to say no; a database that goes away meanwhile says nothing
            refused.append(error)

    try:
        asyncio.run(ask())
    except Exception as error:  # of whatever kind: what cannot be told, refuses nothing
        described = describe_error(error)
        _warn(f"Whether this may start here cannot be told ({described['error_type']} in {described['where']}).")
    finally:
        watchdog.cancel()
    if refused:
        raise refused[0]


def _give_up(refused: list[ConfigurationError]) -> None:
    """End the process, which waits for something that nothing can break off: a thread of its own asks for names."""
    if refused:
        click.echo(f"vaka: {refused[0].sentence.en}", err=True)
    else:
        _warn(f"Whether this may start here could not be told within {LONGEST_SECONDS:.0f} s.")
    os._exit(1 if refused else 0)


async def require_admission(
    directory: DataDirectory, settings: Settings, clock: Clock, installed: Path, say: Say
) -> None:  # fmt: skip
    """Refuse a start to which the answer is no. Raises ConfigurationError."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            connection = await open_connection(
                directory.server(settings), platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup"
            )
    except (DatabaseUnavailableError, psycopg.Error, TimeoutError):
        say("The database does not answer: nobody knows what was deployed, and of which kind this installation is.")
        fault = await find_fault_alone(directory.root, settings, say, installed)
    else:
        try:
            fault = await _ask(connection, directory, settings, clock, installed, say)
        finally:
            await connection.close()
    if fault is not None:
        raise ConfigurationError(refusal(*fault))


async def _ask(
    connection: Connection, directory: DataDirectory, settings: Settings, clock: Clock, installed: Path, say: Say
) -> tuple[str, int] | None:
    try:
        decided = await read_installation_mode(connection)
        if decided is None:
            say("Nobody has decided of which kind this installation is: vaka run does, at its first start.")
        else:
            require_mode(decided, settings.mode)
        fault = await find_fault(connection, directory.root, settings, clock, say, installed)
    except (psycopg.Error, OSError) as error:
        say(f"The database does not say which release was deployed ({type(error).__name__}).")
        return await find_fault_alone(directory.root, settings, say, installed)
    told = directory.run / TOLD
    if fault is not None and not _was_told(told, fault, clock.now()):
        # That it cannot be entered, or kept that it was, makes it no less refused.
        with suppress(psycopg.Error, OSError):
            await enter_refusal(connection, *fault, clock)
            told.write_text(f"{fault[0]} {fault[1]} {clock.now().isoformat()}", encoding="utf-8")
    return fault


def _was_told(told: Path, fault: tuple[str, int], now: datetime) -> bool:
    """Whether just this was entered lately."""
    try:
        reason, things, at = told.read_text(encoding="utf-8").split()
        return (reason, int(things)) == fault and abs(now - datetime.fromisoformat(at)) < TOLD_AGAIN
    except (OSError, ValueError, TypeError):
        return False


def _warn(sentence: str) -> None:
    click.echo(f"vaka: warning: {sentence}", err=True)
