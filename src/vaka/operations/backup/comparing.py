# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether a restored server holds what the live one does: rows and digests of each table, and every index.

The live one goes on meanwhile. A table whose digest is the same before the backup and after it was not changed between,
so the copy has to hold exactly that; of the others the logs are compared, which only grow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL, Identifier

from vaka.database.binaries import find_server_binaries
from vaka.database.cluster import Cluster, server_account
from vaka.database.server import SUPERUSER, Server
from vaka.operations.backup.running import BackupFailedError, run_program

Table = tuple[str, str, str]
"""Database, schema, name."""
Digest = tuple[int, int]
"""Rows, and the sum of their hashes: whatever their order."""

_DATABASES = "select datname from pg_database where datallowconn and not datistemplate order by datname"
_TABLES = """\
select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
order by 1, 2"""
_DIGEST = "select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from only {} t"


@dataclass(frozen=True, slots=True)
class Compared:
    """How two servers stand to each other."""

    tables: int
    """Tables that were the same before and after, and so had to be the same in the copy."""
    changed: int
    """Tables in which something happened meanwhile."""
    different: int
    """Tables that are not in the copy what they had to be."""


def digest_tables(server: Server, databases: Sequence[str] | None = None) -> Mapping[Table, Digest]:
    """Return what every table of these databases of a server holds, or of all."""
    found: dict[Table, Digest] = {}
    for database in databases or list_databases(server):
        with psycopg.connect(server.conninfo(SUPERUSER, database, application="vaka-backup"), autocommit=True) as one:
            one.execute("set timezone = 'UTC'")
            for schema, name in one.execute(_TABLES).fetchall():
                row = one.execute(SQL(_DIGEST).format(Identifier(schema, name))).fetchone()
                if row is not None:
                    found[(database, schema, name)] = int(row[0]), int(row[1])
    return found


def list_databases(server: Server) -> Sequence[str]:
    """Return the databases of a server that somebody can connect to."""
    conninfo = server.conninfo(SUPERUSER, "postgres", application="vaka-backup")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return [str(name) for (name,) in connection.execute(_DATABASES).fetchall()]


def compare(before: Mapping[Table, Digest], after: Mapping[Table, Digest], copy: Mapping[Table, Digest]) -> Compared:
    """Compare what a copy holds with what the live server held before and after it was made. Pure."""
    same = [table for table, digest in before.items() if after.get(table) == digest]
    different = sum(copy.get(table) != before[table] for table in same)
    return Compared(len(same), len(before) - len(same), different)


def count_unsound(cluster: Cluster) -> int:
    """Return 1 where an index or a table of a running cluster is not what it has to be, by pg_amcheck; otherwise 0."""
    program = find_server_binaries() / "pg_amcheck"
    try:
        run_program(
            str(program),
            ["--all", "--install-missing", "--no-strict-names", "--host", str(cluster.directory),
             "--port", str(cluster.port), "--username", SUPERUSER, "--no-password"],
            account=server_account(), environment={"PGOPTIONS": "-c default_transaction_read_only=off"},
        )  # fmt: skip
    except BackupFailedError:
        return 1
    return 0
