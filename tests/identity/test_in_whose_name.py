# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Nobody acts in another's name at the command line (terms 8, 15 and 17), not even as if nobody were there."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result

from tests.command_tree import every_command, options_of
from tests.identity.house import IdentityHouse, content
from vaka.clock import SystemClock
from vaka.commands.main import main
from vaka.commands.maintenance import AnothersActError, Run, own_account, recorded
from vaka.commands.needs import UNATTENDED
from vaka.commands.proof import NotProvedError, forget_session

pytestmark = pytest.mark.database

APPLY = ("--apply", "--change", "C-21", "--reason", "Planerat underhåll")
IN_A_NAME = {
    path: command
    for path, command in every_command()
    if "--by" in (options := options_of(command)) or (path.startswith("trust ") and "--account" in options)
}
"""The commands that say whose act they are."""


@pytest.fixture
def founded(house: IdentityHouse) -> Iterator[IdentityHouse]:
    """Two can act, so nobody founds any more; afterwards, for other tests, it was never founded."""
    asyncio.run(house.make_administrators())
    with house.superuser(unguarded=True) as hand:
        hand.execute("insert into founding (ended_at) values (now()) on conflict do nothing")
    forget_session(house.data.root)
    yield house
    forget_session(house.data.root)
    with house.superuser(unguarded=True) as hand:
        hand.execute("delete from founding")


def vaka(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input="Alva Anställd\n")


def test_these_say_whose_act_they_are() -> None:
    assert set(IN_A_NAME) == {
        "account request", "account reactivate", "account remove", "account rename", "account identity",
        "role propose", "trust propose", "trust approve", "trust withdraw",
    }  # fmt: skip


@pytest.mark.parametrize("path", IN_A_NAME)
def test_nobody_acts_in_anothers_name_unattended(founded: IdentityHouse, tmp_path: Path, path: str) -> None:
    """One human at the machine, who would propose as one administrator and approve as another."""
    house = founded
    first, second = house.administrators
    said, name, file = content(), f"prov-{path.replace(' ', '-')}", tmp_path / "said.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    row, somebody = asyncio.run(house.propose(said, name)), asyncio.run(house.person("Alva Anställd"))
    if path == "account reactivate":
        asyncio.run(house.stand_behind(first))
        assert vaka("account", "deactivate", "--data", house.data.root, "--account", somebody, *APPLY).exit_code == 0
    samples = {"data": house.data.root, "by": second, "name": name, "file": file, "identifier": row.id,
               "attribute": "employee_number",
               "account": second if path.startswith("trust ") else somebody}  # fmt: skip
    beside = ["--give", "administrator"] if path == "role propose" else []
    asked = [*path.split(), *required(IN_A_NAME[path], samples), *beside, *APPLY]
    forget_session(house.data.root)
    before = house.newest()
    unattended = vaka(*asked, "--unattended")
    assert (unattended.exit_code, "No such option '--unattended'" in unattended.stderr) == (2, True), unattended.output
    alone = vaka(*asked)
    assert (alone.exit_code, "Run vaka login first" in alone.stderr) == (1, True), alone.output
    asyncio.run(house.stand_behind(first))
    as_another = vaka(*asked)
    assert (as_another.exit_code, "Nobody decides in another's name" in as_another.stderr) == (1, True), as_another
    acts = [one["event"] for one in house.entries(before) if one["event"].startswith(("trust.", "account."))]
    assert acts == []


def required(command: click.Command, samples: dict[str, object]) -> list[object]:
    """What a command has to be told, with arguments last."""
    options: list[object] = []
    arguments: list[object] = []
    for one in command.params:
        if one.name == "reason" or not one.required:
            continue
        if isinstance(one, click.Argument):
            arguments.append(samples[str(one.name)])
        else:
            options += [one.opts[0], samples[str(one.name)]]
    return [*options, *arguments]


def test_what_is_said_to_run_unattended_is_somebodys_act_all_the_same(founded: IdentityHouse) -> None:
    """Also where a command came to have the option that no table gives it."""
    house = founded
    before = house.newest()
    assert "role.grant" not in UNATTENDED
    with click.Context(main) as context:
        context.meta["vaka.unattended"], context.meta["vaka.reason"] = True, "Planerat underhåll"
        with (
            pytest.raises(NotProvedError),
            recorded(house.server, SystemClock(), "role.grant", "C-21", apply=True),
        ):
            pytest.fail("nobody stands behind it")
    assert house.entries(before) == []


@pytest.mark.parametrize(
    ("run", "passes"),
    [
        (Run("setup:uid-0", "unattended"), False),
        (Run(f"account:{UUID(int=2)}", "session"), False),
        (Run("setup:uid-0", "session"), False),
        (Run("setup:uid-0"), False),
        (Run(f"account:{UUID(int=1)}", "session"), True),
        (Run("setup:uid-0", "bootstrap"), True),
    ],
)
def test_an_act_is_of_whoever_is_proved(run: Run, passes: bool) -> None:
    if passes:
        assert own_account(run, UUID(int=1)) == UUID(int=1)
        return
    with pytest.raises(AnothersActError):
        own_account(run, UUID(int=1))
