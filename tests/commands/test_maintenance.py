# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Maintenance leaves a trace, asks for a ledger that stands, and seals it itself where nobody else does."""

import asyncio
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.rows import dict_row

from tests.command_tree import every_command, options_of
from tests.identities import blinded
from tests.keys.running import running_keyholder
from tests.people import register, with_keys
from vaka.clock import SystemClock
from vaka.commands import receipts
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities
from vaka.commands.main import main
from vaka.commands.maintenance import fingerprint
from vaka.commands.needs import UNATTENDED
from vaka.commands.programs import answers
from vaka.commands.settings_record import record_settings
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.ledger.leaves import flatten
from vaka.ledger.proofs import parse_proof
from vaka.ledger.receipts import Receipt
from vaka.ledger.signer import hold_memories
from vaka.settings import Settings
from vaka.tenants.people import Person

pytestmark = pytest.mark.database

TENANT = "vaka_t_ekbacka"
APPLY = ("--apply", "--change", "C-17", "--reason", "Planerat underhåll")
ME = f"setup:uid-{os.getuid()}"
ENTRIES = """
    select id, event, actor, object, outcome, detail::text from ledger.inbox
    union all
    select (leaf->>'id')::bigint, leaf->>'event', leaf->>'actor', leaf->>'object', leaf->>'outcome',
           (leaf->'detail')::text
    from (select convert_from(leaf, 'UTF8')::jsonb as leaf from ledger.log_entry) sealed
    order by id"""
Entries = list[dict[str, Any]]


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[[str], Path]:
    def write(sender: str) -> Path:
        path = tmp_path / f"{sender}.csv"
        path.write_text(f"sender;authentication;password\n{sender};digest;correct horse\n")
        return path

    return write


def vaka(*arguments: str | Path, typed: str = "") -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=typed)


def import_devices(data: DataDirectory, file: Path, *options: str) -> Result:
    return vaka("device", "import", "--data", data.root, "--authority", "ekbacka", *options, file)


def entries(data: DataDirectory, database: str = PLATFORM_DATABASE) -> Entries:
    """What the ledger holds, waiting or sealed."""
    data.cluster.start()
    try:
        with closing(psycopg.connect(
            data.cluster.server.conninfo(SUPERUSER, database), autocommit=True, row_factory=dict_row
        )) as connection:  # fmt: skip
            rows = connection.execute(ENTRIES).fetchall()
    finally:
        data.cluster.stop()
    return [{**row, "detail": flatten(row["detail"])} for row in rows if row["event"] != "ledger.heartbeat"]


def test_term_17_1_without_a_change_and_a_reason_nothing_is_applied(
    made: DataDirectory, sheet: Callable[[str], Path]
) -> None:
    before = entries(made)
    change, reason = ("--change", "C-17"), ("--reason", "Planerat underhåll")
    for options, asked in (
        ((), "--change"),
        (reason, "--change"),
        (("--change", "", *reason), "--change"),
        (("--change", "Karin Holmgren ringde", *reason), "--change"),
        (change, "--reason"),
        ((*change, "--reason", "  "), "--reason"),
        ((*change, "--reason", "x" * 201), "--reason"),
        ((*change, "--reason", "Karin 19320212-9809 ringde"), "--reason"),
    ):
        for shown in (
            import_devices(made, sheet("1"), "--apply", *options),
            vaka("migrate", "--data", made.root, "--apply", *options),
            vaka("settings", "accept", "--data", made.root, "--apply", *options),
        ):
            assert (shown.exit_code, shown.stdout) == (1, "")
            assert shown.stderr.startswith(f"vaka: Say with {asked}")
    assert entries(made) == before


def test_term_17_1_every_command_that_applies_something_asks_for_both() -> None:
    found = {path: options for path, command in every_command() if "--apply" in (options := options_of(command))}
    assert len(found) > 12, found
    for path, options in found.items():
        assert {"--change", "--reason"} <= options, path


def test_term_17_1_what_changes_something_is_somebodys_act() -> None:
    """A machine alone brings databases up to date, and does nothing else that nobody stands behind."""
    alone = {path for path, command in every_command() if "--unattended" in options_of(command)}
    assert alone == {"migrate"}
    assert alone == UNATTENDED


