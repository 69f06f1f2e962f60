# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka login` and `vaka logout`: an administrator stands behind the commands he runs here, for an hour at most."""

import os
import pwd
import secrets
import time
from contextlib import closing
from pathlib import Path

import click

from vaka.clock import Clock, SystemClock, read_clock_state
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import reachable_server
from vaka.commands.proof import connect, forget_session, keep_session, machine_name, read_session
from vaka.database.server import Server
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.command_logins import (
    LIFETIME,
    QUERIES,
    SECRET_BYTES,
    WAIT,
    hash_code,
    hash_secret,
    new_code,
    write_code,
)

LOOK_SECONDS = 2.0
"""How often it is looked whether somebody has approved it."""

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip


class NobodyApprovedError(VakaError):
    """Nobody typed the code in time."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAUTHENTICATED,
            Sentence(sv="Ingen bekräftade koden i tid. Kör vaka login igen.",
                     en="Nobody confirmed the code in time. Run vaka login again."),
        )  # fmt: skip


@click.command()
@data_option
def login(data: Path) -> None:
    """Ask an administrator in the office to stand behind the commands that are run here, for an hour."""
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    with reachable_server(directory, settings) as server:
        code, verifier, number = new_code(), secrets.token_bytes(SECRET_BYTES), new_identifier(clock.now())
        facts = {
            "id": number, "code_hash": hash_code(code), "verifier_hash": hash_secret(verifier),
            "machine": machine_name(), "uid": os.getuid(), "username": _username(), "now": clock.now(),
        }  # fmt: skip
        with closing(connect(server)) as connection:
            connection.execute(QUERIES["ask_command_login"], facts)
        click.echo(f"Sign in as administrator and open   {settings.office.origin}/command")
        click.echo(f"Write this code there               {write_code(code)}")
        click.echo(f"It holds for {WAIT.seconds // 60} minutes. Waiting …")
        token = _wait(server, clock, {"login_id": number, "verifier_hash": hash_secret(verifier)})
    keep_session(directory.root, token)
    click.echo(f"Commands run in your name now, for {LIFETIME.seconds // 60} minutes at most. vaka logout ends it.")


@click.command()
@data_option
def logout(data: Path) -> None:
    """End it: commands that are run here no longer run in your name."""
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    token = read_session(directory.root)
    forget_session(directory.root)
    if token is None:
        click.echo("Nobody was signed in here.")
        return
    with reachable_server(directory, directory.load_settings()) as server, closing(connect(server)) as connection:
        connection.execute("select set_config('ledger.clock', %s, false)", (read_clock_state(),))
        connection.execute(QUERIES["end_command_session"], {"token_hash": hash_secret(token), "now": clock.now()})
    click.echo("Signed out.")


def _wait(server: Server, clock: Clock, asked: dict[str, object]) -> bytes:
    token, until = secrets.token_bytes(SECRET_BYTES), clock.monotonic() + WAIT.total_seconds()
    while clock.monotonic() < until:
        with closing(connect(server)) as connection:
            now = clock.now()
            connection.execute("select set_config('ledger.clock', %s, false)", (read_clock_state(),))
            values = {**asked, "id": new_identifier(now), "token_hash": hash_secret(token), "now": now}
            row = connection.execute(QUERIES["start_command_session"], values).fetchone()
        if row is not None and row[0] is not None:
            return token
        time.sleep(LOOK_SECONDS)
    raise NobodyApprovedError


def _username() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name[:64]
    except KeyError:
        return ""
