# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Migrations: plain numbered SQL, applied once, in order, under a lock, and remembered with their checksum.

``schema/every`` holds for every database that has a ledger, ``schema/platform`` and ``schema/tenant`` for their kind;
``schema/keys`` is the key database, which has none. An applied file that has changed since stops everything: history is
not edited. Rights are not migrations: ``schema/grants.sql`` is applied whole after every run, so that the page and the
database say the same.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, cast

import psycopg

from vaka.errors import ConfigurationError

Kind = Literal["platform", "tenant", "keys"]

_LOCK = 0x76616B61  # "vaka": one migrator per database at a time
_LOCK_TIMEOUT = "set lock_timeout = '5s'"
_STATEMENT_TIMEOUT = "set statement_timeout = '5min'"
_FILE_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
_SECTION = re.compile(r"^-- in: (every|platform|tenant|keys)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    name: str
    """``every/0001_ledger_inbox.sql``: stable, it is the key of what was applied."""
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class MigrationError(ConfigurationError):
    """A file failed and left nothing behind. Says which, and PostgreSQL's code; its message may quote a row."""

    def __init__(self, name: str, error: psycopg.Error) -> None:
        super().__init__(
            f"The migration {name} failed ({type(error).__name__}, SQLSTATE {error.sqlstate or 'unknown'}). Nothing of "
            "it was kept; what was applied before it stays. Correct the cause, then run this again."
        )
        self.migration = name


def migrations_for(kind: Kind) -> list[Migration]:
    """Return the migrations of a kind of database, in the order they are applied."""
    found = []
    for folder in _folders(kind):
        directory = files("vaka.database").joinpath("schema", folder)
        names = sorted(entry.name for entry in directory.iterdir() if _FILE_NAME.match(entry.name))
        for name in names:
            text = directory.joinpath(name).read_text(encoding="utf-8")
            found.append(Migration(f"{folder}/{name}", text))
    return found


def grants_for(kind: Kind) -> str:
    """Return the statements of grants.sql that hold in a kind of database."""
    text = files("vaka.database").joinpath("schema", "grants.sql").read_text(encoding="utf-8")
    parts = _SECTION.split(text)[1:]
    chosen = [body for section, body in zip(parts[::2], parts[1::2], strict=True) if section in _folders(kind)]
    return "\n".join(chosen)


def _folders(kind: Kind) -> tuple[str, ...]:
    return ("keys",) if kind == "keys" else ("every", kind)


def pending_migrations(connection: psycopg.Connection[object] | None, kind: Kind) -> list[str]:
    """Return the names a database lacks, oldest first; without a connection (no such database yet) all of them.

    Raises ConfigurationError where the database's history does not fit this version.
    """
    wanted = migrations_for(kind)
    known = connection and connection.execute("select to_regclass('vaka.migration')").fetchone()
    if not connection or known in (None, (None,)):
        return [migration.name for migration in wanted]
    applied = _applied(connection)
    _require_unchanged(wanted, applied)
    return [migration.name for migration in wanted if migration.name not in applied]


def migrate(
    connection: psycopg.Connection[object], kind: Kind, migrations: Iterable[Migration] | None = None
) -> list[str]:
    """Bring one database up to date and return the names applied now, oldest first.

    ``connection`` must be in autocommit mode, as a role that may ``set role`` to the owners. Each file is one
    transaction together with its record; the first that fails stops the run and leaves the earlier ones in place.

    Raises ConfigurationError where an applied file has changed since, another migrator holds the lock, or a file
    fails (MigrationError, a kind of it).
    """
    wanted = list(migrations_for(kind) if migrations is None else migrations)
    connection.execute(_LOCK_TIMEOUT)
    connection.execute(_STATEMENT_TIMEOUT)
    row = connection.execute("select pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
    if row != (True,):
        raise ConfigurationError("Another migration of this database is under way. Wait for it, then run this again.")
    try:
        with connection.transaction():
            connection.execute("create schema if not exists vaka authorization vaka_owner")
            connection.execute("""create table if not exists vaka.migration (
                name text primary key, checksum text not null, applied_at timestamptz not null default now())""")
            connection.execute("alter table vaka.migration owner to vaka_owner")
        applied = _applied(connection)
        _require_unchanged(wanted, applied)
        done = [migration for migration in wanted if migration.name not in applied]
        for migration in done:
            _apply(connection, migration)
        with connection.transaction():
            _revoke_everything(connection, kind)
            connection.execute(grants_for(kind))
            # That a database was made, its authority's registration says; keys are told of by whoever asks for them.
            if applied and done and kind != "keys":
                _enter(connection, done)
        return [migration.name for migration in done]
    finally:
        connection.execute("select pg_advisory_unlock(%s)", (_LOCK,))


def _applied(connection: psycopg.Connection[object]) -> dict[str, str]:
    rows = connection.execute("select name, checksum from vaka.migration").fetchall()
    return dict(cast("list[tuple[str, str]]", rows))


def _require_unchanged(wanted: list[Migration], applied: dict[str, str]) -> None:
    for migration in wanted:
        before = applied.get(migration.name)
        if before is not None and before != migration.checksum:
            raise ConfigurationError(
                f"The migration {migration.name} has changed since it was applied. Restore the file and put the change "
                "in a new migration with the next number."
            )
    unknown = sorted(set(applied) - {migration.name for migration in wanted})
    if unknown:
        raise ConfigurationError(
            f"This database is newer than this version of Vaka: it has {unknown[0]}. Start the newer version."
        )


def _apply(connection: psycopg.Connection[object], migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute("set local search_path = vaka")
            if not migration.name.startswith("every/"):
                connection.execute("set local role vaka_owner")
            connection.execute(migration.text)
            connection.execute("reset role")
            connection.execute(
                "insert into vaka.migration (name, checksum) values (%s, %s)",
                (migration.name, migration.checksum),
            )
    except psycopg.Error as error:
        raise MigrationError(migration.name, error) from error


def _enter(connection: psycopg.Connection[object], done: list[Migration]) -> None:
    """Write in the database's own ledger what it was brought up to."""
    connection.execute(
        "select ledger.append(clock_timestamp(), 'schema.migrated', 'setup', 'database:' || current_database(),"
        " 'success', jsonb_build_object('count', %s::int, 'newest', %s::text))",
        (len(done), done[-1].name),
    )


def _revoke_everything(connection: psycopg.Connection[object], kind: Kind) -> None:
    """Start from nothing, so that a line taken off the page of grants is a right taken away."""
    connection.execute("set local search_path = vaka")
    everybody = ", ".join((*GROUPS, "public"))
    for schema in ("vaka",) if kind == "keys" else ("vaka", "ledger"):
        for what in ("tables", "sequences", "functions"):
            connection.execute(f"revoke all on all {what} in schema {schema} from {everybody}")
        connection.execute(f"revoke all on schema {schema} from {everybody}")


COMPONENTS = (
    "receiver", "desk", "portal", "registry", "office", "signin", "scheduler", "sequencer", "notifier", "trial",
    "setup",
)  # fmt: skip
KEYHOLDER = "keyholder"
"""The one component of the key database, which is in no other."""
GROUPS = tuple(f"g_{component}" for component in (*COMPONENTS, KEYHOLDER))