def test_every_run_is_one_entry_and_its_changes_name_the_same_actor(
    made: DataDirectory, sheet: Callable[[str], Path]
) -> None:
    shown = import_devices(made, sheet("8031001"))
    assert "Nothing was changed" in shown.stdout
    shown = import_devices(made, sheet("8031001"), *APPLY)
    assert shown.exit_code == 0, shown.output
    told = entries(made)
    tried, key, registered, unproved, applied = told[-5:]
    assert (key["event"], key["actor"], key["object"]) == ("key.created", "sequencer", "key:log:vaka.invalid/platform")
    said = {"purpose": "", "arguments": "authority=ekbacka file=*"}
    common = {"tool": fingerprint(), "authority": tried["detail"]["authority"], **said}
    assert (tried["event"], tried["actor"], tried["object"]) == ("command.run", ME, "command:device.import")
    assert tried["detail"] == {**common, "change": "", "applied": "false"}
    assert (registered["event"], registered["actor"]) == ("device.registered", ME)
    assert registered["detail"]["authentication"] == "digest"
    assert (unproved["event"], unproved["actor"], unproved["detail"]) == (
        "command.unproved", ME, {"proved": "bootstrap", "change": "C-17"},
    )  # fmt: skip
    assert (applied["event"], applied["outcome"]) == ("command.run", "success")
    assert applied["detail"] == {
        **common, "change": "C-17", "purpose": "Planerat underhåll", "applied": "true", "count": 1, "changed": 0,
        "proved": "bootstrap",
    }  # fmt: skip
    assert [entry["event"] for entry in entries(made, TENANT)][-1:] == ["device.registered"]
    assert "8031001" not in str(told)
    assert "correct horse" not in str(told)


def test_term_17_2_the_entry_says_what_was_run_and_hides_what_may_be_secret(
    made: DataDirectory, sheet: Callable[[str], Path]
) -> None:
    assert import_devices(made, sheet("8031090"), *APPLY).exit_code == 0
    entry = entries(made)[-1]
    assert (entry["event"], entry["actor"], entry["outcome"]) == ("command.run", ME, "success")
    assert entry["detail"]["tool"] == fingerprint()
    assert entry["detail"]["purpose"] == "Planerat underhåll"
    assert entry["detail"]["arguments"] == "authority=ekbacka file=*"
    nobody = str(uuid4())
    failed = vaka("account", "deactivate", "--data", made.root, *APPLY, "--account", nobody)
    assert failed.exit_code == 1, failed.output
    told = [one for one in entries(made) if one["object"] == "command:account.deactivate"]
    [entry] = [one for one in told if one["event"] == "command.run"]
    assert (entry["outcome"], entry["detail"]["arguments"]) == ("failure", f"account={nobody}")
    assert entry["detail"]["tool"] == fingerprint()


def test_a_device_gets_its_person_by_a_number_that_no_database_holds(
    made: DataDirectory, sheet: Callable[[str], Path], tmp_path: Path
) -> None:
    """Nothing runs: the command starts the database and the keyholder for the while, and ends both."""
    assert import_devices(made, sheet("8031070"), *APPLY).exit_code == 0  # which seals the logs
    person = Person(uuid4(), "Asta", "Öman", "19380209-9809")
    made.cluster.start()
    try:
        server = made.cluster.server
        with running_keyholder(made.root):
            authority = next(one for one in active_authorities(server) if one.slug == "ekbacka")
            with_keys(server, lambda keyring: register(server, authority, keyring, [person], SystemClock().now()))
    finally:
        made.cluster.stop()
    file = tmp_path / "devices.csv"
    heading = "sender;authentication;password;personal_number\n"
    file.write_text(f"{heading}8031077;digest;correct horse;{person.personal_number}\n")
    shown = import_devices(made, file, *APPLY)
    assert shown.exit_code == 0, shown.output
    assert not answers(made.root / "run" / "keyholder.sock")
    file.write_text(f"{heading}8031078;digest;correct horse;19380209-9817\n")
    shown = import_devices(made, file, *APPLY)
    assert (shown.exit_code, "line 2: nobody in this authority" in shown.output + shown.stderr) == (1, True)
    made.cluster.start()
    try:
        with closing(psycopg.connect(made.cluster.server.conninfo(SUPERUSER, TENANT))) as connection:
            found = connection.execute(
                "select person_id, sender from vaka.device where sender = any(%s) and person_id is not null",
                ([blinded("8031077"), blinded("8031078")],),
            )
            assert found.fetchall() == [(person.id, blinded("8031077"))]
    finally:
        made.cluster.stop()


