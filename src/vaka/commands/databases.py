# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every database of an installation: the platform's, the keys', then each authority's. The first failure stops."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from vaka.commands.data_directory import AlreadyRunningError, DataDirectory
from vaka.database.migrate import Kind, pending_migrations
from vaka.database.provision import provision_keys, provision_platform, provision_tenant
from vaka.database.server import KEY_DATABASE, PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.identity.binding_secret import read_binding_secret
from vaka.keys.credentials import issue_credentials
from vaka.keys.identities import create_identity_key, identity_key_file
from vaka.settings import Settings
from vaka.tenants.authorities import QUERIES, Authority


@dataclass(frozen=True, slots=True)
class Registered:
    """An authority, as whoever looks after the installation sees it."""

    slug: str
    name: str
    kind: str
    state: str
    created_at: datetime


def provision_all(server: Server, say: Callable[[str], None]) -> None:
    """Create what is missing and apply every migration, database by database, saying what was applied.

    The components' credentials to the keyholder are made too, where they are missing, what binds security keys, and the
    key of the device identities, where no device is registered under one yet.
    """
    require_reachable(server)
    issue_credentials(server.credentials)
    read_binding_secret(server.credentials)
    _report(say, PLATFORM_DATABASE, provision_platform(server))
    _issue_identity_key(server)
    _report(say, KEY_DATABASE, provision_keys(server))
    for authority in every_authority(server):
        _report(say, authority.database_name, provision_tenant(server, authority.database_name))


def pending(server: Server) -> Iterator[tuple[str, list[str]]]:
    """Yield each database with the migrations it lacks; one that does not exist yet lacks all of them.

    Raises ConfigurationError where a database's history does not fit this version.
    """
    require_reachable(server)
    kinds: list[tuple[str, Kind]] = [(PLATFORM_DATABASE, "platform"), (KEY_DATABASE, "keys")]
    existing = existing_databases(server)
    if PLATFORM_DATABASE in existing:
        kinds += [(authority.database_name, "tenant") for authority in every_authority(server)]
    for database, kind in kinds:
        if database not in existing:
            yield database, pending_migrations(None, kind)
            continue
        with closing(_connect(server, SUPERUSER, database)) as connection:
            yield database, pending_migrations(connection, kind)


def active_authorities(server: Server) -> list[Authority]:
    """Return the authorities of the platform's directory, by slug; the intake too."""
    with closing(_connect(server, platform_role("setup"), PLATFORM_DATABASE)) as connection:
        connection.execute("set search_path = vaka")
        with connection.cursor(row_factory=class_row(Authority)) as cursor:
            return cursor.execute(QUERIES["list_authorities"]).fetchall()


def every_authority(server: Server) -> list[Authority]:
    """Return the closed authorities as well: their databases and logs are kept."""
    with closing(_connect(server, platform_role("setup"), PLATFORM_DATABASE)) as connection:
        connection.execute("set search_path = vaka")
        with connection.cursor(row_factory=class_row(Authority)) as cursor:
            return cursor.execute(QUERIES["list_every_authority"]).fetchall()


def read_directory(server: Server) -> list[Registered]:
    """Return every authority of the platform's directory, by slug, with what the directory says of it."""
    with closing(_connect(server, platform_role("setup"), PLATFORM_DATABASE)) as connection:
        connection.execute("set search_path = vaka")
        with connection.cursor(row_factory=class_row(Registered)) as cursor:
            return cursor.execute(QUERIES["list_registered"]).fetchall()


def choose_authority(authorities: Sequence[Authority], slug: str) -> Authority:
    """Return the authority of this short name. Raises ConfigurationError."""
    for authority in authorities:
        if authority.slug == slug:
            return authority
    known = ", ".join(one.slug for one in authorities) or "none"
    raise ConfigurationError(f"There is no authority {slug!r}. Those there are: {known}.")


def require_reachable(server: Server) -> None:
    """Raise ConfigurationError where the server does not answer or the set-up credential is missing."""
    if not server.credential_file(SUPERUSER).is_file():
        raise ConfigurationError(
            f"The set-up credential {server.credential_file(SUPERUSER)} is missing. It is a libpq password file for "
            f"the role {SUPERUSER}."
        )
    with closing(_connect(server, SUPERUSER, "postgres")):
        pass


@contextmanager
def reachable_server(data: DataDirectory, settings: Settings) -> Iterator[Server]:
    """Give the server for a maintenance command: the running one, or the embedded one started for the while."""
    server = data.server(settings)
    if not settings.database.embedded:
        yield server
        return
    try:
        with data.locked():
            data.cluster.create()
            data.cluster.start()
            try:
                yield server
            finally:
                data.cluster.stop()
    except AlreadyRunningError:
        yield server


def _issue_identity_key(server: Server) -> None:
    """Make the key of a new installation. Another in the place of one that is lost would make every device unknown."""
    path = identity_key_file(server.credentials)
    if path.exists():
        return
    with closing(_connect(server, SUPERUSER, PLATFORM_DATABASE)) as connection:
        if connection.execute("select from vaka.device_entry limit 1").fetchone() is not None:
            raise ConfigurationError(
                f"The key of the device identities {path} is missing, and devices are registered under it. Put it back "
                "from where it is kept; with another, every device would be unknown."
            )
    create_identity_key(server.credentials)


def existing_databases(server: Server) -> set[str]:
    """Return the names of the server's databases, whatever they are for."""
    with closing(_connect(server, SUPERUSER, "postgres")) as connection:
        return {str(name) for (name,) in connection.execute("select datname from pg_database")}


def _connect(server: Server, role: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
    try:
        return psycopg.connect(server.conninfo(role, database, application="vaka-setup"), autocommit=True)
    except psycopg.OperationalError as error:
        raise ConfigurationError(
            f"The database server at {server.host} port {server.port} does not let {role} in. Is it running?"
        ) from error


def _report(say: Callable[[str], None], database: str, applied: list[str]) -> None:
    if applied:
        say(f"{database}: {len(applied)} migration{'s' if len(applied) > 1 else ''} applied")
