# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What every test may ask for: a real PostgreSQL cluster, fresh authorities in it, a clock turned by hand."""

import gc
import re
import resource
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from hypothesis import settings
from psycopg.types.json import Jsonb

from tests.clusters import forget_patterns, start_cluster
from tests.databases import provide_tenant
from tests.identities import keep_key
from tests.keys.running import running_keyholder
from vaka.clock import SystemClock, TurnedClock
from vaka.database.cluster import Cluster
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_database
from vaka.identifiers import new_identifier
from vaka.keys.keyring import Keyring, open_keyring
from vaka.settings import Settings
from vaka.tenants.authorities import Authority

START = datetime(2026, 3, 14, 1, 59, tzinfo=UTC)

# No test asserts on elapsed time. Hypothesis does of its own accord, 200 ms an example, and fails now and then on a
# machine that has more to do.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


ONLY_WHOLE = "(browser or end_to_end)"
"""How `make test` begins to say that it wants what drives a browser or whole installations, and nothing else."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Then leave files aside in which nothing says that it does: reading all of them takes half a minute."""
    if not config.option.markexpr.startswith(ONLY_WHOLE) or not collection_path.match("test_*.py"):
        return None
    return None if re.search(r"mark\.(browser|end_to_end)\b", collection_path.read_text(encoding="utf-8")) else True


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among tens of thousands of tests: they all stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    """Leave nothing behind that clusters were copied from."""
    forget_patterns()


@pytest.fixture(autouse=True)
def core_limit_as_it_was() -> Iterator[None]:
    """No test keeps this very process from leaving core dumps: what does so for good is run as a process of its own."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    yield
    assert resource.getrlimit(resource.RLIMIT_CORE) == before


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests (marked anyio) run on asyncio."""
    return "asyncio"


@pytest.fixture
def clock() -> TurnedClock:
    """A clock that stands at START until the test turns it."""
    return TurnedClock(START)


@pytest.fixture(scope="session")
def directory() -> Iterator[Path]:
    """A short directory that the database's account may enter (pytest's own are closed to it)."""
    path = Path(tempfile.mkdtemp(prefix="vaka-test-"))
    path.chmod(0o755)
    yield path
    # Hundreds of databases with hundreds of files each: nobody waits for the last of them to be gone.
    subprocess.run(["setsid", "--fork", "rm", "--recursive", "--force", path], check=True)


@pytest.fixture(scope="session")
def cluster(directory: Path) -> Iterator[Cluster]:
    """A running embedded cluster with the platform's database and the keys'."""
    cluster = start_cluster(directory)
    try:
        keep_key(cluster.server.credentials)
        yield cluster
    finally:
        cluster.stop(immediately=True)


@pytest.fixture(scope="session")
def server(cluster: Cluster) -> Server:
    """How the cluster is reached."""
    return cluster.server


@pytest.fixture(scope="session")
def new_authority(server: Server, keyholder: None) -> Callable[..., Authority]:
    """A function that makes a fresh authority with its own database and keys: ``new_authority(kind="authority")``."""
    from tests.people import with_keys  # which has START from here

    numbers = count(1)

    def make(kind: str = "authority") -> Authority:
        slug = f"kommun_{next(numbers)}"
        identifier = new_identifier(START)
        address = with_keys(server, lambda keyring: _open(keyring, identifier))
        authority = Authority(identifier, slug, f"Provkommun {slug}", kind, tenant_database(slug), address)
        provide_tenant(server, authority.database_name)
        with psycopg.connect(server.conninfo(platform_role("setup"), PLATFORM_DATABASE), autocommit=True) as connection:
            connection.execute(
                "insert into vaka.authority (id, slug, name, kind, database_name, address, created_at)"
                " values (%s, %s, %s, %s, %s, %s, %s)",
                (authority.id, slug, authority.name, kind, authority.database_name, address, START),
            )
        return authority

    return make


async def _open(keyring: Keyring, authority: UUID) -> bytes:
    await keyring.open_authority(authority)
    await keyring.create(authority, [authority])
    return keyring.of(authority).address(authority)


@pytest.fixture(scope="session")
def keyholder(cluster: Cluster, directory: Path) -> Iterator[None]:
    """The running keyholder of the cluster."""
    with running_keyholder(directory):
        yield


@pytest.fixture
async def setup_keys(keyholder: None, server: Server) -> AsyncIterator[Keyring]:
    """A keyring as setup's commands have it."""
    async with open_keyring(server, Settings(), "setup", SystemClock()) as keyring:
        yield keyring


@pytest.fixture
def authority(new_authority: Callable[..., Authority]) -> Authority:
    """A fresh authority."""
    return new_authority()


@pytest.fixture
def alone(server: Server, authority: Authority) -> Iterator[None]:
    """For a process that works for every authority there is: the test's is the only one, not hundreds of others'."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        # What refers to the others stays, and holds again when they are back.
        superuser.execute("set session_replication_role = replica")
        [(others,)] = superuser.execute(
            "with others as (delete from vaka.authority where id <> %s returning *)"
            " select coalesce(jsonb_agg(others), '[]') from others",
            (authority.id,),
        ).fetchall()
        yield
        superuser.execute(
            "insert into vaka.authority select * from jsonb_populate_recordset(null::vaka.authority, %s)",
            (Jsonb(others),),
        )
