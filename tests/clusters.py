# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Clusters of tests: each a copy of one that was made as setup makes it, before anything was in it.

What is in them outlives no test, so nothing waits for a disk. Tests of what survives a crash of the machine, and of how
a cluster is made, take the product's own.
"""

import shutil
import subprocess
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

import psycopg

from tests.databases import BLANK, let_in_quickly
from vaka.database.cluster import Cluster
from vaka.database.provision import provision_keys, provision_platform, provision_tenant
from vaka.database.server import SUPERUSER

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


def start_cluster(root: Path) -> Cluster:
    """Start a cluster below ``root`` that has the platform's database, the keys', and a blank authority's to copy."""
    cluster = Cluster(root / "cluster", root / "credentials")
    pattern = _pattern()
    for made, copy in ((pattern.directory, cluster.directory), (pattern.credentials, cluster.credentials)):
        # With who owns it: the server runs as an account of its own.
        subprocess.run(["cp", "--archive", "--reflink=auto", "--no-target-directory", made, copy], check=True)
    cluster.start()
    return cluster


def forget_pattern() -> None:
    """Remove what clusters are copied from; the next is made anew."""
    if _pattern.cache_info().currsize:
        shutil.rmtree(_pattern().directory.parent, ignore_errors=True)
        _pattern.cache_clear()


@cache
def _pattern() -> Cluster:
    root = Path(tempfile.mkdtemp(prefix="vaka-pattern-"))
    root.chmod(0o755)
    cluster = Cluster(root / "cluster", root / "credentials")
    cluster.create()
    with (cluster.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(_WITHOUT_A_DISK)
    cluster.start()
    try:
        provision_platform(cluster.server)
        provision_keys(cluster.server)
        provision_tenant(cluster.server, BLANK)
        server = cluster.server
        with closing(psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True)) as superuser:
            for (role,) in superuser.execute("select rolname from pg_roles where rolcanlogin").fetchall():
                let_in_quickly(superuser, role, server.credential_file(role).read_text().strip().rpartition(":")[2])
    finally:
        cluster.stop()
    return cluster
