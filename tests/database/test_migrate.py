# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Migrations: each file once, in order, whole or not at all; history is not edited and the future is not guessed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count

import psycopg
import pytest

from vaka.database import migrate as subject
from vaka.database.migrate import Migration, MigrationError, grants_for, migrate, migrations_for
from vaka.database.provision import migrate_database, provision_keys, provision_platform, provision_tenant
from vaka.database.server import KEY_DATABASE, SUPERUSER, Server, tenant_role
from vaka.errors import ConfigurationError

Connection = psycopg.Connection[object]
_numbers = count(1)

FIRST = Migration("tenant/9001_first.sql", "create table first (id integer)")
SECOND = Migration("tenant/9002_second.sql", "create table second (id integer)")
FAULTY = Migration("tenant/9002_faulty.sql", "create table half (id integer); insert into first values ('hemligt')")
THIRD = Migration("tenant/9003_third.sql", "create table third (id integer)")


@pytest.fixture
def database(server: Server) -> str:
    """A migrated authority's database of this test's own."""
    name = f"vaka_t_flytt_{next(_numbers)}"
    provision_tenant(server, name)
    return name


@pytest.fixture
def connection(server: Server, database: str) -> Iterator[Connection]:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, database), autocommit=True)) as opened:
        yield opened


def tables(connection: Connection) -> set[str]:
    rows = connection.execute("select tablename::text from pg_tables where schemaname = 'vaka'").fetchall()
    return {str(row[0]) for row in rows}  # type: ignore[index]


def applied(connection: Connection) -> set[str]:
    rows = connection.execute("select name from vaka.migration").fetchall()
    return {str(row[0]) for row in rows}  # type: ignore[index]


def shipped() -> list[Migration]:
    return migrations_for("tenant")


@pytest.mark.parametrize("kind", ["platform", "tenant", "keys"])
def test_files_are_in_order_and_numbered_without_gaps(kind: subject.Kind) -> None:
    names = [migration.name for migration in migrations_for(kind)]
    folders = [name.split("/")[0] for name in names]
    assert folders == sorted(folders, key=["every", kind].index)
    assert ("every" in folders) == (kind != "keys")
    for folder in ("every", kind):
        numbers = [int(name.split("/")[1][:4]) for name in names if name.startswith(folder)]
        assert numbers == list(range(1, len(numbers) + 1))


def test_fresh_database_gets_every_file_and_a_second_run_does_nothing(server: Server) -> None:
    name = f"vaka_t_flytt_{next(_numbers)}"
    assert provision_tenant(server, name) == [migration.name for migration in shipped()]
    assert provision_tenant(server, name) == []
    assert migrate_database(server, name, "tenant") == []


def test_platform_is_provisioned_again_without_change(server: Server) -> None:
    before = {path.name: path.read_text() for path in server.credentials.iterdir()}
    assert provision_platform(server) == []
    assert {path.name: path.read_text() for path in server.credentials.iterdir()} == before


def test_key_database_is_provisioned_again_without_change_and_a_changed_file_stops_it(server: Server) -> None:
    before = {path.name: path.read_text() for path in server.credentials.iterdir()}
    assert provision_keys(server) == []
    assert {path.name: path.read_text() for path in server.credentials.iterdir()} == before
    with closing(psycopg.connect(server.conninfo(SUPERUSER, KEY_DATABASE), autocommit=True)) as connection:
        connection.execute("grant select on vaka.subject_key to g_setup, public")
        provision_keys(server)
        row = connection.execute("select has_table_privilege('g_setup', 'vaka.subject_key', 'select')").fetchone()
        assert row == (False,)
        first = migrations_for("keys")[0]
        edited = [Migration(first.name, first.text + " -- a harmless remark")]
        with pytest.raises(ConfigurationError, match="has changed since it was applied"):
            migrate(connection, "keys", edited)


def test_lost_credential_is_replaced_and_works(server: Server, database: str) -> None:
    role = tenant_role(database, "desk")
    path = server.credential_file(role)
    lost = path.read_text()
    path.unlink()
    provision_tenant(server, database)
    assert path.read_text() != lost
    psycopg.connect(server.conninfo(role, database)).close()


def test_applied_file_that_changed_stops_everything(connection: Connection) -> None:
    migrate(connection, "tenant", [*shipped(), FIRST])
    edited = Migration(FIRST.name, FIRST.text + " -- a harmless remark")
    with pytest.raises(ConfigurationError, match=r"9001_first\.sql has changed since it was applied"):
        migrate(connection, "tenant", [*shipped(), edited, SECOND])
    assert "second" not in tables(connection)


def test_database_newer_than_the_program_is_left_alone(connection: Connection) -> None:
    migrate(connection, "tenant", [*shipped(), FIRST])
    with pytest.raises(ConfigurationError, match=r"newer than this version of Vaka: it has tenant/9001_first\.sql"):
        migrate(connection, "tenant", shipped())
    assert "first" in tables(connection)


def test_failing_file_leaves_the_first_in_place_and_the_third_untried(connection: Connection) -> None:
    with pytest.raises(MigrationError) as failure:
        migrate(connection, "tenant", [*shipped(), FIRST, FAULTY, THIRD])
    assert failure.value.migration == FAULTY.name
    assert "first" in tables(connection)
    assert not {"half", "third"} & tables(connection)
    assert FIRST.name in applied(connection)
    assert not {FAULTY.name, THIRD.name} & applied(connection)


