# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Creates roles and databases. Set-up time only: the one place that uses the superuser's credential."""

import secrets
from collections.abc import Sequence
from contextlib import closing

import psycopg
from psycopg import sql

from vaka.database.cluster import write_credential
from vaka.database.migrate import COMPONENTS, GROUPS, KEYHOLDER, Kind, migrate
from vaka.database.server import (
    KEY_DATABASE,
    KEYHOLDER_ROLE,
    PLATFORM_DATABASE,
    SUPERUSER,
    Server,
    platform_role,
    tenant_role,
)

OWNERS = ("vaka_owner", "vaka_ledger")
TENANT_COMPONENTS = ("receiver", "desk", "portal", "registry", "scheduler", "sequencer", "trial", "setup")
PLATFORM_COMPONENTS = COMPONENTS


def provision_platform(server: Server) -> list[str]:
    """Create the roles and the platform database where missing, and migrate it. Return migrations applied now."""
    ensure_platform(server)
    return migrate_database(server, PLATFORM_DATABASE, "platform")


def ensure_platform(server: Server) -> None:
    """Create the roles and the platform database where missing, with who may connect to it, and nothing in it."""
    with closing(_connect(server, "postgres")) as connection:
        _ensure_groups(connection)
        for component in PLATFORM_COMPONENTS:
            _ensure_login(connection, server, platform_role(component), f"g_{component}")
        _ensure_database(connection, PLATFORM_DATABASE, [platform_role(name) for name in PLATFORM_COMPONENTS])
        connection.execute("revoke connect on database postgres, template1 from public")


def provision_tenant(server: Server, database: str) -> list[str]:
    """Create one authority's database and its own login roles where missing, and migrate it."""
    let_in_to_tenant(server, database)
    return migrate_database(server, database, "tenant")


def let_in_to_tenant(server: Server, database: str) -> None:
    """Create one authority's database and its own login roles where missing; what is in it stays as it is."""
    with closing(_connect(server, "postgres")) as connection:
        logins = tenant_logins(database)
        for component, role in logins.items():
            _ensure_login(connection, server, role, f"g_{component}")
        _ensure_database(connection, database, list(logins.values()))


def tenant_logins(database: str) -> dict[str, str]:
    """Return the login roles that one authority's database has, by component."""
    return {component: tenant_role(database, component) for component in TENANT_COMPONENTS}


def provision_keys(server: Server) -> list[str]:
    """Create the key database and its one login role where missing, and migrate it."""
    with closing(_connect(server, "postgres")) as connection:
        _ensure_groups(connection)
        _ensure_login(connection, server, KEYHOLDER_ROLE, f"g_{KEYHOLDER}")
        _ensure_database(connection, KEY_DATABASE, [KEYHOLDER_ROLE])
    return migrate_database(server, KEY_DATABASE, "keys")


def migrate_database(server: Server, database: str, kind: Kind) -> list[str]:
    """Migrate one existing database and return the names applied now."""
    with closing(_connect(server, database)) as connection:
        return migrate(connection, kind)


def _connect(server: Server, database: str) -> psycopg.Connection[object]:
    return psycopg.connect(server.conninfo(SUPERUSER, database, application="vaka-setup"), autocommit=True)


def _ensure_groups(connection: psycopg.Connection[object]) -> None:
    for role in (*OWNERS, *GROUPS):
        _ensure_role(connection, role, "nologin")


def _ensure_role(connection: psycopg.Connection[object], role: str, kind: str) -> bool:
    known = connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone()
    if known is None:
        connection.execute(
            sql.SQL("create role {} nosuperuser nocreatedb nocreaterole noreplication nobypassrls " + kind).format(
                sql.Identifier(role)
            )
        )
    return known is None


def _ensure_login(connection: psycopg.Connection[object], server: Server, role: str, group: str) -> None:
    """Create a login role with a random password; where only the file is missing, give it a new one."""
    made = _ensure_role(connection, role, "login")
    if made or not server.credential_file(role).exists():
        password = secrets.token_hex(32)
        connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password)))
        write_credential(server, role, password)
    connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(group), sql.Identifier(role)))


def _ensure_database(connection: psycopg.Connection[object], name: str, roles: Sequence[str]) -> None:
    database = sql.Identifier(name)
    if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is None:
        connection.execute(sql.SQL("create database {} owner vaka_owner template template0").format(database))
    connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    for role in roles:
        connection.execute(sql.SQL("grant connect on database {} to {}").format(database, sql.Identifier(role)))
