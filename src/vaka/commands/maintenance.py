# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Maintenance commands leave a trace: who ran which tool, for which change, and how it ended (term 17)."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click
import psycopg
from psycopg.types.json import Jsonb

from vaka.clock import Clock, read_clock_state
from vaka.commands.arguments import stated_arguments
from vaka.commands.needs import UNATTENDED, WHILE_RESTING, need_of
from vaka.commands.proof import Proof, prove
from vaka.commands.protection import changes_accepted
from vaka.commands.touches import takes_touch
from vaka.commands.touching import Stated, wait_for_touch
from vaka.database.connections import DatabaseUnavailableError
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.events import Event
from vaka.ledger.wording import seems_personal

REASON = "--reason"
SHORTEST_REASON = 3
_META = "vaka.reason"
_UNATTENDED = "vaka.unattended"
_APPEND = "select ledger.append(%s, %s, %s, %s, %s, %s)"
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


class ReasonMissingError(VakaError):
    """A command that changes something was not told why it does that."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Ange med --reason varför, i 3–{LONGEST_REASON} tecken och utan att nämna någon: det står kvar i "
                "loggen.",
                en=f"Say with --reason why this is done, in 3–{LONGEST_REASON} characters, naming nobody: it stays in "
                "the ledger.",
            ),
        )


def change_option(command: Command) -> Command:
    """Add ``--change`` to a command, and ``--reason``, which `recorded` finds for itself."""
    return reason_option(change_only_option(command))


def reason_option(command: Command) -> Command:
    """Add ``--reason`` to a command, which is no argument of its function."""
    return click.option(
        REASON,
        metavar="TEXT",
        expose_value=False,
        callback=_keep_reason,
        help="Why it is done, naming nobody; it stands in the ledger. Needed with --apply.",
    )(command)


def unattended_option(command: Command) -> Command:
    """Add ``--unattended`` to a command that stands in `UNATTENDED`; of any other it is worth nothing."""
    return click.option(
        "--unattended",
        is_flag=True,
        expose_value=False,
        callback=_keep_unattended,
        help="Nobody is there to stand behind it, as in a packaged upgrade: every authority is told that it was so.",
    )(command)


def change_only_option(command: Command) -> Command:
    """Add ``--change`` to a command whose own ``--reason`` is the reason."""
    return click.option(
        "--change",
        metavar="ID",
        help="The change or ticket it is done for; it stands in the ledger. Needed with --apply.",
    )(command)


def _keep_reason(context: click.Context, _: click.Parameter, value: str | None) -> None:
    context.meta[_META] = value


@dataclass(slots=True)
class Run:
    """One run of a command, while it lasts."""

    actor: str
    proved: str = ""
    """How it is known who that is, as `Proof` says it; empty where a command asks for nobody."""
    facts: dict[str, str | int | bool | None] = field(default_factory=dict)
    """What the entry says beside; codes and counts only."""
    entry: int | None = None
    """The number of the entry that says it was run, once there is one."""


class AnothersActError(VakaError):
    """Somebody who stands behind a command says that it is another's act."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Du är inloggad vid kommandoraden med ett annat konto än det som kommandot nämner. Ingen beslutar i "
                "någon annans namn: kör vaka login med det kontot, eller nämn ditt eget.",
                en="You are signed in at the command line as another account than the command names. Nobody decides in "
                "another's name: run vaka login as that account, or name your own.",
            ),
        )


def own_account(run: Run, account: UUID) -> UUID:
    """Return whose act a command is. Raises AnothersActError where he does not stand behind it himself.

    Until the installation is founded nobody can, and root acts for the two who come.
    """
    if run.proved != "bootstrap" and run.actor != f"account:{account}":
        raise AnothersActError
    return account


