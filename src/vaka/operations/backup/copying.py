# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A restored copy of the databases, from a repository here or at the site, which runs while it is looked at."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg

from vaka.clock import Clock
from vaka.database.cluster import Cluster
from vaka.database.restoring import ROOM, NotRestoredError, filled
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.errors import ConfigurationError
from vaka.identity.installation import QUERIES
from vaka.operations.backup.making import Installation, fetch_repository


@contextmanager
def restored_copy(
    installation: Installation, clock: Clock, *, until: datetime | None = None, snapshot: str | None = None
) -> Iterator[tuple[Cluster, datetime]]:
    """Lend a running copy as of a moment (None: the newest), and since when it lets somebody in; then it is removed.

    With the name of a snapshot everything comes from the site, as after a fire. Raises BackupFailedError and
    ConfigurationError, also where it is another kind of installation's (term 22).
    """
    place = installation.root / installation.settings.backup.restored

    def fill(cluster: Cluster) -> None:
        if snapshot is None:
            repository = installation.repository
            repository.require_of_mode()
        else:
            repository = fetch_repository(installation, snapshot, place)
            installation.configure_repository(repository)
        needed = 2 * _measure(installation)
        if needed + ROOM > shutil.disk_usage(place.parent).free:
            raise ConfigurationError(
                f"There is no room to restore a backup beside {place}: {needed:,} bytes and 1 GiB."
            )
        repository.restore(cluster, until)

    try:
        with filled(place, fill) as cluster:
            opened = clock.now()
            _require_mode(cluster.server, installation.settings.mode)
            yield cluster, opened
    except NotRestoredError as error:
        raise ConfigurationError(
            "The backup was restored, and its server does not start: what was archived does not reach that moment, or "
            "this machine has another version of PostgreSQL."
        ) from error


def _measure(installation: Installation) -> int:
    """Return how many bytes the live databases take up."""
    if installation.settings.database.embedded:
        return sum(path.lstat().st_size for path in installation.cluster.data.rglob("*") if path.is_file())
    conninfo = installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE, application="vaka-backup")
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("select sum(pg_database_size(oid))::bigint from pg_database").fetchone()
    return 0 if row is None else int(row[0])


def _require_mode(copy: Server, mode: str) -> None:
    with psycopg.connect(copy.conninfo(SUPERUSER, PLATFORM_DATABASE, application="vaka-backup")) as platform:
        platform.execute("set search_path = vaka")
        row = platform.execute(QUERIES["read_installation_mode"]).fetchone()
    decided = None if row is None else str(row[0])
    if decided not in (mode, None):
        raise ConfigurationError(
            f"The backup is of a {decided} installation, and this is a {mode} one. It stays closed."
        )
