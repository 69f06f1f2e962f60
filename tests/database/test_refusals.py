# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the catalogue says is one thing; here each role really tries, and is refused."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from vaka.database.provision import PLATFORM_COMPONENTS, TENANT_COMPONENTS
from vaka.database.server import KEY_DATABASE, PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_role
from vaka.tenants.authorities import Authority

LOGINS = [("platform", name) for name in PLATFORM_COMPONENTS] + [("tenant", name) for name in TENANT_COMPONENTS]
LOGINS.append(("keys", "keyholder"))

# Never allowed to any component, on any table.
ON_ANY_TABLE = (
    "truncate {table}",
    "drop table {table}",
    "alter table {table} add column intruder text",
    "alter table {table} disable trigger all",
    "alter table {table} owner to current_user",
    "create index on {table} ((1))",
    "create trigger intruder before insert on {table} execute function suppress_redundant_updates_trigger()",
    "create rule intruder as on insert to {table} do instead nothing",
    "comment on table {table} is 'intruder'",
    "copy {table} to program 'true'",
    "copy {table} from '/etc/hostname'",
)

ANYWHERE = (
    "create table vaka.intruder (id integer)",
    "create table ledger.intruder (id integer)",
    "create table public.intruder (id integer)",
    "create temp table intruder (id integer)",
    "create temp view intruder as select 1",
    "create schema intruder",
    "create function vaka.intruder() returns integer language sql as 'select 1'",
    "create function pg_temp.intruder() returns integer language sql as 'select 1'",
    "create function public.intruder() returns integer language sql as 'select 1'",
    "create extension pgcrypto schema vaka",
    "create role intruder",
    "create database intruder",
    "create publication intruder",
    "create foreign data wrapper intruder",
    "alter role current_user superuser",
    "alter role current_user createrole",
    "alter role vaka_ledger login",
    "alter system set fsync = off",
    "alter database postgres set fsync = off",
    "alter function ledger.append security invoker",
    "drop function ledger.append",
    "drop schema vaka cascade",
    "drop owned by vaka_owner",
    "reassign owned by vaka_owner to current_user",
    "grant vaka_owner to current_user",
    "grant g_setup to current_user",
    "grant pg_write_all_data to current_user",
    "set session_replication_role = replica",
    "set log_statement = 'all'",
    "set role vaka_owner",
    "load 'auto_explain'",
    "select pg_read_file('postgresql.conf')",
    "select pg_ls_dir('.')",
    "select pg_reload_conf()",
    "select pg_rotate_logfile()",
    "select pg_switch_wal()",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'vaka_superuser'",
    "select rolpassword from pg_authid",
    "select lo_create(0)",
    "select lo_creat(0)",
    "select lo_from_bytea(0, 'intruder')",
    "select lo_import('/etc/hostname')",
    "copy (select 1) to program 'true'",
    "copy (select 1) to '/tmp/intruder'",
    "update ledger.inbox set actor = actor",
    "delete from ledger.inbox",
    "select * from ledger.inbox",
    "insert into ledger.inbox (happened_at, event, actor) values (now(), 'alarm.closed', 'intruder')",
    "select ledger.refuse_change()",
    "update vaka.migration set checksum = ''",
    "select * from vaka.migration",
)


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture(params=LOGINS, ids=["-".join(login) for login in LOGINS])
def connection(
    request: pytest.FixtureRequest, server: Server, tenant: Authority
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection as each login role in turn, to the database that is its own."""
    kind, component = request.param
    database = {"platform": PLATFORM_DATABASE, "tenant": tenant.database_name, "keys": KEY_DATABASE}[kind]
    role = tenant_role(database, component) if kind == "tenant" else platform_role(component)
    with closing(psycopg.connect(server.conninfo(role, database), autocommit=True)) as opened:
        yield opened


def tables(server: Server, database: str) -> list[str]:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, database), autocommit=True)) as catalogue:
        rows = catalogue.execute(
            "select schemaname || '.' || tablename from pg_tables where schemaname in ('vaka', 'ledger')"
        ).fetchall()
    return [str(name) for (name,) in rows]


def test_term_14_2_no_component_changes_what_a_table_is(
    connection: psycopg.Connection[tuple[object, ...]], server: Server
) -> None:
    found = tables(server, connection.info.dbname)
    assert len(found) > 5
    for table in found:
        for attempt in ON_ANY_TABLE:
            refuse(connection, attempt.format(table=table))


def test_term_14_2_no_component_reaches_beyond_its_tables(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    for attempt in ANYWHERE:
        # The key database has no ledger that anybody could reach.
        if "ledger." not in attempt or connection.info.dbname != KEY_DATABASE:
            refuse(connection, attempt)


def test_term_14_2_tables_without_a_grant_can_be_neither_read_nor_written(
    connection: psycopg.Connection[tuple[object, ...]], server: Server
) -> None:
    """The verbs of daily work, tried on every table: what has_table_privilege denies is refused in fact."""
    for table in tables(server, connection.info.dbname):
        for right, attempt in (
            ("select", f"select * from {table}"),
            ("insert", f"insert into {table} default values"),
            ("update", f"update {table} set {_first_column(server, connection, table)} = default"),
            ("delete", f"delete from {table}"),
        ):
            if not _may(server, connection, table, right):
                refuse(connection, attempt)


@pytest.mark.parametrize("component", TENANT_COMPONENTS)
def test_nobody_can_hold_up_the_alarms(server: Server, tenant: Authority, component: str) -> None:
    role = tenant_role(tenant.database_name, component)
    with closing(psycopg.connect(server.conninfo(role, tenant.database_name), autocommit=True)) as connection:
        for table in ("vaka.alarm", "vaka.message", "vaka.repeat_key", "vaka.alarm_step", "ledger.inbox"):
            refuse(connection, f"do $$ begin lock table {table} in share mode; end $$")


def test_objects_in_front_of_ours_change_nothing(server: Server, tenant: Authority) -> None:
    """Even with tables and functions of the same names found first by everyone else, ours are the ones used.

    No component may create them (see above), so the superuser does it here, in its own session's temporary schema.
    """
    with closing(psycopg.connect(server.conninfo(SUPERUSER, tenant.database_name), autocommit=True)) as connection:
        connection.execute("create temp table inbox (like ledger.inbox including all)")
        connection.execute("create temp table alarm (like vaka.alarm including all)")
        connection.execute("create temp table message (like vaka.message including all)")
        connection.execute("create temp table repeat_key (like vaka.repeat_key including all)")
        connection.execute("create temp table policy (like vaka.policy including all)")
        connection.execute(
            "create function pg_temp.announce_alarms(uuid[]) returns void language plpgsql as"
            " 'begin raise exception ''shadowed''; end'"
        )
        for table in ("inbox", "alarm", "message", "repeat_key", "policy"):
            connection.execute(f"grant all on pg_temp.{table} to public")
        connection.execute("set search_path = pg_temp, vaka, ledger")
        before = _counts(connection)
        connection.execute("select ledger.append(now(), 'access.denied', 'device', '', 'failure', '{}')")
        connection.execute(
            """select * from vaka.accept_messages(jsonb_build_array(jsonb_build_object(
                'place', 0, 'message_id', gen_random_uuid(), 'alarm_id', gen_random_uuid(),
                'sender', '~' || repeat('a', 28), 'ref', 'shadow', 'digest', 'shadow', 'received_at', now(),
                'class', 'life', 'kind', 'button', 'effect', 'raise', 'transport', 'udp',
                'subject_id', gen_random_uuid())), 'receiver-1')"""
        )
        after = _counts(connection)
    grown = {name: after[name] - before[name] for name in after}
    assert grown == {
        "ledger.inbox": 2, "vaka.alarm": 1, "vaka.message": 1, "vaka.repeat_key": 1,
        "pg_temp.inbox": 0, "pg_temp.alarm": 0, "pg_temp.message": 0, "pg_temp.repeat_key": 0,
    }  # fmt: skip


def test_term_31_6_what_is_sent_cannot_become_sql(
    server: Server, tenant: Authority, new_authority: Callable[..., Authority]
) -> None:
    """An injection that reached the database as a desk would still see one authority, and change no fact of it."""
    other = new_authority()
    role = tenant_role(tenant.database_name, "desk")
    with closing(psycopg.connect(server.conninfo(role, tenant.database_name), autocommit=True)) as connection:
        for attempt in (
            f"select * from {other.database_name}.vaka.person",
            f"select * from dblink('dbname={other.database_name}', 'select 1') as t(x integer)",
        ):
            with pytest.raises((psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFunction)):
                connection.execute(attempt)
        for column in ("sender", "received_at", "class", "kind", "person_id", "messages"):
            refuse(connection, f"update vaka.alarm set {column} = {column}")


def _counts(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, int]:
    found = {}
    for schema, tables_ in (
        ("ledger", ("inbox",)),
        ("vaka", ("alarm", "message", "repeat_key")),
        ("pg_temp", ("inbox", "alarm", "message", "repeat_key")),
    ):
        for table in tables_:
            row = connection.execute(f"select count(*) from {schema}.{table}").fetchone()
            assert row is not None
            found[f"{schema}.{table}"] = int(str(row[0]))
    return found


def refuse(connection: psycopg.Connection[tuple[object, ...]], attempt: str) -> None:
    """Insist that the statement fails for lack of a right, and for no other reason."""
    try:
        connection.execute(attempt)
    except psycopg.errors.InsufficientPrivilege:
        return
    pytest.fail(f"{connection.info.user} could: {attempt}")


def _may(server: Server, connection: psycopg.Connection[tuple[object, ...]], table: str, right: str) -> bool:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, connection.info.dbname), autocommit=True)) as catalogue:
        # Whoever may read each column may read the table. Which they may is in tests/database/test_grants.py.
        row = catalogue.execute(
            "select has_table_privilege(%(user)s, %(table)s, %(right)s) or (%(right)s = 'select' and"
            " (select bool_and(has_column_privilege(%(user)s, a.attrelid, a.attnum, 'select')) from pg_attribute a"
            "  where a.attrelid = %(table)s::regclass and a.attnum > 0 and not a.attisdropped))",
            {"user": connection.info.user, "table": table, "right": right},
        ).fetchone()
    return row == (True,)


def _first_column(server: Server, connection: psycopg.Connection[tuple[object, ...]], table: str) -> str:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, connection.info.dbname), autocommit=True)) as catalogue:
        row = catalogue.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum = 1", (table,)
        ).fetchone()
    assert row is not None
    return str(row[0])
