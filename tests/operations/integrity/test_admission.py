# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What each unit asks before it starts: a definite no refuses, and what nobody can tell does not."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.clusters import start_cluster
from tests.conftest import START
from tests.operations.integrity.releases import (
    RELEASE_KEY,
    install_alone,
    install_little,
    instead,
    one_byte_off,
    run,
    sign,
    trust,
)
from tests.operations.integrity.test_deployments import put_out
from tests.platform import platform_as
from vaka.clock import TurnedClock
from vaka.commands.admit import TOLD_AGAIN, require_admission
from vaka.commands.data_directory import DataDirectory
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.errors import ConfigurationError
from vaka.identity.installation import decide_installation
from vaka.operations.integrity.envelope import read_trust, seal
from vaka.operations.integrity.manifest import MANIFEST, Release, describe, read_release

pytestmark = [pytest.mark.anyio, pytest.mark.database]

AWAY = "The database does not answer"


class Machine:
    """An installation, of which there are settings and a database server."""

    def __init__(self, data: DataDirectory, installed: Path) -> None:
        self.data, self.installed = data, installed
        self.clock = TurnedClock(START)

    def configure(self, mode: str = "production", *, keys: bool = True, away: bool = False, lowest: int = 0) -> None:
        """Write the settings; `away` names a server that is none."""
        trust(self.data.root / "trusted.toml", lowest=lowest)
        host = self.data.root / "nowhere" if away else self.data.cluster.directory
        lines = [f'mode = "{mode}"', "[database]", "embedded = false", f'host = "{host}"']
        lines += [f"port = {self.data.cluster.port}"]
        lines += ["[release]", 'trusted_keys = "trusted.toml"'] if keys else []
        self.data.settings_file.write_text("\n".join(lines) + "\n")

    async def ask(self, **settings: Any) -> tuple[str, str]:
        """Ask as a unit does; return why it is refused, and what is said besides."""
        self.configure(**settings)
        said: list[str] = []
        try:
            await require_admission(self.data, self.data.load_settings(), self.clock, self.installed, said.append)
        except ConfigurationError as error:
            return error.sentence.en, " ".join(said)
        return "", " ".join(said)

    def told(self) -> list[str]:
        """Of which refusals the log has an entry."""
        return [str(reason) for (reason,) in self.by_hand(
            "select detail->>'reason' from ledger.inbox where event = 'release.refused' order by id")]  # fmt: skip

    def by_hand(self, statement: str) -> list[tuple[Any, ...]]:
        """Do what nobody may."""
        database = self.data.cluster.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
        with closing(psycopg.connect(database, autocommit=True)) as superuser:
            superuser.execute("set session_replication_role = replica; set search_path = vaka")
            done = superuser.execute(statement.encode())
            return done.fetchall() if done.description else []

    async def deploy(self, installed: Path) -> Release:
        """Put a release in production, as whoever founds an installation does."""
        made = read_release(installed, read_trust(trust(self.data.root / "trusted.toml")))
        self.by_hand("delete from deployment")
        assert await put_out(self.data.cluster.server, made) == "done"
        return made


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One for all tests, with a small release: what starts of a whole one is tried by the command itself."""
    root = Path(tempfile.mkdtemp(prefix="vaka-admit-"))
    root.chmod(0o755)
    installed = tmp_path_factory.mktemp("little")
    install_little(installed)
    sign(installed, 4)
    cluster = start_cluster(root)
    (root / "run").mkdir()
    try:
        yield Machine(DataDirectory(root), installed)
    finally:
        cluster.stop(immediately=True)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed release whose command runs; what it stands on is not of it."""
    root = tmp_path_factory.mktemp("release") / "vaka"
    install_alone(root)
    sign(root)
    return root


def ask_by_command(program: Path, machine: Machine) -> tuple[int, str]:
    """Ask as a unit does, by the program itself; return how it ended, and what it said."""
    clean = {"PYTHONDONTWRITEBYTECODE": "1"}
    command = (str(program / "bin/vaka"), "host", "admit", "--data", str(machine.data.root))
    done = run(program, *command, environment=clean)
    return done.returncode, done.stderr


@pytest.fixture
async def machine(there: Machine) -> Machine:
    """In production, with a release deployed, and nothing refused yet."""
    there.by_hand("delete from installation; delete from ledger.inbox")
    async with platform_as(there.data.cluster.server, "setup") as setup:
        await decide_installation(setup, "production", START)
    await there.deploy(there.installed)
    (there.data.run / "release-refused").unlink(missing_ok=True)
    there.clock = TurnedClock(START)
    return there


async def test_term_28_1_unit_of_an_altered_release_is_not_started(machine: Machine, program: Path) -> None:
    """By the command that units run, of the release itself: as it was deployed it may, with a byte changed it may not,
    also where no database answers; and the log has one entry of it.
    """
    await machine.deploy(program)
    machine.configure()
    assert ask_by_command(program, machine) == (0, "")
    [module] = (program / "lib").glob("python3*/site-packages/vaka/processes/receiver.py")
    with instead(module, one_byte_off(module)):
        for _ in range(2):
            code, said = ask_by_command(program, machine)
            assert (code, "(altered, 1)" in said) == (1, True), said
        assert machine.told() == ["altered"]
        machine.configure(away=True)
        code, said = ask_by_command(program, machine)
        assert (code, "(altered, 1)" in said, AWAY in said) == (1, True, True), said
    code, said = ask_by_command(program, machine)
    assert (code, AWAY in said) == (0, True), said


