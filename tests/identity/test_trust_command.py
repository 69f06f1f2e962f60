# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka trust`: dry unless told otherwise, two administrators with the same file, and a run in the ledger each time."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from tests.identity.house import LOA3, IdentityHouse, content
from vaka.commands.main import main

pytestmark = pytest.mark.database

APPLY = ("--apply", "--change", "C-18", "--reason", "Planerat underhåll")


def vaka(house: IdentityHouse, command: str, *arguments: object) -> Result:
    """Run it; where something is to be done, with whoever it is said to be of behind it."""
    if "--apply" in arguments:
        named = arguments[arguments.index("--account") + 1] if "--account" in arguments else None
        behind = next((one for one in house.administrators if str(one) == str(named)), house.administrators[0])
        asyncio.run(house.stand_behind(behind))
    given = ["trust", command, "--data", house.data.root, *arguments]
    return CliRunner().invoke(main, [str(argument) for argument in given])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "prov.json"
    path.write_text(json.dumps(content(), indent=2), encoding="utf-8")
    return path


def test_two_administrators_bring_the_same_file(house: IdentityHouse, file: Path) -> None:
    first, second = house.administrators
    named = ("--name", "prov-command")
    before = house.newest()
    tried = vaka(house, "propose", *named, "--account", first, file)
    assert tried.exit_code == 0, tried.output
    assert "It can be proposed:" in tried.output
    assert "Nothing was changed. Do it with --apply." in tried.output
    assert "prov-command" not in vaka(house, "list").output
    done = vaka(house, "propose", *named, "--account", first, *APPLY, file)
    assert done.exit_code == 0, done.output
    identifier = done.output.split("Proposed: ")[1][:36]
    assert f"prov-command (supplier): proposed\n  {identifier}" in vaka(house, "list").output
    own = vaka(house, "approve", *named, "--account", first, *APPLY, file)
    assert "or you made it yourself" in own.stderr
    other = file.with_name("other.json")
    other.write_text(json.dumps(content(client_id="other")), encoding="utf-8")
    assert "not the one that you have read" in vaka(house, "approve", *named, "--account", second, *APPLY, other).stderr
    assert "It can be approved" in vaka(house, "approve", *named, "--account", second, file).output
    approved = vaka(house, "approve", *named, "--account", second, *APPLY, file)
    assert approved.exit_code == 0, approved.output
    listed = vaka(house, "list").output
    assert "prov-command (supplier): approved" in listed
    assert f"approved by {second}" in listed
    assert f"{LOA3} (Listed at Digg, looked at for this test)" in listed
    withdrawn = vaka(house, "withdraw", "--account", second, *APPLY, identifier)
    assert "Withdrawn: prov-command." in withdrawn.output, withdrawn.output
    assert "prov-command (supplier): withdrawn" in vaka(house, "list").output
    runs = [(one["object"], one["outcome"]) for one in house.entries(before) if one["event"] == "command.run"]
    assert runs.count(("command:trust.propose", "success")) == 2
    assert runs.count(("command:trust.approve", "failure")) == 2
    assert runs.count(("command:trust.approve", "success")) == 2
    acts = [one["event"] for one in house.entries(before) if one["event"].startswith("trust.")]
    assert acts == ["trust.proposed", "trust.approved", "trust.withdrawn"]


def test_term_15_4_an_issuer_without_levels_is_refused_when_it_is_proposed(house: IdentityHouse, file: Path) -> None:
    file.write_text(json.dumps(content(levels={})), encoding="utf-8")
    for options in ((), APPLY):
        told = vaka(house, "propose", "--name", "prov-none", "--account", house.administrators[0], *options, file)
        assert told.exit_code == 1
        assert "an issuer is listed with the levels that are accepted of it; none is given" in told.stderr
    assert "prov-none" not in vaka(house, "list").output


def test_what_cannot_be_is_told(house: IdentityHouse, file: Path) -> None:
    first = house.administrators[0]
    named = ("--name", "prov-wrong")
    for arguments, sentence in (
        (("propose", *named, "--account", uuid4(), *APPLY, file), "Nobody decides in another's name"),
        (("propose", *named, "--account", first, "--authority", "nowhere", file), "There is no authority 'nowhere'"),
        (("propose", *named, "--account", first, "--apply", file), "Say with --change"),
        (("propose", *named, "--account", first, file.with_name("none")), "cannot be read"),
        (("propose", "--name", "No Name", "--account", first, *APPLY, file), "a–z"),
        (("withdraw", "--account", first, *APPLY, uuid4()), "There is nothing to withdraw"),
    ):
        told = vaka(house, *[str(one) for one in arguments])
        assert told.exit_code in (1, 2), arguments
        assert sentence in told.stderr, (arguments, told.stderr)


def test_the_key_that_we_prove_ourselves_with_is_made_once_and_never_shown(house: IdentityHouse) -> None:
    named = ("--name", "prov-key")
    assert "is missing" in vaka(house, "key", *named).stderr
    made = vaka(house, "key", *named, *APPLY)
    assert made.exit_code == 0, made.output
    shown = vaka(house, "key", *named)
    [public] = json.loads(shown.output.split("Its answers")[0])["keys"]
    assert public["kid"] in made.output
    assert "d" not in public
    assert f"{house.settings.signin.origin}/callback/prov-key" in shown.output
    file = house.data.root / house.settings.signin.client_keys / "prov-key.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert public["kid"] in vaka(house, "key", *named, *APPLY).output, "and is not made anew"
