# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""In whose name a command runs: the session that `vaka login` left in a file that its user alone can read."""

import os
import re
import stat
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from vaka.access.decide import NotAllowedError, while_resting
from vaka.access.permissions import Permission
from vaka.access.principal import Engagement, Training
from vaka.access.roles import ROLES
from vaka.database.connections import DatabaseUnavailableError
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import Category, ConfigurationError, Sentence, VakaError
from vaka.identity.command_logins import QUERIES, SECRET_BYTES, hash_secret

_ROLE = "administrator"
"""Whose accounts alone open a session in which commands run."""
_NO_NAME_OF_A_MACHINE = re.compile(r"[^!-~]")


class NotProvedError(VakaError):
    """Nobody stands behind a command that changes, hands out or shows something."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAUTHENTICATED,
            Sentence(
                sv="Kommandon körs i en administratörs namn. Kör vaka login först och bekräfta koden i leverantörens "
                "kontor.",
                en="Commands run in an administrator's name. Run vaka login first, and confirm the code in the "
                "supplier's office.",
            ),
        )


class RestingError(VakaError):
    """The role of whoever stands behind a command rests, and what it allows with it."""

    def __init__(self, rest: Engagement | Training) -> None:
        super().__init__(Category.FORBIDDEN, while_resting(rest))


class OlderDatabaseError(VakaError):
    """The database is older than what proves who runs a command: it cannot be asked."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(
                sv="Databasen är äldre än programmet, och kan inte säga vem som står bakom kommandon. Inget har "
                "gjorts. Kör vaka migrate --apply först, sedan vaka login.",
                en="The database is older than the program, and cannot say who stands behind commands. Nothing was "
                "done. Run vaka migrate --apply first, then vaka login.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """Who runs a command, and how that is known."""

    actor: str
    proved: str
    """``session``; ``bootstrap`` until the installation is founded; ``unattended`` where a machine runs it itself."""


def machine_name() -> str:
    """Return what this machine calls itself, in 1–100 visible ASCII characters."""
    return _NO_NAME_OF_A_MACHINE.sub("", os.uname().nodename)[:100] or "unnamed"


def session_file(root: Path) -> Path:
    """Return where the session for an installation lies. Raises ConfigurationError where there is no place for it."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    for directory in (Path(given) if given else None, Path(f"/run/user/{os.getuid()}"), root / "run"):
        if directory is not None and directory.is_dir() and directory.stat().st_uid == os.getuid():
            return directory / f"vaka-session-{sha256(os.fsencode(root)).hexdigest()[:16]}"
    raise ConfigurationError("There is no directory of yours for what is kept while you work. Set XDG_RUNTIME_DIR.")


def keep_session(root: Path, token: bytes) -> None:
    """Put the session where later commands of this user find it, and nobody else reads it."""
    path = session_file(root)
    with suppress(FileNotFoundError):
        path.unlink()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, token)
    finally:
        os.close(descriptor)


def read_session(root: Path) -> bytes | None:
    """Return the session, if there is one that nobody else could read or put there."""
    try:
        descriptor = os.open(session_file(root), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, ConfigurationError):
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            return None
        token = os.read(descriptor, SECRET_BYTES + 1)
    finally:
        os.close(descriptor)
    return token if len(token) == SECRET_BYTES else None


def forget_session(root: Path) -> None:
    """Take the file away."""
    with suppress(FileNotFoundError, ConfigurationError):
        session_file(root).unlink()


def prove(
    root: Path, server: Server, now: datetime, needed: Permission | None, *, unattended: bool, migrates: bool = False,
    goes_on: bool = False,
) -> Proof:  # fmt: skip
    """Return who runs a command that takes this permission.

    The session is worth something while its account is an active administrator, and so is what that role allows; while
    the role rests only for what ``goes_on``. A database that is too old to know of sessions lets through only what
    brings it up to date (``migrates``). Raises NotProvedError, NotAllowedError, RestingError, OlderDatabaseError.
    """
    machine = Proof(f"setup:uid-{os.getuid()}", "unattended")
    if not server.credential_file(platform_role("setup")).exists():  # an installation that is made by this very command
        return Proof(machine.actor, "bootstrap")
    with closing(connect(server)) as connection:
        try:
            token = read_session(root)
            account = None if token is None else _account(connection, token, now)
        except psycopg.errors.UndefinedFunction as error:
            if migrates:
                return Proof(machine.actor, "bootstrap")
            raise OlderDatabaseError from error
        if account is not None:
            if needed is not None and needed not in ROLES[_ROLE].permissions:
                raise NotAllowedError(needed)
            return Proof(f"account:{account}", "session")
        if unattended:
            return machine
        resting = None if token is None else _resting(connection, token, now)
        if resting is not None:
            holder, rest = resting
            if not goes_on:
                raise RestingError(rest)
            return Proof(f"account:{holder}", "session")
        try:
            if connection.execute(QUERIES["is_founding"]).fetchone() == (True,):
                return Proof(machine.actor, "bootstrap")
        except psycopg.errors.UndefinedFunction as error:  # nobody knows whether it is: somebody has to stand behind it
            if not migrates:
                raise OlderDatabaseError from error
    raise NotProvedError


def connect(server: Server) -> psycopg.Connection[Any]:
    """Return a connection to the platform's database as setup. Raises DatabaseUnavailableError."""
    conninfo = server.conninfo(platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    try:
        connection: psycopg.Connection[Any] = psycopg.connect(conninfo, autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError from error
    connection.execute("set search_path = vaka")
    return connection


def _account(connection: psycopg.Connection[Any], token: bytes, now: datetime) -> UUID | None:
    row = connection.execute(QUERIES["command_account"], {"token_hash": hash_secret(token), "now": now}).fetchone()
    return None if row is None else row[0]


def _resting(
    connection: psycopg.Connection[Any], token: bytes, now: datetime
) -> tuple[UUID, Engagement | Training] | None:
    """Return whose session it is, and what his role rests for want of; None where it does not, or there is none."""
    try:
        row = connection.execute(QUERIES["command_holder"], {"token_hash": hash_secret(token), "now": now}).fetchone()
    except psycopg.errors.UndefinedFunction:  # an older one: no role rests there for commands
        return None
    if row is None:
        return None
    holder, firm, course, rests_from = row
    if firm is not None:
        return holder, Engagement(firm)
    return None if course is None else (holder, Training(course, rests_from, True))