def _keep_unattended(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.meta[_UNATTENDED] = value


def require_change(change: str | None, *, apply: bool) -> str:
    """Return the change's identifier; empty where nothing is to be applied.

    Raises ChangeMissingError, and ReasonMissingError where the command was not told why either.
    """
    if (apply and not change) or (change and (not _CHANGE.fullmatch(change) or seems_personal(change))):
        raise ChangeMissingError
    why = stated_reason()
    context = click.get_current_context(silent=True)
    if context is not None and "reason" in context.params:  # its own, which it judges by rules of its own
        return change or ""
    if (apply and len(why) < SHORTEST_REASON) or len(why) > LONGEST_REASON or seems_personal(why):
        raise ReasonMissingError
    return change or ""


def stated_reason() -> str:
    """Return why the command that runs is run, as it was told; empty where it was not."""
    context = click.get_current_context(silent=True)
    if context is None:
        return ""
    return " ".join(str(context.meta.get(_META) or context.params.get("reason") or "").split())


@contextmanager
def recorded(server: Server, clock: Clock, name: str, change: str | None, *, apply: bool) -> Iterator[Run]:
    """Run a command, and write in the platform's ledger that it was run, whether it succeeded or not.

    `name` is how it is called (``device.import``). Whoever runs it is named by the account that stands behind it (`vaka
    login`); where nobody has to, by the number the operating system knows him by. Where it is privileged, what it does
    waits until that account has confirmed exactly this run. Raises ChangeMissingError, ReasonMissingError,
    NotProvedError, NotAllowedError, OlderDatabaseError, NobodyConfirmedError, ChangedMeanwhileError before anything is
    done. A command that cannot be recorded has not succeeded.
    """
    context = click.get_current_context(silent=True)
    unattended = name in UNATTENDED and context is not None and bool(context.meta.get(_UNATTENDED))
    checked = require_change(change, apply=apply)
    proof = _prove(server, clock, name, apply=apply, unattended=unattended)
    run = Run(proof.actor, proof.proved)
    run.facts = {
        "change": checked, "applied": apply, "tool": fingerprint(), "purpose": stated_reason(),
        "arguments": stated_arguments(), **({"proved": proof.proved} if apply or proof.proved == "session" else {}),
    }  # fmt: skip
    try:
        if apply:
            run.facts |= _touched(server, clock, name, proof, checked)
        with _protected(server, clock, run.actor) if apply else nullcontext():
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


def whose(server: Server, clock: Clock, name: str, change: str = "") -> Run:
    """Return in whose name a command runs that enters elsewhere what it hands out, and what that entry says of a touch.

    Raises NotProvedError, NotAllowedError, OlderDatabaseError, NobodyConfirmedError, ChangedMeanwhileError.
    """
    proof = _prove(server, clock, name, apply=False, unattended=False)
    return Run(proof.actor, proof.proved, dict(_touched(server, clock, name, proof, change)))


def _touched(server: Server, clock: Clock, name: str, proof: Proof, change: str) -> Mapping[str, str]:
    """Wait for the touch, where this command takes one and somebody stands behind it who can."""
    if proof.proved != "session" or not takes_touch(name):
        return {}
    said = Stated(name, stated_arguments(), change, stated_reason(), fingerprint())
    return wait_for_touch(server, clock, said)


def _prove(server: Server, clock: Clock, name: str, *, apply: bool, unattended: bool) -> Proof:
    needed = need_of(name)
    if needed is None and not apply:
        return Proof(actor(), "")
    return prove(
        server.credentials.parent, server, clock.now(), needed, unattended=unattended, migrates=name in UNATTENDED,
        goes_on=name.replace(".", " ") in WHILE_RESTING,
    )  # fmt: skip


def _protected(server: Server, clock: Clock, who: str) -> AbstractContextManager[object]:
    return changes_accepted(server.credentials.parent, server, clock, who, rights=False)


def actor() -> str:
    """Return who runs commands: nobody has an account at a command line, so the operating system's number for him."""
    return f"setup:uid-{os.getuid()}"


def _write(server: Server, clock: Clock, name: str, run: Run, *, succeeded: bool, reason: str = "") -> int:
    conninfo = server.conninfo(platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    detail = {**run.facts, "reason": reason} if reason else run.facts
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("select set_config('ledger.clock', %s, false)", (read_clock_state(),))
        outcome, thing = "success" if succeeded else "failure", f"command:{name}"
        if run.facts.get("proved") in ("unattended", "bootstrap"):  # nobody stood behind it, founding or not
            told = Jsonb({one: run.facts[one] for one in ("proved", "change")})
            connection.execute(
                _APPEND, (clock.now(), Event.COMMAND_UNPROVED.value, run.actor, thing, outcome, told)
            )  # fmt: skip
        entry = (clock.now(), Event.COMMAND_RUN.value, run.actor, thing, outcome, Jsonb(detail))
        row = connection.execute(_APPEND, entry).fetchone()
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
