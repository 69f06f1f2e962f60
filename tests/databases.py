# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Fresh databases of authorities, many of them: the first is migrated, the others are copies of it from before any use.

That migrations make what they should, the tests of tests/database see with databases that were really migrated; here
a copy is the same to the byte, and takes a fifth of the time.
"""

from contextlib import closing

import psycopg
from psycopg import sql

from vaka.database.provision import let_in_to_tenant, provision_tenant
from vaka.database.server import SUPERUSER, Server, tenant_database

BLANK = tenant_database("blank")


def provide_tenant(server: Server, database: str) -> None:
    """Make one authority's database with its roles and their rights."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True)) as superuser:
        if superuser.execute("select 1 from pg_database where datname = %s", (BLANK,)).fetchone() is None:
            provision_tenant(server, BLANK)
        superuser.execute(
            # Copied as files: where nothing waits for a disk, less work than writing every page into the log.
            sql.SQL("create database {} owner vaka_owner template {} strategy file_copy").format(
                sql.Identifier(database), sql.Identifier(BLANK)
            )
        )
    let_in_to_tenant(server, database)