def test_failure_says_which_file_and_what_to_do_but_no_value(connection: Connection) -> None:
    with pytest.raises(MigrationError) as failure:
        migrate(connection, "tenant", [*shipped(), FIRST, FAULTY])
    sentence = failure.value.sentence.en
    assert FAULTY.name in sentence
    assert "22P02" in sentence
    assert "run this again" in sentence
    assert "hemligt" not in sentence


def test_corrected_file_is_applied_by_the_next_run(connection: Connection) -> None:
    with pytest.raises(MigrationError):
        migrate(connection, "tenant", [*shipped(), FIRST, FAULTY, THIRD])
    corrected = Migration(FAULTY.name, "create table half (id integer)")
    assert migrate(connection, "tenant", [*shipped(), FIRST, corrected, THIRD]) == [FAULTY.name, THIRD.name]


def test_second_migrator_is_turned_away_and_the_lock_is_given_back(
    server: Server, database: str, connection: Connection
) -> None:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, database), autocommit=True)) as other:
        other.execute("select pg_advisory_lock(%s)", (subject._LOCK,))
        with pytest.raises(ConfigurationError, match="Another migration of this database is under way"):
            migrate(connection, "tenant", [*shipped(), FIRST])
        assert "first" not in tables(connection)
        # Unlocked in words: a server's process may outlive its closed connection for a moment, and its lock with it.
        other.execute("select pg_advisory_unlock(%s)", (subject._LOCK,))
    assert migrate(connection, "tenant", [*shipped(), FIRST]) == [FIRST.name]
    held = connection.execute(
        "select count(*) from pg_locks join pg_database d on d.oid = database"
        " where locktype = 'advisory' and d.datname = current_database()"
    ).fetchone()
    assert held == (0,)


def test_lock_is_given_back_after_a_failure(server: Server, database: str, connection: Connection) -> None:
    with pytest.raises(MigrationError):
        migrate(connection, "tenant", [*shipped(), FIRST, FAULTY])
    with closing(psycopg.connect(server.conninfo(SUPERUSER, database), autocommit=True)) as other:
        migrate(other, "tenant", [*shipped(), FIRST])


def test_a_migration_runs_under_both_time_limits_as_the_owner(connection: Connection) -> None:
    witness = Migration(
        "tenant/9001_witness.sql",
        "create table witness as select current_setting('lock_timeout') as waits,"
        " current_setting('statement_timeout') as runs, current_user::text as owner",
    )
    migrate(connection, "tenant", [*shipped(), witness])
    assert connection.execute("select * from vaka.witness").fetchone() == ("5s", "5min", "vaka_owner")


def test_waiting_for_a_busy_table_ends_in_a_refusal_not_in_a_queue(
    server: Server, database: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a migration waits for a table, everyone else waits behind it: so it gives up, and nothing was changed."""
    monkeypatch.setattr(subject, "_LOCK_TIMEOUT", "set lock_timeout = '50ms'")
    change = Migration("tenant/9001_change.sql", "alter table alarm add column intruder text")
    with closing(psycopg.connect(server.conninfo(SUPERUSER, database), autocommit=True)) as other, other.transaction():
        other.execute("select * from vaka.alarm")
        with pytest.raises(MigrationError, match="55P03"):
            migrate(connection, "tenant", [*shipped(), change])
    assert migrate(connection, "tenant", [*shipped(), change]) == [change.name]


def test_right_given_by_hand_is_gone_after_the_next_run(server: Server, connection: Connection) -> None:
    connection.execute("grant select on vaka.person to g_receiver, public")
    connection.execute("grant select (phone) on vaka.person to g_scheduler")
    connection.execute("grant execute on function vaka.forget_repeats to g_desk")
    migrate(connection, "tenant")
    for question in (
        "select has_table_privilege('g_receiver', 'vaka.person', 'select')",
        "select has_table_privilege('public', 'vaka.person', 'select')",
        "select has_column_privilege('g_scheduler', 'vaka.person', 'phone', 'select')",
        "select has_function_privilege('g_desk', 'vaka.forget_repeats(timestamptz)', 'execute')",
    ):
        assert connection.execute(question).fetchone() == (False,), question


def test_new_table_and_function_are_closed_until_the_page_of_grants_names_them(connection: Connection) -> None:
    addition = Migration(
        "tenant/9001_addition.sql",
        "create table fresh (id integer);"
        " create function act() returns integer language sql set search_path = pg_catalog, pg_temp as 'select 1'",
    )
    migrate(connection, "tenant", [*shipped(), addition])
    for group in subject.GROUPS:
        row = connection.execute(
            "select has_table_privilege(who, 'vaka.fresh', 'select'),"
            " has_function_privilege(who, 'vaka.act()', 'execute') from (select %s::name as who) as asked",
            (group,),
        ).fetchone()
        assert row == (False, False), group


def test_page_of_grants_has_a_section_for_each_kind() -> None:
    assert "on function accept_messages" in grants_for("tenant")
    assert "on function accept_messages" not in grants_for("platform")
    assert "on installation" in grants_for("platform")
    assert "on installation" not in grants_for("tenant")
    for kind in ("platform", "tenant"):
        assert "ledger.append" in grants_for(kind)
    assert "ledger" not in grants_for("keys")
    assert "g_keyholder" in grants_for("keys")
    assert "g_keyholder" not in grants_for("tenant") + grants_for("platform")


def test_authorities_may_be_provisioned_at_the_same_time(server: Server) -> None:
    names = [f"vaka_t_samtidig_{number}" for number in range(3)]
    with ThreadPoolExecutor() as threads:
        results = list(threads.map(lambda name: provision_tenant(server, name), names))
    assert results == [[migration.name for migration in shipped()]] * 3
