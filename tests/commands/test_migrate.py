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
from vaka.database.cluster import Cluster
from vaka.database.provision import provision_tenant
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, platform_role

pytestmark = pytest.mark.database

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
    assert "vaka_platform: every/0001_ledger_inbox.sql, platform/0001_directory.sql" in shown.output
    assert "Nothing was changed. Apply them with --apply." in shown.output
    assert not data.cluster.is_running()

    shown = vaka("migrate", "--data", data.root, "--apply")
    assert shown.exit_code == 0, shown.output
    assert "vaka_platform: 3 migrations applied" in shown.output
    assert vaka("migrate", "--data", data.root).output == "Every database is up to date.\n"
    assert not data.cluster.is_running()


def test_every_authority_is_looked_at_and_a_changed_file_stops_it(data: DataDirectory) -> None:
    cluster = data.cluster
    cluster.start()
    try:
        provision_tenant(cluster.server, "vaka_t_ekbacka")
        execute(cluster, platform_role("setup"), PLATFORM_DATABASE,
                "insert into vaka.authority (id, slug, name, database_name, created_at) values"
                f" ('{AUTHORITY}', 'ekbacka', 'Ekbacka kommun', 'vaka_t_ekbacka', now())")  # fmt: skip
        execute(cluster, SUPERUSER, "vaka_t_ekbacka",
                "update vaka.migration set checksum = 'other' where name = 'tenant/0001_people.sql'")  # fmt: skip
    finally:
        cluster.stop()
    for options in ((), ("--apply",)):
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
    assert "vaka_t_ekbacka: every/0001_ledger_inbox.sql, tenant/0001" in vaka("migrate", "--data", data.root).output
    assert vaka("migrate", "--data", data.root, "--apply").exit_code == 0
    assert vaka("migrate", "--data", data.root).output == "Every database is up to date.\n"


def test_devices_are_imported_when_told_to_and_only_once(data: DataDirectory, tmp_path: Path) -> None:
    sheet = tmp_path / "devices.csv"
    sheet.write_text("sender;authentication;password\n8031001;digest;one\n8031002;digest;two\n")
    command = ("device", "import", "--data", data.root, "--authority", "ekbacka", sheet)
    shown = vaka(*command)
    assert shown.output == (
        "2 of 2 devices are new to Ekbacka kommun. Nothing was changed. Register them with --apply.\n"
    )
    assert vaka(*command, "--apply").output == "2 of 2 devices are new and were registered with Ekbacka kommun.\n"
    assert vaka(*command, "--apply").output == "0 of 2 devices are new and were registered with Ekbacka kommun.\n"
    sheet.write_text("sender;authentication;password\n8031003;digest;three\n8031004;digest;\n")
    shown = vaka(*command, "--apply")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "line 3: digest needs a password" in shown.stderr
    assert vaka(*command[:-2], "nowhere", sheet).stderr == (
        "vaka: There is no authority 'nowhere'. Those there are: ekbacka.\n"
    )
    data.cluster.start()
    try:
        rows = execute(data.cluster, SUPERUSER, PLATFORM_DATABASE, "select sender from vaka.device_entry order by 1")
        assert rows == [("8031001",), ("8031002",)]
    finally:
        data.cluster.stop()
