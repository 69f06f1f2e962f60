# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who may do what with the ledger: as each role, what is allowed works, and everything else is refused."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from vaka.database.provision import TENANT_COMPONENTS
from vaka.database.server import SUPERUSER, Server, tenant_role
from vaka.tenants.authorities import Authority

APPEND = "select ledger.append(now(), 'alarm.read', 'account:1', 'alarm:1', 'success', '{}')"
TABLES = ("inbox", "log_entry", "tile", "head", "checkpoint")

ALLOWED = (
    APPEND,
    "select size, root, (select max(size) from ledger.checkpoint), exists (select from ledger.inbox) from ledger.head",
    "select id, source, number from ledger.drain(1)",
    "insert into ledger.log_entry select coalesce(max(index) + 1, 0), 'leaf' from ledger.log_entry",
    "insert into ledger.tile values (0, 0, 1, sha256('a'))",
    "update ledger.tile set width = 2, data = data || sha256('b')",
    "update ledger.head set size = size + 1, root = sha256('root'), sequenced_at = now()",
    "insert into ledger.checkpoint values (1, 'note', now())",
    "update ledger.checkpoint set note = 'note again', signed_at = now()",
    "delete from ledger.checkpoint",
    "select ledger.announce_pruning('log:x')",
    "select ledger.prune(1)",
)

# What not even the sequencer may do; the triggers speak where a column's right would let it.
REFUSED = (
    "delete from ledger.inbox",
    "update ledger.inbox set actor = 'nobody'",
    "select actor from ledger.inbox",
    "insert into ledger.inbox (happened_at, event, actor) values (now(), 'alarm.read', 'x')",
    "update ledger.log_entry set leaf = 'other'",
    "delete from ledger.log_entry",
    "delete from ledger.tile",
    "update ledger.tile set data = sha256('other')",
    "update ledger.tile set width = 2, data = sha256('other') || sha256('b')",
    "update ledger.tile set index = 7",
    "delete from ledger.head",
    "insert into ledger.head values (false, 0, sha256(''), now())",
    "update ledger.head set root = sha256('other')",
    "update ledger.head set size = 0",
    "update ledger.checkpoint set size = 7",
    *(f"truncate ledger.{table}" for table in TABLES),
    *(f"alter table ledger.{table} disable trigger all" for table in TABLES),
    *(f"drop table ledger.{table}" for table in TABLES),
    "create or replace function ledger.refuse_change() returns trigger language plpgsql as 'begin return null; end'",
    "set session_replication_role = replica",
    "set role vaka_ledger",
    "select setval('ledger.inbox_id_seq', 1)",
)


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
def superuser(server: Server, tenant: Authority) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, tenant.database_name), autocommit=True)) as connection:
        connection.execute("set session_replication_role = replica")
        for table in TABLES:
            connection.execute(f"delete from ledger.{table}")
        connection.execute("insert into ledger.head values (true, 0, sha256(''), now())")
        connection.execute("reset session_replication_role")
        yield connection


def connect(server: Server, tenant: Authority, component: str) -> psycopg.Connection[tuple[object, ...]]:
    role = tenant_role(tenant.database_name, component)
    return psycopg.connect(server.conninfo(role, tenant.database_name), autocommit=True)


def refuse(connection: psycopg.Connection[tuple[object, ...]], attempt: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.WrongObjectType)):
        connection.execute(attempt.encode())


