# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A running scheduler sees that settings, credentials or rights are not as they were accepted, and tells (term 17)."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.rows import dict_row

from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.main import main
from vaka.commands.maintenance import actor
from vaka.commands.protection import changes_accepted
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, tenant_role

pytestmark = pytest.mark.database

COMMAND = (sys.executable, "-m", "vaka.processes.scheduler", "--data")
TENANT = "vaka_t_ekbacka"
APPLY = ("--apply", "--change", "C-21", "--reason", "Ändrad larmtid")
SETTINGS = "[scheduler]\nprotection_seconds = 0.5\n"
ENTRIES = """
    select event, actor, object, outcome, detail from ledger.inbox
    where id > %d and (event like 'settings.%%' or event in ('database.visited', 'command.run', 'row.changed_by_hand'))
    order by id"""
NEWEST = "select coalesce(max(id), 0) as id from ledger.inbox"
FORGET = """
    set session_replication_role = replica;
    truncate vaka.protected_state, vaka.drift, vaka.protected_look"""


class House:
    """A made installation whose database runs, looked into by another connection than the scheduler's."""

    def __init__(self, data: DataDirectory) -> None:
        self.data = data
        self.server = data.cluster.server
        self.mark = int(self.ask(NEWEST)[0]["id"])

    def ask(self, statement: str, database: str = PLATFORM_DATABASE) -> list[dict[str, Any]]:
        with closing(psycopg.connect(
            self.server.conninfo(SUPERUSER, database), autocommit=True, row_factory=dict_row
        )) as connection:  # fmt: skip
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def told(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.ask(ENTRIES % self.mark) if one["event"] == event]

    def drifted(self) -> dict[str, str]:
        return {one["name"]: one["change"] for one in self.ask("select name, change from vaka.drift")}

    def wait_until(self, **drifted: str) -> None:
        wait_for(lambda: self.drifted() == {**drifted})

    def vaka(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["settings", arguments[0], "--data", str(self.data.root), *arguments[1:]])


@pytest.fixture
def house(made: DataDirectory) -> Iterator[House]:
    """An installation whose state was accepted."""
    before = made.settings_file.read_text()
    made.settings_file.write_text(f"{before}\n{SETTINGS}")
    try:
        with made.locked():  # as a supervisor does: a command starts no second server
            made.cluster.start()
            try:
                house = House(made)
                house.ask(FORGET)
                with changes_accepted(made.root, made.cluster.server, SystemClock(), actor()):
                    pass
                yield house
            finally:
                made.cluster.stop()
    finally:
        made.settings_file.write_text(before)


@contextmanager
def scheduler(data: Path) -> Iterator[None]:
    process = subprocess.Popen([*COMMAND, data], stderr=subprocess.PIPE, text=True)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        _, shown = process.communicate(timeout=60)
    assert process.returncode == 0, shown


def test_term_17_4_an_edited_settings_file_is_drift_until_a_recorded_command_accepts_it(house: House) -> None:
    with scheduler(house.data.root):
        wait_for(lambda: house.ask("select 1 from vaka.protected_look") != [])
        assert house.drifted() == {}
        with house.data.settings_file.open("a") as file:
            file.write("escalation_seconds = 29\n")
        name = "file:vaka.toml"
        house.wait_until(**{name: "changed"})
        [entry] = house.told("settings.drifted")
        assert (entry["actor"], entry["object"]) == ("scheduler", f"settings:{name}")
        assert entry["detail"] == {"state": "changed"}
        assert "29" not in str(entry)
        assert f"changed  {name}" in house.vaka("show").output
        for missing in ((), ("--change", "C-21"), ("--reason", "Ändrad larmtid")):
            refused = house.vaka("accept", "--apply", *missing)
            assert (refused.exit_code, house.drifted()) == (1, {name: "changed"})
        done = house.vaka("accept", *APPLY)
        assert done.exit_code == 0, done.output
        house.wait_until()
    [accepted] = [one for one in house.told("settings.accepted") if not one["detail"]["first"]]
    assert accepted["detail"] == {"count": 1, "first": False, "things": name}
    assert [one["object"] for one in house.told("settings.settled")] == [f"settings:{name}"]
    [run] = [one for one in house.told("command.run") if one["detail"]["applied"]]
    assert (run["detail"]["change"], run["detail"]["purpose"]) == ("C-21", "Ändrad larmtid")


