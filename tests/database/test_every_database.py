# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Bringing a whole installation up to date: the platform, then each authority in order; the first fault stops it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from vaka.commands.databases import active_authorities, pending, provision_all
from vaka.database.cluster import Cluster
from vaka.database.migrate import migrations_for
from vaka.database.provision import provision_keys, provision_platform, provision_tenant
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_database
from vaka.errors import ConfigurationError
from vaka.identifiers import new_identifier

NOW = datetime(2026, 3, 14, tzinfo=UTC)
SLUGS = ("arvid", "berta", "cesar")


@pytest.fixture(scope="module")
def installation() -> Iterator[Server]:
    """A server of its own with three authorities, in no alphabetical order of their making."""
    directory = Path(tempfile.mkdtemp(prefix="vaka-every-"))
    directory.chmod(0o755)
    cluster = Cluster(directory / "cluster", directory / "credentials")
    cluster.create()
    cluster.start()
    try:
        server = cluster.server
        provision_platform(server)
        provision_keys(server)
        with closing(psycopg.connect(server.conninfo(platform_role("setup"), PLATFORM_DATABASE))) as connection:
            for slug in reversed(SLUGS):
                provision_tenant(server, tenant_database(slug))
                connection.execute(
                    "insert into vaka.authority (id, slug, name, database_name, address, created_at)"
                    " values (%s, %s, %s, %s, %s, %s)",
                    (new_identifier(NOW), slug, slug.title(), tenant_database(slug), bytes(32), NOW),
                )
            connection.commit()
        yield server
    finally:
        cluster.stop(immediately=True)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def sabotaged(installation: Server) -> Iterator[Server]:
    """The second authority's history does not fit; a right was given by hand in the others."""
    mark = "grant select on vaka.person to g_receiver"
    with closing(superuser(installation, "berta")) as connection:
        connection.execute("update vaka.migration set checksum = 'edited' where name = 'tenant/0001_people.sql'")
    for slug in ("arvid", "cesar"):
        with closing(superuser(installation, slug)) as connection:
            connection.execute(mark)
    yield installation
    good = next(file.checksum for file in migrations_for("tenant") if file.name == "tenant/0001_people.sql")
    with closing(superuser(installation, "berta")) as connection:
        connection.execute("update vaka.migration set checksum = %s where checksum = 'edited'", (good,))


def superuser(server: Server, slug: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(server.conninfo(SUPERUSER, tenant_database(slug)), autocommit=True)


def was_reached(server: Server, slug: str) -> bool:
    """Whether the run came to this authority: it takes back what was given by hand."""
    with closing(superuser(server, slug)) as connection:
        row = connection.execute("select has_table_privilege('g_receiver', 'vaka.person', 'select')").fetchone()
    return row == (False,)


def test_authorities_are_visited_in_order(installation: Server) -> None:
    assert [authority.slug for authority in active_authorities(installation)] == list(SLUGS)


def test_everything_is_up_to_date_and_a_run_says_nothing(installation: Server) -> None:
    said: list[str] = []
    provision_all(installation, said.append)
    assert said == []
    assert {database: names for database, names in pending(installation) if names} == {}


def test_first_failure_stops_the_run(sabotaged: Server) -> None:
    with pytest.raises(ConfigurationError, match="has changed since it was applied"):
        provision_all(sabotaged, lambda _line: None)
    assert was_reached(sabotaged, "arvid")
    assert not was_reached(sabotaged, "cesar")


def test_listing_what_is_pending_finds_the_same_fault_and_changes_nothing(sabotaged: Server) -> None:
    with pytest.raises(ConfigurationError, match="has changed since it was applied"):
        list(pending(sabotaged))
    assert not was_reached(sabotaged, "arvid")


def test_run_can_be_repeated_after_the_fault_is_mended(installation: Server) -> None:
    provision_all(installation, lambda _line: None)
    assert was_reached(installation, "cesar")


def test_server_that_is_not_there_is_refused_with_a_question(installation: Server, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Is it running"):
        provision_all(Server(str(tmp_path), 5432, installation.credentials), lambda _line: None)


def test_missing_credential_is_named(installation: Server, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"vaka_superuser\.pgpass is missing"):
        provision_all(Server(installation.host, installation.port, tmp_path), lambda _line: None)
