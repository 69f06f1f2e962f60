# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: F811 - a fixture that is imported and asked for
"""Which runs wait for a touch, and that none goes on without. What is touched is tried in tests/web/office."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.behind import confirm_waiting, stand_behind
from tests.command_tree import every_command, options_of
from tests.commands.test_maintenance import APPLY, vaka
from tests.commands.test_needs import SOMEBODY, alone, founded, told  # noqa: F401
from tests.commands.test_role_and_account import superuser
from tests.identity.house import content
from vaka.clock import SystemClock
from vaka.commands import touching
from vaka.commands.arguments import digest_arguments
from vaka.commands.data_directory import DataDirectory
from vaka.commands.maintenance import fingerprint
from vaka.commands.needs import NEEDS
from vaka.commands.touches import TOUCHED, UNTOUCHED, takes_touch
from vaka.identity.command_confirmations import PATIENCE_FOR_TWO, WaitingRun

OFFICE_IS_STOPPED = {"migrate", "key readmit", "backup swap"}
DEACTIVATE = ("account", "deactivate", "--account", str(uuid4()))


def since(before: list[tuple[Any, ...]], data: DataDirectory) -> list[tuple[Any, ...]]:
    """What the log says that it did not say then; it may have been sealed meanwhile."""
    known = {one[0] for one in before}
    return [one for one in told(data) if one[0] not in known]


def test_term_15_5_it_is_decided_of_every_command_whether_it_waits() -> None:
    tree = dict(every_command())
    assert TOUCHED.keys() | UNTOUCHED.keys() == set(tree) == set(NEEDS)
    assert not TOUCHED.keys() & UNTOUCHED.keys()
    assert all(why for table in (TOUCHED, UNTOUCHED) for why in table.values())
    # Whatever applies something or takes it out for a matter waits, but for what runs while the office is stopped.
    assert {path for path, command in tree.items() if "--apply" in options_of(command)} < set(
        TOUCHED
    ) | OFFICE_IS_STOPPED
    assert {path for path, command in tree.items() if "--change" in options_of(command)} == set(
        TOUCHED
    ) | OFFICE_IS_STOPPED
    # Only somebody's act can wait for his touch.
    assert all(NEEDS[path].permission is not None for path in TOUCHED)


def test_what_nobody_has_decided_about_is_refused() -> None:
    with pytest.raises(KeyError):
        takes_touch("ledger.forget")


@pytest.mark.database
def test_term_15_5_nothing_is_done_that_nobody_touched_a_key_for(
    alone: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that somebody stole is worth no privileged act: nobody types the code."""
    asyncio.run(stand_behind(alone.cluster.server, alone.root, SOMEBODY, touches=False))
    monkeypatch.setattr(touching, "PATIENCE", timedelta(seconds=1.2))
    monkeypatch.setattr(touching, "TELL_SECONDS", 0.3)
    before = told(alone)
    shown = vaka(*DEACTIVATE, "--data", alone.root, *APPLY)
    assert (shown.exit_code, "Nobody confirmed this run in time" in shown.stderr) == (1, True), shown.output
    for said in ("Write this code there", "/command", "Ctrl-C", "Still waiting"):
        assert said in shown.stderr
    new = since(before, alone)
    assert [(event, about) for _, event, _, about, _ in new] == [("command.run", "command:account.deactivate")]
    [(_, _, who, _, detail)] = new
    assert (who, detail["reason"]) == (f"account:{SOMEBODY}", "NobodyConfirmedError")
    assert "step_up" not in detail


@pytest.mark.database
def test_term_15_5_what_is_changed_while_it_waits_is_not_what_was_confirmed(
    alone: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can write to the file that a command reads swaps it before the touch."""
    file = tmp_path / "idp.json"
    file.write_text(json.dumps(content("https://idp.example")))
    asyncio.run(stand_behind(alone.cluster.server, alone.root, SOMEBODY, touches=False))

    def swap_and_confirm(_seconds: float) -> None:
        file.write_text(json.dumps(content("https://evil.example")))
        assert asyncio.run(confirm_waiting(alone.cluster.server, SOMEBODY)) >= 1

    monkeypatch.setattr(touching, "sleep", swap_and_confirm)
    about = ("--data", alone.root, "--name", "prov-swap", "--account", str(SOMEBODY))
    shown = vaka("trust", "propose", *about, *APPLY, file)
    assert (shown.exit_code, "was changed while it waited" in shown.stderr) == (1, True), shown.output
    with superuser(alone) as connection:
        assert connection.execute("select from vaka.trusted_issuer where name = 'prov-swap'").fetchall() == []


@pytest.mark.database
def test_a_database_that_knows_of_no_touches_takes_no_privileged_run(alone: DataDirectory) -> None:
    asyncio.run(stand_behind(alone.cluster.server, alone.root, SOMEBODY))
    taken = "bytea, uuid, bytea, text, text, text, text, text, text, text, bigint, timestamptz"
    before = told(alone)
    with superuser(alone) as connection:
        connection.execute(f"alter function vaka.ask_command_confirmation({taken}) rename to aside".encode())
        try:
            shown = vaka(*DEACTIVATE, "--data", alone.root, *APPLY)
        finally:
            connection.execute(f"alter function vaka.aside({taken}) rename to ask_command_confirmation".encode())
    assert (shown.exit_code, "The database is older than the program" in shown.stderr) == (1, True), shown.output
    assert [event for _, event, *_ in since(before, alone)] == ["command.run"]


@pytest.mark.database
def test_the_entry_of_a_run_names_what_was_touched(alone: DataDirectory) -> None:
    asyncio.run(stand_behind(alone.cluster.server, alone.root, SOMEBODY))
    before = told(alone)
    shown = vaka(*DEACTIVATE, "--data", alone.root, *APPLY)
    assert "Confirmed." in shown.stderr, shown.output
    new = {event: detail for _, event, _, _, detail in since(before, alone)}
    assert new["command.run"]["step_up"] == new["command.confirmed"]["step_up"]
    assert new["command.confirmed"]["tool"] == new["command.run"]["tool"] == fingerprint()
    assert new["command.confirmed"]["arguments"] == f"account={DEACTIVATE[-1]}"


def test_the_terminal_says_that_it_takes_two(capsys: pytest.CaptureFixture[str]) -> None:
    run = WaitingRun(
        uuid4(), "key.rotate-root", "", "0" * 64, "C-1", "Byte", "0" * 64, "west-1", 0, SystemClock().now()
    )
    touching._show("https://office.example/command", "BCDFGHJK", run, PATIENCE_FOR_TWO, by_two=True)
    said = capsys.readouterr().err
    assert "another administrator does the same, with the same code" in said
    assert "It holds for 15 minutes" in said


def test_without_its_key_a_digest_of_arguments_says_nothing() -> None:
    assert digest_arguments(bytes(32)) != digest_arguments(b"1" * 32)
