# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka migrate` and `vaka device import` against a real server that only they start."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from vaka.commands.data_directory import DataDirectory
from vaka.commands.main import main
from vaka.commands.protection import known_state, look
from vaka.database.cluster import Cluster
from vaka.database.migrate import migrations_for
from vaka.database.provision import provision_tenant
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, platform_role
from vaka.keys.identities import open_identities

pytestmark = pytest.mark.database

EVERY = ", ".join(migration.name for migration in migrations_for("platform") if migration.name.startswith("every/"))
APPLY = ("--apply", "--change", "C-17", "--reason", "Planerat underhåll")
AUTHORITY = "018f0000-0000-7000-8000-000000000001"


@pytest.fixture(scope="module")
def data() -> Iterator[DataDirectory]:
    path = Path(tempfile.mkdtemp(prefix="vaka-migrate-"))
    path.chmod(0o755)
    (path / "vaka.toml").write_text("[receiver]\ntls_port = false\n")
    yield DataDirectory(path)
    shutil.rmtree(path, ignore_errors=True)


def vaka(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def execute(cluster: Cluster, role: str, database: str, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg.connect(cluster.server.conninfo(role, database), autocommit=True)) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_a_new_installation_lacks_everything_until_told_to_apply(data: DataDirectory) -> None:
    shown = vaka("migrate", "--data", data.root)
    assert shown.exit_code == 0, shown.output
    assert f"vaka_platform: {EVERY}, platform/0001_directory.sql" in shown.output
    assert "Nothing was changed. Apply them with --apply." in shown.output
    assert not data.cluster.is_running()

    shown = vaka("migrate", "--data", data.root, *APPLY)
    assert shown.exit_code == 0, shown.output
    assert f"vaka_platform: {len(migrations_for('platform'))} migrations applied" in shown.output
    assert vaka("migrate", "--data", data.root).output == "Every database is up to date.\n"
    assert not data.cluster.is_running()
    # What processes would make at their first start is there, and nothing of it shows as changed.
    made = {"receiver-challenges.secret", "subjects.key", "certificates.key", "notices.key", "packs.key"}
    made |= {"packs.pem", "notices.pem", "vaka_platform.log.key"}
    assert made <= {one.name for one in data.credentials.iterdir()}
    data.cluster.start()
    with closing(psycopg.connect(data.cluster.server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as connection:
        connection.execute("set search_path = vaka")
        assert known_state(connection) == look(data.root, data.cluster.server)
    data.cluster.stop()


def test_every_authority_is_looked_at_and_a_changed_file_stops_it(data: DataDirectory) -> None:
    cluster = data.cluster
    cluster.start()
    try:
        provision_tenant(cluster.server, "vaka_t_ekbacka")
        execute(cluster, platform_role("setup"), PLATFORM_DATABASE,
                "insert into vaka.authority (id, slug, name, database_name, address, created_at) values"
                f" ('{AUTHORITY}', 'ekbacka', 'Ekbacka kommun', 'vaka_t_ekbacka', sha256('x'), now())")  # fmt: skip
        execute(cluster, SUPERUSER, "vaka_t_ekbacka",
                "update vaka.migration set checksum = 'other' where name = 'tenant/0001_people.sql'")  # fmt: skip
    finally:
        cluster.stop()
    for options in ((), APPLY):
        shown = vaka("migrate", "--data", data.root, *options)
        assert shown.exit_code == 1
        assert "The migration tenant/0001_people.sql has changed since it was applied." in shown.stderr
    assert not cluster.is_running()
    cluster.start()
    try:
        execute(cluster, SUPERUSER, "vaka_t_ekbacka", "drop schema vaka cascade")
        execute(cluster, SUPERUSER, "vaka_t_ekbacka", "drop schema ledger cascade")
    finally:
        cluster.stop()
    assert f"vaka_t_ekbacka: {EVERY}, tenant/0001" in vaka("migrate", "--data", data.root).output
    assert vaka("migrate", "--data", data.root, *APPLY).exit_code == 0
    assert vaka("migrate", "--data", data.root).output == "Every database is up to date.\n"


def test_devices_are_imported_when_told_to_and_only_once(data: DataDirectory, tmp_path: Path) -> None:
    sheet = tmp_path / "devices.csv"
    sheet.write_text("sender;authentication;password\n8031001;digest;one of them is\n8031002;digest;two of them are\n")
    command = ("device", "import", "--data", data.root, "--authority", "ekbacka", sheet)
    shown = vaka(*command)
    assert shown.output == (
        "2 of 2 devices are new to Ekbacka kommun; the others become what their lines say. Nothing was changed. "
        "Do it with --apply.\n"
    )
    done = "Ekbacka kommun: {} of 2 devices are new and were registered, {} changed.\n"
    assert vaka(*command, *APPLY).output.startswith(done.format(2, 0))
    assert vaka(*command, *APPLY).output.startswith(done.format(0, 0))
    sheet.write_text(sheet.read_text().replace("two", "another"))
    assert vaka(*command, *APPLY).output.startswith(done.format(0, 1))
    sheet.write_text("sender;authentication;password\n8031003;digest;three of them are\n8031004;digest;\n")
    shown = vaka(*command, *APPLY)
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "line 3: digest needs a password" in shown.stderr
    assert vaka(*command[:-2], "nowhere", sheet).stderr == (
        "vaka: There is no authority 'nowhere'. Those there are: ekbacka.\n"
    )
    data.cluster.start()
    try:
        rows = execute(data.cluster, SUPERUSER, PLATFORM_DATABASE, "select sender from vaka.device_entry order by 1")
        blind = open_identities(data.credentials).blind
        assert {sender for (sender,) in rows} == {blind("8031001"), blind("8031002")}
    finally:
        data.cluster.stop()


def test_a_migration_that_fails_in_one_authority_leaves_the_next_untouched(data: DataDirectory) -> None:
    """Two authorities lack the newest file; in the first something is in its way."""
    cluster, newest = data.cluster, "tenant/0003_accept.sql"
    functions = [
        "end_alarms(text, text, text, timestamptz)", "raised_by_others(alarm, text)", "alarm_rests(uuid)",
        "accept_messages(jsonb, text)", "record_signs_of_life(jsonb)", "forget_repeats(timestamptz)",
    ]  # fmt: skip
    away = "".join(f"drop function vaka.{name.replace('(alarm', '(vaka.alarm')};" for name in functions)
    forgotten = f"delete from vaka.migration where name = '{newest}'"
    cluster.start()
    try:
        provision_tenant(cluster.server, "vaka_t_norrvik")
        execute(cluster, platform_role("setup"), PLATFORM_DATABASE,
                "insert into vaka.authority (id, slug, name, database_name, address, created_at) values"
                f" ('{AUTHORITY[:-1]}2', 'norrvik', 'Norrvik', 'vaka_t_norrvik', sha256('x'), now())")  # fmt: skip
        for database in ("vaka_t_ekbacka", "vaka_t_norrvik"):
            execute(cluster, SUPERUSER, database, away)
            execute(cluster, SUPERUSER, database, forgotten)
        obstacle = "create function vaka.record_signs_of_life(jsonb) returns integer language sql as 'select 1'"
        execute(cluster, SUPERUSER, "vaka_t_ekbacka", obstacle)
    finally:
        cluster.stop()
    shown = vaka("migrate", "--data", data.root, *APPLY)
    assert shown.exit_code == 1
    assert newest in shown.stderr
    assert "vaka_t_norrvik" not in shown.output
    assert vaka("migrate", "--data", data.root).output.splitlines()[:2] == [
        f"vaka_t_ekbacka: {newest}", f"vaka_t_norrvik: {newest}",
    ]  # fmt: skip
    cluster.start()
    try:
        # Of the file that failed nothing stayed, and in the next authority nothing was begun.
        made = "select count(*) from pg_proc where proname = 'end_alarms'"
        for database in ("vaka_t_ekbacka", "vaka_t_norrvik"):
            assert execute(cluster, SUPERUSER, database, made) == [(0,)]
        execute(cluster, SUPERUSER, "vaka_t_ekbacka", "drop function vaka.record_signs_of_life(jsonb)")
    finally:
        cluster.stop()
    shown = vaka("migrate", "--data", data.root, *APPLY)
    assert shown.exit_code == 0, shown.output
    for database in ("vaka_t_ekbacka", "vaka_t_norrvik"):
        assert f"{database}: 1 migration applied" in shown.output
    assert vaka("migrate", "--data", data.root).output == "Every database is up to date.\n"