async def test_term_22_2_unit_does_not_start_on_data_of_another_kind(machine: Machine, program: Path) -> None:
    """By the command: a demo's settings that name production's database, and production's that name a demo's."""
    machine.configure("demo")
    code, said = ask_by_command(program, machine)
    assert (code, "is a production one" in said) == (1, True), said
    for mode in ("test", "demo"):
        machine.by_hand("update installation set mode = 'production'")
        assert "is a production one" in (await machine.ask(mode=mode))[0]
        machine.by_hand(f"update installation set mode = '{mode}'")
        assert f"is a {mode} one" in (await machine.ask())[0]
        assert await machine.ask(mode=mode) == ("", "")
    # Where nobody can ask the database, nobody knows; and one that nothing was decided of is nobody's yet.
    reason, said = await machine.ask(mode="production", away=True)
    assert (reason, AWAY in said) == ("", True)
    machine.by_hand("delete from installation")
    reason, said = await machine.ask()
    assert (reason, "Nobody has decided" in said) == ("", True)


async def test_term_28_4_unit_of_a_release_that_was_rolled_back_is_not_started(machine: Machine) -> None:
    """Older than the oldest that is let in, or not what was deployed; without a database the first alone is certain."""
    assert await machine.ask() == ("", "")
    for away in (False, True):
        assert "(rollback, 1)" in (await machine.ask(lowest=5, away=away))[0]
    older = read_release(machine.installed, read_trust(trust(machine.data.root / "trusted.toml")))
    with instead(machine.installed / MANIFEST, seal(describe(replace(older, sequence=3)), [RELEASE_KEY])):
        assert "(undeployed, 1)" in (await machine.ask())[0]
        reason, said = await machine.ask(away=True)
        assert (reason, AWAY in said) == ("", True)
    with instead(machine.installed / MANIFEST, None):
        assert "(missing, 1)" in (await machine.ask())[0]
    # Whoever takes the setting away gets nowhere, while somebody can say that something was deployed.
    assert "(unsigned, 1)" in (await machine.ask(keys=False))[0]
    assert (await machine.ask(keys=False, away=True))[0] == ""
    assert machine.told() == ["rollback", "undeployed", "missing", "unsigned"]


async def test_a_unit_that_is_tried_again_and_again_leaves_an_entry_an_hour(machine: Machine) -> None:
    """systemd starts it anew each other second, and there are a dozen of them."""
    with instead(machine.installed / MANIFEST, None):
        for _ in range(3):
            assert "(missing, 1)" in (await machine.ask())[0]
        assert machine.told() == ["missing"]
        machine.clock.turn(TOLD_AGAIN.total_seconds())
        assert "(missing, 1)" in (await machine.ask())[0]
        assert machine.told() == ["missing", "missing"]


async def test_a_database_that_does_not_say_lets_a_unit_start(machine: Machine) -> None:
    """It lacks what is asked, or lets nobody in: what the files tell counts all the same."""
    credential = machine.data.cluster.server.credential_file("vaka_setup")
    machine.by_hand("alter function newest_deployment rename to other_deployment")
    try:
        reason, said = await machine.ask()
        assert (reason, "does not say which release" in said) == ("", True)
        with instead(machine.installed / MANIFEST, None):
            assert "(missing, 1)" in (await machine.ask())[0]
    finally:
        machine.by_hand("alter function other_deployment rename to newest_deployment")
    with instead(credential, b"*:*:*:vaka_setup:another\n"):
        reason, said = await machine.ask()
        assert (reason, AWAY in said) == ("", True)
    assert await machine.ask() == ("", "")


@pytest.mark.parametrize(
    ("raised", "status", "says"),
    [
        ("ConfigurationError('What is installed was altered.')", 1, "was altered"),
        ("DatabaseUnavailableError()", 0, "could not be told within"),
        ("", 0, "could not be told within"),
    ],
)
def test_a_question_that_hangs_stops_no_start_and_lets_nothing_in_that_was_refused(
    tmp_path: Path, raised: str, status: int, says: str
) -> None:
    """A thread that asks for a name cannot be broken off, and holds up the end of what waits for it."""
    (tmp_path / "vaka.toml").write_text("")
    hang = f"""
import asyncio, sys, time
from vaka.commands import admit
from vaka.database.connections import DatabaseUnavailableError
from vaka.errors import ConfigurationError
async def ask(*_):
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 3600)
    {f"raise {raised}" if raised else "await asyncio.sleep(3600)"}
admit.LONGEST_SECONDS, admit.require_admission = 1.0, ask
admit.admit(["--data", sys.argv[1]])
"""
    done = subprocess.run(
        [sys.executable, "-c", hang, tmp_path], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == status, done.stderr
    assert says in done.stderr
