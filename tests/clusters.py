# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Clusters of tests: each a copy of one that was made as setup makes it, before anything was in it.

What is in them outlives no test, so nothing waits for a disk. Tests of what survives a crash of the machine, and of how
a cluster is made, take the product's own.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg

from tests.databases import BLANK, let_in_quickly
from vaka.database.cluster import Cluster
from vaka.database.provision import provision_keys, provision_platform, provision_tenant
from vaka.database.server import SUPERUSER, Server

Furnish = Callable[[Server], None]
_WITHOUT_A_DISK = """\
fsync = off
full_page_writes = off
# Hundreds of small databases, none of which lives for long.
autovacuum = off
min_wal_size = 32MB
# Tens of thousands of connections, few at a time. To map what is shared takes a good part of the start of each.
max_connections = 400
shared_buffers = 32MB
"""


_patterns: dict[Furnish, Cluster] = {}


def furnish_blank(server: Server) -> None:
    """Make the platform's database, the keys', and a blank authority's to copy."""
    provision_platform(server)
    provision_keys(server)
    provision_tenant(server, BLANK)


def start_cluster(root: Path, furnish: Furnish = furnish_blank) -> Cluster:
    """Start a cluster below ``root``: a copy of one that ``furnish`` has made these databases in."""
    cluster = Cluster(root / "cluster", root / "credentials")
    pattern = _patterns.get(furnish) or _make_pattern(furnish)
    for made, place in ((pattern.directory, cluster.directory), (pattern.credentials, cluster.credentials)):
        copy(made, place)
    cluster.start()
    return cluster


def copy(made: Path, place: Path) -> None:
    """Copy a directory of a server that does not run, with who owns it: servers run as an account of their own."""
    subprocess.run(["cp", "--archive", "--reflink=auto", "--no-target-directory", made, place], check=True)


def forget_patterns() -> None:
    """Remove what clusters are copied from; the next is made anew."""
    while _patterns:
        shutil.rmtree(_patterns.popitem()[1].directory.parent, ignore_errors=True)


def _make_pattern(furnish: Furnish) -> Cluster:
    root = Path(tempfile.mkdtemp(prefix="vaka-pattern-"))
    root.chmod(0o755)
    cluster = Cluster(root / "cluster", root / "credentials")
    cluster.create()
    with (cluster.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(_WITHOUT_A_DISK)
    cluster.start()
    try:
        furnish(cluster.server)
        server = cluster.server
        with closing(psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True)) as superuser:
            for (role,) in superuser.execute("select rolname from pg_roles where rolcanlogin").fetchall():
                let_in_quickly(superuser, role, server.credential_file(role).read_text().strip().rpartition(":")[2])
    finally:
        cluster.stop()
    _patterns[furnish] = cluster
    return cluster
