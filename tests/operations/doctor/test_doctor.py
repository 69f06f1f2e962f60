# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: F811 - a fixture that is imported and asked for
"""`vaka doctor` as somebody runs it: with the database and without, as root and as nobody, in words and as JSON."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.commands.conftest import installed, made  # noqa: F401
from tests.commands.test_maintenance import vaka
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities
from vaka.commands.sealing import seal_logs
from vaka.database.server import KEY_DATABASE, PLATFORM_DATABASE, SUPERUSER
from vaka.operations.doctor.databases import look_at_databases
from vaka.operations.doctor.findings import Grade, exit_code, good, unseen, wrong
from vaka.operations.doctor.place import Place
from vaka.settings import Settings

pytestmark = pytest.mark.database
TENANT = "vaka_t_ekbacka"


@pytest.fixture(scope="module")
def running(made: DataDirectory) -> Iterator[DataDirectory]:
    """Its database server runs, and its logs have just been sealed."""
    made.cluster.start()
    try:
        server = made.cluster.server
        settings = made.load_settings()
        asyncio.run(seal_logs(made, settings, server, active_authorities(server), SystemClock()))
        yield made
    finally:
        made.cluster.stop()


def faults(data: DataDirectory, ahead: timedelta = timedelta(0), **options: int) -> list[str]:
    """What is wrong with the databases, as if it were so much later."""
    place = Place(data.root, Settings(), SystemClock().now() + ahead)
    return [one.said.en for one in look_at_databases(place, **options) if one.grade is not Grade.GOOD]


def perform(data: DataDirectory, database: str, *statements: str) -> None:
    with closing(psycopg.connect(data.cluster.server.conninfo(SUPERUSER, database), autocommit=True)) as superuser:
        for statement in statements:
            superuser.execute(statement.encode())


def report(data: Path) -> dict[str, Any]:
    shown = vaka("doctor", "--data", data, "--json")
    said: dict[str, Any] = json.loads(shown.stdout)
    assert said["exit_code"] == shown.exit_code
    return said


def of(said: dict[str, Any], look: str) -> list[dict[str, Any]]:
    return [one for one in said["looks"] if one["look"] == look]


def test_databases_that_are_as_they_should_be(running: DataDirectory) -> None:
    assert faults(running) == []


def test_a_database_server_that_is_too_old_is_told_of(running: DataDirectory) -> None:
    assert faults(running, oldest=99)[0].startswith("PostgreSQL is version ")


def test_servers_of_which_none_waits_for_another_are_told_of(running: DataDirectory) -> None:
    """Two are named, and what is answered is on one; with one that is so on purpose."""
    server = running.cluster.server
    named = {"embedded": False, "host": f"{server.host},{server.host}", "port": server.port}
    place = Place(running.root, Settings.model_validate({"database": named}), SystemClock().now())
    wait = "alter system set synchronous_standby_names = '*'", "select pg_reload_conf()"

    def told() -> list[str]:
        return [one.said.en for one in look_at_databases(place) if one.grade is Grade.WRONG]

    assert [one for one in told() if "on one database server" in one]
    try:
        perform(running, PLATFORM_DATABASE, *wait)
        wait_for(lambda: told() == [])
    finally:
        perform(running, PLATFORM_DATABASE, "alter system reset synchronous_standby_names", "select pg_reload_conf()")


@pytest.mark.parametrize("database", [PLATFORM_DATABASE, TENANT, KEY_DATABASE])
def test_a_database_that_lacks_changes_is_told_of(running: DataDirectory, database: str) -> None:
    row = "(select max(name) from vaka.migration)"
    perform(
        running, database, "create table vaka.aside as select * from vaka.migration",
        f"delete from vaka.migration where name = {row}",
    )  # fmt: skip
    try:
        assert faults(running) == [f"The database {database} lacks changes that the program expects (1)."]
        perform(running, database, "insert into vaka.migration (name, checksum) values ('tenant/9999_new.sql', 'x')")
        [said] = faults(running)
        assert said.startswith(f"The database {database} does not fit the program: This database is newer")
    finally:
        perform(
            running, database, "truncate vaka.migration", "insert into vaka.migration select * from vaka.aside",
            "drop table vaka.aside",
        )  # fmt: skip
    assert faults(running) == []


def test_a_log_that_nobody_seals_is_told_of(running: DataDirectory) -> None:
    said = faults(running, timedelta(minutes=10))
    assert [one.split(" is not being sealed")[0] for one in said] == [
        f"The log of {PLATFORM_DATABASE}", f"The log of {TENANT}",
    ]  # fmt: skip


def test_a_database_in_another_form_is_told_of(running: DataDirectory) -> None:
    perform(
        running, "postgres", "create database vaka_old encoding 'LATIN1' locale 'C' template template0",
        "update pg_database set datcollversion = '0.1' where datname = 'vaka_keys'",
    )  # fmt: skip
    try:
        assert faults(running) == [
            "The database vaka_keys is in the order of another version of the machine's library of languages.",
            "The database vaka_old is not in UTF-8.",
        ]
    finally:
        perform(
            running, "postgres", "drop database vaka_old",
            "update pg_database set datcollversion = null where datname = 'vaka_keys'",
        )  # fmt: skip


def test_an_authoritys_database_that_lets_nobody_in_is_told_of(running: DataDirectory) -> None:
    perform(running, "postgres", f"alter database {TENANT} allow_connections false")
    try:
        assert faults(running) == [f"The database {TENANT} does not answer, or lets nobody in."]
    finally:
        perform(running, "postgres", f"alter database {TENANT} allow_connections true")


def test_it_says_the_same_in_both_languages_and_as_json(running: DataDirectory) -> None:
    said = report(running.root)
    assert said["exit_code"] == 1  # no process runs
    shown = {one: vaka("doctor", "--data", running.root, "--language", one).stdout for one in ("sv", "en")}
    wrong = [one for one in said["looks"] if one["grade"] == "wrong"]
    assert {"processes", "keyholder"} <= {one["look"] for one in wrong}
    for one in wrong:
        for language in ("sv", "en"):
            assert f"{one['look']}: {one['said'][language]}\n    {one['mend'][language]}\n" in shown[language]
    assert f"Wrong: {len(wrong)}." in shown["en"]
    assert f"Fel: {len(wrong)}." in shown["sv"]
    assert [one["grade"] for one in of(said, "databases")] == ["good"]


def test_it_works_while_the_database_is_down(made: DataDirectory, tmp_path: Path) -> None:
    """Another directory with the same credentials, whose server nobody started."""
    (tmp_path / "credentials").symlink_to(made.credentials)
    (tmp_path / "vaka.toml").write_text("[receiver]\ntls_port = false\n")
    [silent] = of(report(tmp_path), "databases")
    assert silent["grade"] == "wrong"
    assert silent["said"]["en"].startswith("PostgreSQL does not answer at ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another")
def test_whoever_may_look_at_nothing_is_told_so(running: DataDirectory) -> None:
    """As an account that owns nothing: every look says so or does its work, and none fails."""
    report(running.root)
    (running.root / "vaka.toml").chmod(0o600)
    try:
        with as_nobody():
            closed = report(running.root)
    finally:
        (running.root / "vaka.toml").chmod(0o644)
    assert of(closed, "settings")[0]["grade"] == "unseen"
    assert of(closed, "databases")[0]["grade"] == "unseen"
    with as_nobody():
        said = report(running.root)
    for look in ("credentials", "databases"):
        assert {one["grade"] for one in of(said, look)} == {"unseen"}
    assert of(said, "settings")[0]["grade"] == "good"
    assert of(said, "room")[0]["grade"] != "unseen"


@contextmanager
def as_nobody() -> Iterator[None]:
    """This very process without root's rights, until the block ends."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def test_settings_that_are_refused_are_told_of_and_the_machine_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "vaka.toml").write_text('mode = "trial"\n[receiver]\nports = 1\n')
    said = report(tmp_path)
    [settings] = of(said, "settings")
    assert (settings["grade"], "receiver.ports" in settings["said"]["en"]) == ("wrong", True)
    assert of(said, "databases")[0]["grade"] == "unseen"
    assert of(said, "room")[0]["grade"] != "unseen"


def test_it_tells_nothing_personal_and_no_secret(running: DataDirectory) -> None:
    """Who is in the settings and in the databases, and what stands in the credentials, is nowhere in what it says."""
    secret = running.cluster.server.credential_file("vaka_setup").read_text().rpartition(":")[2].strip()
    before = (running.root / "vaka.toml").read_text()
    (running.root / "vaka.toml").write_text(
        f'{before}[host]\naccounts = ["annaberg"]\n[notices]\nsender = "anna.berg@kommun.example"\n'
    )
    try:
        said = vaka("doctor", "--data", running.root, "--json").output
    finally:
        (running.root / "vaka.toml").write_text(before)
    assert '"good"' in said
    for one in (secret, "annaberg", "anna.berg", "Ekbacka kommun"):
        assert one not in said


def test_the_exit_code_says_how_much_is_wrong() -> None:
    one = good("x", "x").said
    assert exit_code([good("x", "x")]) == 0
    assert exit_code([good("x", "x"), unseen(one, one)]) == 2
    assert exit_code([wrong(one, one), unseen(one, one)]) == 1
