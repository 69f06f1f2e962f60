# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every login role against the ledger of every database it may enter: it appends, and no trick gets it further.

What the sequencer may do, and what the triggers refuse even to owners, is in tests/database/test_ledger_roles.py.
"""

from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from vaka.database.connections import open_connection
from vaka.database.provision import PLATFORM_COMPONENTS, TENANT_COMPONENTS
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_role
from vaka.ledger.sequencer import sequence
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

APPEND = "select ledger.append(now(), 'alarm.read', 'account:1', 'alarm:1', 'success', '{}')"
TABLES = ("inbox", "log_entry", "tile", "head", "checkpoint")

ON_EACH_TABLE = (
    "truncate ledger.{}",
    "alter table ledger.{} disable trigger all",
    "alter table ledger.{} disable trigger user",
    "alter table ledger.{} owner to current_user",
    "alter table ledger.{} add column mine text",
    "alter table ledger.{} rename to mine",
    "alter table ledger.{} set schema public",
    "alter table ledger.{} enable row level security",
    "create trigger mine before insert on ledger.{} execute function ledger.refuse_change()",
    "create rule mine as on insert to ledger.{} do instead nothing",
    "create policy mine on ledger.{}",
    "create index mine on ledger.{} ((1))",
    "drop table ledger.{} cascade",
    "comment on table ledger.{} is 'mine'",
)
TRICKS = (
    # becoming somebody else
    "set role vaka_ledger",
    "set role vaka_owner",
    "set role vaka_superuser",
    "set session authorization vaka_ledger",
    "set session authorization vaka_superuser",
    "grant vaka_ledger to current_user",
    "grant pg_write_all_data to current_user",
    "alter role current_user superuser",
    "alter role current_user createrole",
    "create role mine",
    # turning the guards off
    "set session_replication_role = replica",
    "alter system set session_replication_role = replica",
    "drop trigger only_drained on ledger.inbox",
    "drop function ledger.refuse_change cascade",
    "create or replace function ledger.refuse_change() returns trigger language plpgsql as 'begin return new; end'",
    "alter function ledger.append owner to current_user",
    "alter function ledger.drain security invoker",
    "drop schema ledger cascade",
    "alter schema ledger owner to current_user",
    "create function ledger.mine() returns int language sql as 'select 1'",
    "create table ledger.mine (a int)",
    "create event trigger mine on ddl_command_start execute function ledger.refuse_change()",
    # standing in the way of what the functions look for
    "create temp table inbox (id bigint)",
    "create schema mine",
    "create table public.inbox (id bigint)",
    "create function public.clock_timestamp() returns timestamptz language sql as 'select now()'",
    # going round: the files, and what reads and writes them
    "copy ledger.inbox to '/tmp/mine'",
    "copy ledger.inbox to program 'cat'",
    "copy ledger.log_entry from program 'echo'",
    "select pg_read_file('postgresql.conf')",
    "select pg_ls_dir('base')",
    "select lo_import('/etc/hostname')",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'vaka_superuser'",
    "select pg_switch_wal()",
    "select pg_drop_replication_slot('x')",
    "create extension dblink schema ledger",
    # counting
    "select setval('ledger.inbox_id_seq', 1)",
    "select nextval('ledger.inbox_id_seq')",
    "alter sequence ledger.inbox_id_seq restart",
    "alter default privileges for role vaka_ledger grant all on tables to current_user",
    "insert into ledger.inbox (happened_at, event, actor, written_by) values (now(), 'a.b', 'x', 'somebody')",
)
LOCKS = (
    "select pg_advisory_lock(1936027502)",
    "select only_one from ledger.head for update",
    "select only_one from ledger.head for key share",
    "select id from ledger.inbox for update",
    *(f"lock table ledger.{table} in {mode} mode" for table in TABLES
      for mode in ("access share", "row share", "row exclusive", "share", "exclusive", "access exclusive")),
)  # fmt: skip
"""What a login may try to hold, so that nobody seals."""
REFUSED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.DuplicateFunction,
    psycopg.errors.WrongObjectType,
)


APPENDS_NOTHING = {"notifier", "trial"}
"""The first reaches out of the machine: three functions say for it what became of a notice, and it writes nothing.
The other is a device, and what it sends the receiver enters."""


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.mark.parametrize(
    ("kind", "component"),
    [("platform", each) for each in PLATFORM_COMPONENTS] + [("tenant", each) for each in TENANT_COMPONENTS],
)
def test_role_appends_and_no_trick_gets_it_further(
    server: Server, tenant: Authority, kind: str, component: str
) -> None:
    database = PLATFORM_DATABASE if kind == "platform" else tenant.database_name
    role = platform_role(component) if kind == "platform" else tenant_role(database, component)
    with closing(psycopg.connect(server.conninfo(role, database), autocommit=True)) as connection:
        if component in APPENDS_NOTHING:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(APPEND)
        else:
            assert connection.execute(APPEND).rowcount == 1
        worked = []
        for trick in (*(each.format(table) for each in ON_EACH_TABLE for table in TABLES), *TRICKS):
            try:
                connection.execute(trick.encode())
            except REFUSED:
                continue
            worked.append(trick)
        assert worked == []
        assert component in APPENDS_NOTHING or connection.execute(APPEND).rowcount == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    "component", [each for each in TENANT_COMPONENTS if each not in {"sequencer", *APPENDS_NOTHING}]
)
async def test_whatever_a_login_holds_the_log_is_sealed(server: Server, tenant: Authority, component: str) -> None:
    database = tenant.database_name
    held = []
    with closing(psycopg.connect(server.conninfo(tenant_role(database, component), database))) as holder:
        holder.execute(APPEND)
        holder.commit()
        for lock in LOCKS:
            try:
                with holder.transaction():
                    holder.execute(lock.encode())
            except REFUSED:
                continue
            held.append(lock)
            holder.execute(lock.encode())
        assert held
        async with await open_connection(
            server, tenant_role(database, "sequencer"), database, application="test"
        ) as sequencer:
            await sequencer.execute("set lock_timeout = '5s'")
            sealed = await sequence(sequencer)
        assert sealed is not None
        assert sealed.added


def test_entry_says_who_wrote_it_whatever_the_writer_says(server: Server, tenant: Authority) -> None:
    """The login role and the time are the database's word; a session's source and number are its own."""
    role = tenant_role(tenant.database_name, "desk")
    with closing(psycopg.connect(server.conninfo(role, tenant.database_name), autocommit=True)) as desk:
        desk.execute("set application_name = 'scheduler'")
        desk.execute("select set_config('ledger.source', 'receiver-1', false)")
        desk.execute(APPEND)
    conninfo = server.conninfo(tenant_role(tenant.database_name, "sequencer"), tenant.database_name)
    with closing(psycopg.connect(conninfo, autocommit=True)) as sequencer:
        rows = sequencer.execute(
            "select written_by, source, abs(extract(epoch from now() - written_at)) < 60 from ledger.drain(1000)"
        ).fetchall()
    assert (role, "receiver-1", True) in rows
