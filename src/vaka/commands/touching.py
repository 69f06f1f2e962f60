# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A privileged command waits until whose name it runs in has confirmed this very run in the office."""

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from time import sleep
from typing import Any

import click
import psycopg

from vaka.clock import Clock, read_clock_state
from vaka.commands.arguments import digest_arguments
from vaka.commands.data_directory import DataDirectory
from vaka.commands.proof import NotProvedError, OlderDatabaseError, connect, machine_name, read_session
from vaka.commands.touches import takes_two
from vaka.crypto.chance import new_key
from vaka.database.server import Server
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.command_confirmations import PATIENCE, PATIENCE_FOR_TWO, WaitingRun, confirming_act
from vaka.identity.command_logins import QUERIES, hash_code, hash_secret, new_code, write_code

LOOK_SECONDS = 0.5
"""How often it is looked whether it was confirmed: somebody waits for it with the key in his hand."""
TELL_SECONDS = 30.0
"""How often it is said that it still waits."""
SHOWN_DIGITS = 12
"""Of the digest, on the terminal and on the page: enough to compare by eye."""


class NobodyConfirmedError(VakaError):
    """Nobody confirmed the run in time."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAUTHENTICATED,
            Sentence(
                sv="Ingen bekräftade körningen i tid, och inget har gjorts. Kör kommandot igen och bekräfta det i "
                "leverantörens kontor med ditt eget konto.",
                en="Nobody confirmed this run in time, and nothing was done. Run the command again, and confirm it in "
                "the supplier's office with your own account.",
            ),
        )


class ChangedMeanwhileError(VakaError):
    """What the command was about to do is not what was confirmed."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Det kommandot skulle läsa ändrades medan det väntade, och är inte det som bekräftades. Inget har "
                "gjorts. Se över filerna och kör kommandot igen.",
                en="What the command was to read was changed while it waited, and is not what was confirmed. Nothing "
                "was done. Look at the files, and run the command again.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Stated:
    """What a run says of itself, as its entry will."""

    command: str
    arguments: str
    change: str
    purpose: str
    tool: str


def wait_for_touch(server: Server, clock: Clock, said: Stated) -> Mapping[str, str]:
    """Return what the run's entry says of its confirmation: its digest, and as ``step_up`` where a key was touched.

    Raises NotProvedError, OlderDatabaseError, NobodyConfirmedError, ChangedMeanwhileError.
    """
    root, key, code, now = server.credentials.parent, new_key(), new_code(), clock.now()
    token = read_session(root)
    if token is None:
        raise NotProvedError
    run = WaitingRun(
        new_identifier(now), said.command, said.arguments, digest_arguments(key), said.change, said.purpose, said.tool,
        machine_name(), os.getuid(), now,
    )  # fmt: skip
    values = {name: getattr(run, name) for name in WaitingRun.__slots__}
    asked = {**values, "token_hash": hash_secret(token), "code_hash": hash_code(code)}
    if _call(server, "ask_command_confirmation", asked) is not True:
        raise NotProvedError
    by_two = takes_two(said.command)
    patience = PATIENCE_FOR_TWO if by_two else PATIENCE
    _show(f"{DataDirectory(root).load_settings().office.origin}/command", code, run, patience, by_two=by_two)
    digest = confirming_act(run).digest
    how = _wait(server, clock, patience, {"id": run.id, "token_hash": hash_secret(token), "digest": digest})
    if digest_arguments(key) != run.arguments_sha256:
        raise ChangedMeanwhileError
    click.echo("Confirmed.", err=True)
    return {"digest": digest, "step_up": digest} if how == "touched" else {"digest": digest}


def _show(page: str, code: str, run: WaitingRun, patience: timedelta, *, by_two: bool) -> None:
    second = "Then another administrator does the same, with the same code: two people confirm it."
    for line in (
        f"This run waits for your key. Open       {page}",
        f"Write this code there                   {write_code(code)}",
        f"What is shown there has to begin with   {run.arguments_sha256[:SHOWN_DIGITS]}",
        *([second] if by_two else []),
        f"It holds for {patience.seconds // 60} minutes; Ctrl-C stops it, and nothing is done. Waiting …",
    ):
        click.echo(line, err=True)


def _wait(server: Server, clock: Clock, patience: timedelta, asked: Mapping[str, object]) -> object:
    until = clock.monotonic() + patience.total_seconds()
    tell = clock.monotonic() + TELL_SECONDS
    while (moment := clock.monotonic()) < until:
        how = _call(server, "spend_command_confirmation", {**asked, "now": clock.now()})
        if how is not None:
            return how
        if moment >= tell:
            click.echo(f"Still waiting, for {until - moment:.0f} s more …", err=True)
            tell = moment + TELL_SECONDS
        sleep(LOOK_SECONDS)
    raise NobodyConfirmedError


def _call(server: Server, name: str, values: Mapping[str, Any]) -> object:
    """Ask a function of the platform's database, as setup. Raises OlderDatabaseError where there is none yet."""
    with closing(connect(server)) as connection:
        connection.execute("select set_config('ledger.clock', %s, false)", (read_clock_state(),))
        try:
            row = connection.execute(QUERIES[name], values).fetchone()
        except psycopg.errors.UndefinedFunction as error:
            raise OlderDatabaseError from error
    return None if row is None else row[0]
