# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Maintenance commands leave a trace: who ran which tool, for which change, and how it ended (term 17)."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import click
import psycopg
from psycopg.types.json import Jsonb

from vaka.clock import Clock, read_clock_state
from vaka.database.connections import DatabaseUnavailableError
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.events import Event
from vaka.ledger.wording import seems_personal

_CHANGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
Command = TypeVar("Command", bound=Callable[..., Any])


class ChangeMissingError(VakaError):
    """A command that changes something was not told for which change it does that."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Ange med --change vilket ändringsärende det gäller: 1–40 tecken a–z, 0–9 och . _ / -, inget "
                "personnummer.",
                en="Say with --change for which change or ticket this is done: 1–40 characters a–z, 0–9 and . _ / -, "
                "no personal number.",
            ),
        )


def change_option(command: Command) -> Command:
    """Add ``--change`` to a command."""
    return click.option(
        "--change",
        metavar="ID",
        help="The change or ticket it is done for; it stands in the ledger. Needed with --apply.",
    )(command)


@dataclass(slots=True)
class Run:
    """One run of a command, while it lasts."""

    actor: str
    facts: dict[str, str | int | bool | None] = field(default_factory=dict)
    """What the entry says beside; codes and counts only."""
    entry: int | None = None
    """The number of the entry that says it was run, once there is one."""


def require_change(change: str | None, *, apply: bool) -> str:
    """Return the change's identifier; empty where nothing is to be applied. Raises ChangeMissingError."""
    if (apply and not change) or (change and (not _CHANGE.fullmatch(change) or seems_personal(change))):
        raise ChangeMissingError
    return change or ""


@contextmanager
def recorded(server: Server, clock: Clock, name: str, change: str | None, *, apply: bool) -> Iterator[Run]:
    """Run a command, and write in the platform's ledger that it was run, whether it succeeded or not.

    `name` is how it is called (``device.import``). Whoever runs it is named by the number the operating system knows
    him by. Raises ChangeMissingError before anything is done. A command that cannot be recorded has not succeeded.
    """
    run = Run(actor())
    run.facts = {"change": require_change(change, apply=apply), "applied": apply, "tool": fingerprint()}
    try:
        yield run
    except BaseException as error:
        # What went wrong is what its user must be told, also where the database is what is gone.
        with suppress(psycopg.Error):
            _write(server, clock, name, run, succeeded=False, reason=type(error).__name__)
        raise
    try:
        run.entry = _write(server, clock, name, run, succeeded=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError from error


def actor() -> str:
    """Return who runs commands: nobody has an account at a command line, so the operating system's number for him."""
    return f"setup:uid-{os.getuid()}"


def _write(server: Server, clock: Clock, name: str, run: Run, *, succeeded: bool, reason: str = "") -> int:
    conninfo = server.conninfo(platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    detail = {**run.facts, "reason": reason} if reason else run.facts
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("select set_config('ledger.clock', %s, false)", (read_clock_state(),))
        row = connection.execute(
            "select ledger.append(%s, %s, %s, %s, %s, %s)",
            (
                clock.now(), Event.COMMAND_RUN.value, run.actor, f"command:{name}",
                "success" if succeeded else "failure", Jsonb(detail),
            ),
        ).fetchone()  # fmt: skip
    if row is None:
        raise LookupError("ledger.append returned nothing")
    return int(row[0])


@cache
def fingerprint() -> str:
    """Return the SHA-256 over all of Vaka's own code: which tool it was, to the byte."""
    root = Path(str(files("vaka")))
    digest = sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".sql") and path.is_file():
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
            digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()
