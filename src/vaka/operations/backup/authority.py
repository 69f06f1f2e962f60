# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One authority's database out of a backup, beside its own; then, by somebody else's hand, in its place.

What the authority registered and was alarmed of is as it was at a moment; its log is not: it only grows, and comes
from the database that is replaced. So the log tells of the restoring as well, and goes on.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from vaka.database.binaries import find_server_binaries
from vaka.database.cluster import Cluster
from vaka.database.provision import provision_tenant
from vaka.database.server import SUPERUSER, Server
from vaka.errors import ConfigurationError
from vaka.operations.backup.comparing import Compared, compare, digest_tables
from vaka.operations.backup.running import run_program

_MARK = "compared with the backup, restored by "
"""What the comment on a restored database begins with, once it was found to be what it has to be."""
_MIGRATIONS = "select name, checksum from vaka.migration order by name"


def name_beside(database: str) -> str:
    """Return what a database that was restored beside its own is called."""
    return f"{database}_restored"


def restore_beside(live: Server, copy: Cluster, database: str, actor: str) -> Compared:
    """Bring what an authority had in a copy to the live server, in a database of its own that nobody is let into.

    One from an earlier try is replaced. It stays, with a mark that says whose it is, only where it is as it is in the
    backup; otherwise it is removed again. Raises ConfigurationError where the copy is of another version, and
    BackupFailedError.
    """
    beside = name_beside(database)
    with connected(live, database) as here, connected(copy.server, database) as there:
        if here.execute(_MIGRATIONS).fetchall() != there.execute(_MIGRATIONS).fetchall():
            raise ConfigurationError(
                "The backup is of another version of Vaka than the one that runs. Install that one, restore, then "
                "bring the database up to date with vaka migrate."
            )
    with connected(live, "postgres") as server:
        server.execute(SQL("drop database if exists {}").format(Identifier(beside)))
        server.execute(SQL("create database {} owner vaka_owner template template0").format(Identifier(beside)))
        server.execute(SQL("revoke all on database {} from public").format(Identifier(beside)))
    try:
        compared = _fill(live, copy, database, beside)
    except BaseException:
        drop_beside(live, database)
        raise
    if compared.different or not compared.tables:
        drop_beside(live, database)
    else:
        with connected(live, "postgres") as server:
            server.execute(SQL("comment on database {} is {}").format(Identifier(beside), Literal(f"{_MARK}{actor}")))
    return compared


def _fill(live: Server, copy: Cluster, database: str, beside: str) -> Compared:
    between = copy.directory / "between"
    _pass_on(live, database, live, beside, between, ["--exclude-table-data=vaka.*", "--exclude-table-data=ledger.*"])
    _pass_on(copy.server, database, live, beside, between, ["--data-only", "--schema=vaka"])
    wanted = {table[1:]: digest for table, digest in digest_tables(copy.server, [database]).items()}
    found = {table[1:]: digest for table, digest in digest_tables(live, [beside]).items()}
    held = {("", *table): digest for table, digest in wanted.items() if table[0] == "vaka"}
    return compare(held, held, {("", *table): digest for table, digest in found.items()})


def drop_beside(live: Server, database: str) -> None:
    """Remove what was restored beside the authority's own database, if anything was."""
    with connected(live, "postgres") as server:
        server.execute(SQL("drop database if exists {} with (force)").format(Identifier(name_beside(database))))


def find_beside(live: Server, database: str) -> str | None:
    """Return who restored what lies beside the authority's own database, and saw it be as it is in the backup.

    None where nothing does, or something that was never found to be so: a restoring that broke off leaves no mark.
    """
    with connected(live, "postgres") as server:
        found = server.execute(
            "select coalesce(shobj_description(oid, 'pg_database'), '') from pg_database where datname = %s",
            (name_beside(database),),
        ).fetchone()
    said = "" if found is None else str(found[0])
    return said.removeprefix(_MARK) if said.startswith(_MARK) else None


def carry_log(live: Server, database: str, place: Path) -> None:
    """Bring the log of an authority's database, all of it, into the one beside it, while nobody writes to either."""
    beside = name_beside(database)
    with connected(live, beside) as connection:
        tables = [row[0] for row in connection.execute(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = 'ledger' and c.relkind = 'r' order by 1")]  # fmt: skip
        connection.execute("set session_replication_role = replica")  # an earlier try may have brought some of it
        every = SQL(", ").join([Identifier("ledger", str(one)) for one in tables])
        connection.execute(SQL("truncate {}").format(every))
    place.mkdir(mode=0o700, exist_ok=True)
    try:
        _pass_on(live, database, live, beside, place / "between", ["--data-only", "--schema=ledger"])
    finally:
        place.rmdir()


def swap(live: Server, database: str, roles: Sequence[str], now: datetime) -> str:
    """Put the database beside in the place of the authority's own; return what that one is called from then on.

    Nobody is connected to either. Both names change or none does. The old one lets nobody in and is kept.
    """
    old = f"{database}_before_{now:%Y%m%d_%H%M%S}"
    with connected(live, "postgres") as server, server.transaction():
        for one, to in ((database, old), (name_beside(database), database)):
            server.execute(SQL("alter database {} rename to {}").format(Identifier(one), Identifier(to)))
        server.execute(SQL("comment on database {} is null").format(Identifier(database)))
        # Whatever becomes of this process from here on, the authority's alarms find their database open.
        server.execute(SQL("alter database {} connection limit -1").format(Identifier(database)))
        for role in roles:
            server.execute(SQL("revoke all on database {} from {}").format(Identifier(old), Identifier(role)))
            server.execute(SQL("grant connect on database {} to {}").format(Identifier(database), Identifier(role)))
    provision_tenant(live, database)
    return old


def list_admitted(live: Server, database: str) -> Sequence[str]:
    """Return the roles that may connect to a database, but its owner."""
    with connected(live, "postgres") as server:
        rows = server.execute(
            "select distinct a.grantee::regrole::text from pg_database d, aclexplode(d.datacl) a"
            " where d.datname = %s and a.grantee <> d.datdba and a.grantee <> 0",
            (database,),
        ).fetchall()
    return [str(name) for (name,) in rows]


def connected(server: Server, database: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open a database as whoever is let in always."""
    return psycopg.connect(server.conninfo(SUPERUSER, database, application="vaka-backup"), autocommit=True)


def _pass_on(
    source: Server, database: str, target: Server, into: str, between: Path, options: Sequence[str]
) -> None:  # fmt: skip
    """Dump from one database into another, by way of a file in a directory that nobody else enters."""
    programs = find_server_binaries()
    only_data = ["--data-only", "--disable-triggers"] if "--data-only" in options else []
    try:
        run_program(
            str(programs / "pg_dump"), ["--format=custom", f"--file={between}", *options, *_reach(source, database)]
        )  # fmt: skip
        run_program(
            str(programs / "pg_restore"), ["--exit-on-error", *only_data, *_reach(target, into), str(between)]
        )  # fmt: skip
    finally:
        between.unlink(missing_ok=True)


def _reach(server: Server, database: str) -> list[str]:
    """Return how a program of PostgreSQL's reaches a database: the password is in a file that libpq reads itself."""
    return ["--no-password", "--dbname", server.conninfo(SUPERUSER, database, application="vaka-backup")]