def fill(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """A row in each table, so that triggers have something to speak of."""
    for statement in (*ALLOWED[:2], *ALLOWED[3:5], *ALLOWED[6:8]):
        connection.execute(statement.encode())


@pytest.mark.usefixtures("superuser")
def test_sequencer_can_do_its_work(server: Server, tenant: Authority) -> None:
    with closing(connect(server, tenant, "sequencer")) as connection:
        for statement in ALLOWED:
            assert connection.execute(statement.encode()).rowcount == 1, statement


def test_sequencer_can_do_no_more(
    server: Server, tenant: Authority, superuser: psycopg.Connection[tuple[object, ...]]
) -> None:
    fill(superuser)
    with closing(connect(server, tenant, "sequencer")) as connection:
        for attempt in REFUSED:
            refuse(connection, attempt)


@pytest.mark.parametrize("component", sorted(set(TENANT_COMPONENTS) - {"sequencer", "portal", "scheduler", "trial"}))
def test_everybody_else_can_only_append(
    server: Server, tenant: Authority, superuser: psycopg.Connection[tuple[object, ...]], component: str
) -> None:
    fill(superuser)
    with closing(connect(server, tenant, component)) as connection:
        connection.execute(APPEND)
        for attempt in (*ALLOWED[1:], *REFUSED, *(f"select * from ledger.{table}" for table in TABLES)):
            refuse(connection, attempt)


def test_scheduler_reads_what_is_sealed_for_certificates_and_nothing_else(
    server: Server, tenant: Authority, superuser: psycopg.Connection[tuple[object, ...]]
) -> None:
    fill(superuser)
    with closing(connect(server, tenant, "scheduler")) as connection:
        connection.execute(APPEND)
        for table in TABLES[1:]:
            connection.execute(f"select * from ledger.{table}".encode())
            for attempt in (f"delete from ledger.{table}", f"insert into ledger.{table} default values"):
                refuse(connection, attempt)
        for attempt in (f"select * from ledger.{TABLES[0]}", *ALLOWED[2:], *REFUSED):
            refuse(connection, attempt)


def test_portal_reads_what_is_sealed_and_nothing_else(
    server: Server, tenant: Authority, superuser: psycopg.Connection[tuple[object, ...]]
) -> None:
    fill(superuser)
    with closing(connect(server, tenant, "portal")) as connection:
        connection.execute(APPEND)
        connection.execute("select id, written_at from ledger.inbox")
        for table in (*TABLES[1:], "entry_index"):
            connection.execute(f"select * from ledger.{table}".encode())
            for attempt in (f"delete from ledger.{table}", f"insert into ledger.{table} default values"):
                refuse(connection, attempt)
        for attempt in ("update ledger.entry_index set actor = 'nobody'", *ALLOWED[2:], *REFUSED):
            refuse(connection, attempt)


@pytest.mark.parametrize("role", [SUPERUSER, "vaka_ledger"])
@pytest.mark.parametrize(
    "attempt",
    [
        "select * from ledger.drain(1)",
        "delete from ledger.inbox",
        "update ledger.log_entry set leaf = 'other'",
        "delete from ledger.log_entry",
        "truncate ledger.log_entry",
        "delete from ledger.tile",
        "update ledger.tile set data = sha256('other')",
        "truncate ledger.tile",
        "update ledger.head set size = 0",
        "delete from ledger.head",
        "truncate ledger.head",
        "truncate ledger.checkpoint",
    ],
)
def test_triggers_refuse_even_the_owner(
    superuser: psycopg.Connection[tuple[object, ...]], role: str, attempt: str
) -> None:
    fill(superuser)
    superuser.execute(f"set role {role}")
    refuse(superuser, attempt)


def test_sequencers_right_is_its_login_not_a_role_that_somebody_takes(
    superuser: psycopg.Connection[tuple[object, ...]], tenant: Authority
) -> None:
    superuser.execute(APPEND)
    superuser.execute(f"set role {tenant_role(tenant.database_name, 'sequencer')}")
    refuse(superuser, "select * from ledger.drain(1)")


@pytest.mark.usefixtures("superuser")
def test_an_identity_and_a_counter_come_with_every_entry(server: Server, tenant: Authority) -> None:
    with closing(connect(server, tenant, "desk")) as desk, closing(connect(server, tenant, "receiver")) as receiver:
        for connection in (desk, receiver, desk):
            connection.execute(APPEND)
        with desk.transaction(force_rollback=True):
            desk.execute(APPEND)
        desk.execute(APPEND)
    with closing(connect(server, tenant, "sequencer")) as sequencer:
        rows = sequencer.execute("select source, number, written_by from ledger.drain(10)").fetchall()
    found = {(str(role).rsplit("_", 1)[-1], source, number) for source, number, role in rows}
    assert len({source for _, source, _ in found}) == 2
    assert sorted((role, number) for role, _, number in found) == [
        ("desk", 1), ("desk", 2), ("desk", 3), ("receiver", 1),
    ]  # fmt: skip
