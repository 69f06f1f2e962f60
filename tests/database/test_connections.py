# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Connections: always as a named role, always bounded, and silent about why a server does not answer."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from vaka.database.binaries import find_server_binaries
from vaka.database.connections import DatabaseUnavailableError, Pool, make_pool, open_connection, transaction
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_database, tenant_role
from vaka.errors import Category, ConfigurationError

pytestmark = pytest.mark.anyio
DESK = platform_role("desk")


@pytest.fixture
async def pool(server: Server) -> AsyncIterator[Pool]:
    pool = make_pool(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-test", largest=2)
    await pool.open()
    yield pool
    await pool.close()


async def test_connection_is_bounded_and_named(server: Server) -> None:
    async with await open_connection(server, DESK, PLATFORM_DATABASE, application="vaka-desk-test") as connection:
        for name, value in (
            ("statement_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "15s"),
            ("search_path", "vaka"),
            ("application_name", "vaka-desk-test"),
        ):
            row = await (await connection.execute(f"show {name}")).fetchone()
            assert row == (value,), name
        assert connection.autocommit is True


async def test_pooled_connection_is_bounded_too(pool: Pool) -> None:
    async with transaction(pool) as connection:
        row = await (await connection.execute("show statement_timeout")).fetchone()
    assert row == ("10s",)


@pytest.fixture
def default(server: Server) -> Iterator[Callable[[str, str], None]]:
    """A function that gives a role or a database a ``synchronous_commit`` of its own: ``default("role x", "off")``."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as connection:
        changed = []

        def change(owner: str, value: str) -> None:
            changed.append(owner)
            connection.execute(f"alter {owner} set synchronous_commit = {value}")

        yield change
        for owner in changed:
            connection.execute(f"alter {owner} reset synchronous_commit")


@pytest.mark.parametrize(
    ("stands", "value"),
    [("off", "on"), ("local", "on"), ("on", "on"), ("remote_write", "remote_write"), ("remote_apply", "remote_apply")],
)
@pytest.mark.parametrize("owner", ["role vaka_receiver", f"database {PLATFORM_DATABASE}"])
async def test_nothing_is_called_committed_before_it_is_on_disk(
    server: Server, default: Callable[[str, str], None], owner: str, stands: str, value: str
) -> None:
    """Whatever a server of somebody else's has for a default; what waits for standby servers is not weakened."""
    default(owner, stands)
    receiver = platform_role("receiver")
    async with await open_connection(server, receiver, PLATFORM_DATABASE, application="vaka-test") as connection:
        assert await (await connection.execute("show synchronous_commit")).fetchone() == (value,)
    pool = make_pool(server, receiver, PLATFORM_DATABASE, application="vaka-test")
    await pool.open()
    async with transaction(pool) as connection:
        assert await (await connection.execute("show synchronous_commit")).fetchone() == (value,)
    await pool.close()


async def test_transaction_is_kept_whole_or_not_at_all(pool: Pool) -> None:
    insert = "insert into settings_record (name, digest, recorded_at) values (%s, repeat('a', 64), now())"

    async def write(*names: str) -> None:
        async with transaction(pool) as connection:
            for name in names:
                await connection.execute(insert, (name,))

    with pytest.raises(psycopg.errors.CheckViolation):
        await write("Halv Händelse", "")
    await write("Hel Händelse")
    async with transaction(pool) as connection:
        rows = await (await connection.execute("select name from settings_record where name like 'H%l%e'")).fetchall()
    assert rows == [("Hel Händelse",)]


async def test_our_own_mistake_is_not_called_an_outage(pool: Pool) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        async with transaction(pool) as connection:
            await connection.execute("select * from nothing_of_the_kind")


@pytest.mark.parametrize("fault", ["no server", "no credential", "wrong database"])
async def test_server_that_does_not_answer_is_one_error(server: Server, tmp_path: Path, fault: str) -> None:
    broken = {
        "no server": replace(server, host=str(tmp_path)),
        "no credential": replace(server, credentials=tmp_path),
        "wrong database": server,
    }[fault]
    database = "postgres" if fault == "wrong database" else PLATFORM_DATABASE
    with pytest.raises(DatabaseUnavailableError) as failure:
        await open_connection(broken, DESK, database, application="vaka-test")
    assert failure.value.category is Category.UNAVAILABLE
    assert str(tmp_path) not in str(failure.value)


async def test_connection_lost_inside_a_transaction_is_one_error(pool: Pool, server: Server) -> None:
    with pytest.raises(DatabaseUnavailableError):
        async with transaction(pool) as connection:
            # A role may end its own sessions; to the client it looks like a server that went away.
            await connection.execute("select pg_terminate_backend(pg_backend_pid())")
    async with transaction(pool) as connection:
        row = await (await connection.execute("select 1")).fetchone()
    assert row == (1,)


async def test_pool_that_cannot_reach_the_server_gives_up(server: Server, tmp_path: Path) -> None:
    pool = make_pool(replace(server, host=str(tmp_path)), DESK, PLATFORM_DATABASE, application="vaka-test")
    pool.timeout = 0.2
    await pool.open()
    with pytest.raises(DatabaseUnavailableError):
        async with transaction(pool):
            pass
    await pool.close()


async def test_remote_server_must_prove_who_it_is(server: Server) -> None:
    remote = replace(server, host="db.example.org")
    assert "sslmode=verify-full" in remote.conninfo(DESK, PLATFORM_DATABASE)
    assert "sslmode" not in server.conninfo(DESK, PLATFORM_DATABASE)
    assert "password" not in remote.conninfo(DESK, PLATFORM_DATABASE)


async def test_names_of_roles_and_databases() -> None:
    assert tenant_database("ekeby") == "vaka_t_ekeby"
    assert tenant_role(tenant_database("ekeby"), "desk") == "vaka_t_ekeby_desk"
    assert platform_role("receiver") == "vaka_receiver"


async def test_machine_without_a_server_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (find_server_binaries() / "postgres").is_file()
    monkeypatch.setattr("vaka.database.binaries._candidates", lambda: iter([Path("/nonexistent")]))
    with pytest.raises(ConfigurationError, match="apt-get install postgresql"):
        find_server_binaries()