def test_a_run_that_fails_is_an_entry_too(made: DataDirectory, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("sender;authentication;password\n1;digest;\n")
    assert import_devices(made, wrong, *APPLY).exit_code == 1
    last = entries(made)[-1]
    assert (last["event"], last["outcome"], last["detail"]["reason"]) == ("command.run", "failure", "SheetError")


def test_what_was_sealed_by_a_command_is_not_waiting(made: DataDirectory, sheet: Callable[[str], Path]) -> None:
    assert import_devices(made, sheet("8031002"), *APPLY).exit_code == 0
    made.cluster.start()
    try:
        for database in (PLATFORM_DATABASE, TENANT):
            with closing(psycopg.connect(made.cluster.server.conninfo(SUPERUSER, database))) as connection:
                row = connection.execute(
                    "select (select count(*) from ledger.inbox), h.size, (select max(size) from ledger.checkpoint)"
                    " from ledger.head h"
                ).fetchone()
                assert row is not None
                assert row[0] == 0
                assert row[1] == row[2] > 0
    finally:
        made.cluster.stop()


def test_while_the_ledger_stands_still_nothing_is_registered(made: DataDirectory, sheet: Callable[[str], Path]) -> None:
    """The signer's memory is gone: nobody may sign, so nobody may register. It comes back, and so does the leave."""
    assert import_devices(made, sheet("8031003"), *APPLY).exit_code == 0
    for name in ("vaka_platform", TENANT):
        memory = made.root / "ledger" / f"{name}.signed"
        aside = memory.with_suffix(".aside")
        memory.rename(aside)
        let_time_pass(made, name)
        try:
            shown = import_devices(made, sheet(f"9{name}"), *APPLY)
            assert shown.exit_code == 1
            assert "The ledger is not being sealed at the moment" in shown.stderr
            assert "Nothing was changed. Alarms are received" in shown.stderr
        finally:
            aside.rename(memory)
        shown = import_devices(made, sheet(f"9{name}"), *APPLY)
        assert shown.output.startswith("Ekbacka kommun: 1 of 1 devices are new and were registered, 0 changed.\n")


def let_time_pass(data: DataDirectory, database: str) -> None:
    """As if nobody had signed for ten minutes."""
    data.cluster.start()
    try:
        with closing(psycopg.connect(data.cluster.server.conninfo(SUPERUSER, database), autocommit=True)) as connection:
            connection.execute("update ledger.checkpoint set signed_at = signed_at - interval '10 minutes'")
    finally:
        data.cluster.stop()


def test_an_export_is_written_in_the_log_that_it_exports(
    made: DataDirectory, sheet: Callable[[str], Path], tmp_path: Path
) -> None:
    assert import_devices(made, sheet("8031004"), *APPLY).exit_code == 0
    shown = vaka(
        "ledger",
        "export",
        "--data",
        made.root,
        "--authority",
        "ekbacka",
        "--to",
        tmp_path / "pack",
        "--change",
        "KS-1",
        "--reason",
        "Årlig granskning",
    )
    assert shown.exit_code == 0, shown.output
    last = entries(made, TENANT)[-1]
    assert (last["event"], last["actor"], last["object"]) == (
        "log.exported", ME, "log:vaka.invalid/authority/ekbacka"
    )  # fmt: skip
    assert last["detail"]["size"] > 0


def test_an_export_is_entered_before_the_first_file_and_one_that_fails_as_well(
    made: DataDirectory, sheet: Callable[[str], Path], tmp_path: Path
) -> None:
    assert import_devices(made, sheet("8031005"), *APPLY).exit_code == 0
    full = tmp_path / "full"
    full.mkdir()
    (full / "something").touch()
    command = ("ledger", "export", "--data", made.root, "--authority", "ekbacka", "--to", full)
    shown = vaka(*command, "--change", "KS-2", "--reason", "Planerat underhåll")
    assert shown.exit_code == 1
    told = [entry for entry in entries(made, TENANT) if entry["event"] == "log.exported"][-2:]
    assert [(one["outcome"], one["detail"]["change"]) for one in told] == [("success", "KS-2"), ("failure", "KS-2")]
    count = len(entries(made, TENANT))
    for refused in ((), ("--change", ""), ("--change", "19320212-9809", "--reason", "Planerat underhåll")):
        assert vaka(*command, *refused).exit_code != 0
    assert len(entries(made, TENANT)) == count


def test_a_command_that_changed_something_leaves_a_receipt(made: DataDirectory, sheet: Callable[[str], Path]) -> None:
    shown = import_devices(made, sheet("8031006"), *APPLY)
    assert shown.exit_code == 0, shown.output
    path = Path(shown.output.splitlines()[-1].removeprefix("Its receipt is ").removesuffix("."))
    assert path.parent == made.root / "receipts"
    key = (made.root / "ledger" / "vaka_platform.vkey").read_text().strip()
    shown = vaka("verify", "--proof", path, "--log", key)
    assert shown.exit_code == 0, shown.output
    assert b'"event":"command.run"' in parse_proof(path.read_bytes()).extra


def test_without_a_seal_in_time_what_was_done_stands_and_it_is_said_how_to_fetch_the_receipt(
    made: DataDirectory, sheet: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "WAIT_SECONDS", 0.3)
    with hold_memories(made.root / "ledger"):  # a sequencer that holds the memories, and has died
        shown = import_devices(made, sheet("8031007"), *APPLY)
    assert shown.exit_code == 0, shown.output
    assert "1 of 1 devices are new and were registered" in shown.output
    number = entries(made)[-1]["id"]
    assert f"vaka ledger receipt --data {made.root} {number}" in shown.output


def test_nobody_is_told_to_fetch_the_receipt_of_an_entry_that_somebody_has_taken_away(
    made: DataDirectory, sheet: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = receipts._wait

    async def steal_and_wait(settings: Settings, server: Server, number: int) -> Receipt:
        with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as thief:
            thief.execute("set session_replication_role = replica")
            assert thief.execute("delete from ledger.inbox where id = %s", (number,)).rowcount == 1
        return await wait(settings, server, number)

    monkeypatch.setattr(receipts, "_wait", steal_and_wait)
    with hold_memories(made.root / "ledger"):
        shown = import_devices(made, sheet("8031009"), *APPLY)
    assert shown.exit_code == 1
    [number] = [int(word) for word in shown.output.split() if word.isdigit() and int(word) > 10]
    assert f"The entry with number {number} is not in the log" in shown.output
    assert "It is done and entered" not in shown.output
    again = vaka("ledger", "receipt", "--data", made.root, str(number))
    assert (again.exit_code, f"{number} is not in the log" in again.output) == (1, True)
    never = vaka("ledger", "receipt", "--data", made.root, "999999999")
    assert (never.exit_code, "No entry has that number" in never.output) == (1, True)


def test_settings_are_an_entry_when_they_change_and_never_what_they_say(made: DataDirectory) -> None:
    made.cluster.start()
    clock = SystemClock()

    def look() -> list[str]:
        return asyncio.run(record_settings(made, made.load_settings(), made.cluster.server, clock.now()))

    try:
        assert "receiver.realm" in look(), "the first time every setting is news"
        assert look() == []
        certificate = made.root / "tls" / "receiver.pem"
        certificate.write_text("one")
        assert look() == ["key:receiver.certificate"]
        certificate.write_text("another")
        (made.root / "vaka.toml").write_text("[receiver]\ntls_port = false\nrealm = 'secret-realm'\nudp_port = 5999\n")
        assert look() == ["key:receiver.certificate", "receiver.realm", "receiver.udp_port"]
        certificate.unlink()
        assert look() == ["key:receiver.certificate"]
    finally:
        made.cluster.stop()
    told = [entry for entry in entries(made) if entry["event"] in ("settings.changed", "key.changed")]
    assert [(entry["event"], entry["object"]) for entry in told] == [
        ("settings.changed", "settings:vaka.toml"),
        ("key.changed", "key:receiver.certificate"),
        ("settings.changed", "settings:vaka.toml"),
        ("key.changed", "key:receiver.certificate"),
        ("key.changed", "key:receiver.certificate"),
    ]
    assert told[2]["detail"] == {"names": "receiver.realm receiver.udp_port", "count": 2, "first": "false"}
    assert told[1]["detail"]["sha256"] != told[3]["detail"]["sha256"]
    assert "secret-realm" not in str(told)


def test_an_upgrade_is_an_entry_in_the_database_that_was_upgraded(made: DataDirectory) -> None:
    made.cluster.start()
    try:
        with closing(psycopg.connect(made.cluster.server.conninfo(SUPERUSER, TENANT), autocommit=True)) as connection:
            connection.execute("drop function vaka.judged_condition; drop table vaka.supervision_turn")
            connection.execute("delete from vaka.migration where name = 'tenant/0004_supervision.sql'")
    finally:
        made.cluster.stop()
    shown = vaka("migrate", "--data", made.root, *APPLY)
    assert shown.exit_code == 0, shown.output
    last = entries(made, TENANT)[-1]
    assert (last["event"], last["object"]) == ("schema.migrated", f"database:{TENANT}")
    assert last["detail"] == {"count": 1, "newest": "tenant/0004_supervision.sql"}
    run = entries(made)[-1]
    assert (run["event"], run["object"], run["detail"]["change"]) == ("command.run", "command:migrate", "C-17")
    assert vaka("migrate", "--data", made.root, *APPLY).exit_code == 0
    assert entries(made, TENANT)[-1] == last, "nothing to apply, nothing to tell"