def test_term_17_4_a_file_put_back_is_settled_and_no_command_hides_what_was_before_it(house: House) -> None:
    before = house.data.settings_file.read_text()
    with scheduler(house.data.root):
        house.data.settings_file.write_text(f"{before}# utan ärende\n")
        house.wait_until(**{"file:vaka.toml": "changed"})
        # Whatever else is done with a change and a reason: it accepts what it changes, and nothing else.
        with changes_accepted(house.data.root, house.server, SystemClock(), actor()) as accepted:
            pass
        assert not accepted.names
        assert house.drifted() == {"file:vaka.toml": "changed"}
        house.data.settings_file.write_text(before)
        house.wait_until()
    assert len(house.told("settings.settled")) == 1


def test_term_17_4_a_credential_is_known_by_its_mode_and_by_being_there_never_by_its_contents(house: House) -> None:
    credential = house.server.credential_file(tenant_role(TENANT, "desk"))
    added, mode = credential.with_name("vaka_other.pgpass"), credential.stat().st_mode
    name = f"file:credentials/{credential.name}"
    with scheduler(house.data.root):
        try:
            credential.chmod(0o644)
            added.write_text("x")
            house.wait_until(**{name: "changed", "file:credentials/vaka_other.pgpass": "added"})
        finally:
            credential.chmod(mode)
            added.unlink()
        house.wait_until()
    # What is one authority's is told to that one.
    own = {one["object"]: one["detail"].get("authority") for one in house.told("settings.drifted")}
    [authority] = house.ask(f"select id from vaka.authority where database_name = '{TENANT}'")
    assert own[f"settings:{name}"] == str(authority["id"])
    assert own["settings:file:credentials/vaka_other.pgpass"] is None


@pytest.mark.parametrize(
    ("place", "statement", "back", "name"),
    [
        (TENANT, "grant select on vaka.person to g_receiver", "revoke select on vaka.person from g_receiver",
         f"rights:{TENANT}"),
        (TENANT, "alter table vaka.alarm disable trigger all", "alter table vaka.alarm enable trigger all",
         f"rights:{TENANT}"),
        (PLATFORM_DATABASE, "grant insert on vaka.role_grant to g_portal",
         "revoke insert on vaka.role_grant from g_portal", "rights:vaka"),
        (PLATFORM_DATABASE, "alter role vaka_desk createrole", "alter role vaka_desk nocreaterole", "roles:server"),
        (PLATFORM_DATABASE, "grant pg_write_all_data to vaka_desk", "revoke pg_write_all_data from vaka_desk",
         "roles:server"),
        (PLATFORM_DATABASE, "create role lars superuser login", "drop role lars", "roles:server"),
    ],
    ids=["table", "trigger", "platform", "createrole", "write-all", "superuser"],
)  # fmt: skip
def test_term_17_4_rights_given_by_hand_are_drift(
    house: House, place: str, statement: str, back: str, name: str
) -> None:
    with scheduler(house.data.root):
        try:
            house.ask(statement, place)
            house.wait_until(**{name: "changed"})
        finally:
            house.ask(back, place)
        house.wait_until()
    assert "lars" not in str(house.told("settings.drifted"))


def test_term_17_5_whoever_is_connected_by_hand_is_told_of_once(house: House) -> None:
    with scheduler(house.data.root):
        with closing(psycopg.connect(house.server.conninfo(SUPERUSER, TENANT), autocommit=True)) as visitor:
            visitor.execute("select 1")
            wait_for(lambda: TENANT in str(house.told("database.visited")))
            looked = house.ask("select looked_at from vaka.protected_look")
            wait_for(lambda: house.ask("select looked_at from vaka.protected_look") != looked)
        visits = [one for one in house.told("database.visited") if one["object"] == f"database:{TENANT}"]
    assert [one["detail"]["as"] for one in visits] == ["superuser"]


def test_nobody_hides_a_drift_in_the_database(house: House) -> None:
    with scheduler(house.data.root):
        with house.data.settings_file.open("a") as file:
            file.write("# x\n")
        house.wait_until(**{"file:vaka.toml": "changed"})
    # The supplier's administrator, as the role that may accept: only through the function, which writes the entry.
    with closing(psycopg.connect(house.server.conninfo("vaka_setup", PLATFORM_DATABASE), autocommit=True)) as setup:
        for statement in (
            "delete from vaka.drift",
            "update vaka.protected_state set digest = repeat('0', 64)",
            "select vaka.tell_drift('{}', '{}', now())",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                setup.execute(statement.encode())
        with pytest.raises(psycopg.errors.CheckViolation):
            setup.execute("select ledger.append(now(), 'settings.settled', 'scheduler', 'settings:x', 'success', '{}')")
    # And as the superuser: it is told of.
    house.ask("delete from vaka.drift")
    assert [one["object"] for one in house.told("row.changed_by_hand")] == ["drift:file:vaka.toml"]
