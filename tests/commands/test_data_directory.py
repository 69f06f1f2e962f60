# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The data directory: who may enter, and that only one supervisor holds it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from vaka.commands.data_directory import AlreadyRunningError, DataDirectory
from vaka.commands.demo_settings import settle
from vaka.commands.main import main
from vaka.errors import ConfigurationError


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path / "vaka")
    directory.prepare()
    return directory


def test_what_is_secret_is_closed_to_others(data: DataDirectory) -> None:
    closed = {path.name: path.stat().st_mode & 0o777 for path in data.root.iterdir()}
    assert closed == {"credentials": 0o700, "tls": 0o700, "run": 0o700, "logs": 0o700}
    assert data.root.stat().st_mode & 0o777 == 0o755


def test_preparing_twice_changes_nothing(data: DataDirectory) -> None:
    (data.tls / "receiver.pem").write_text("kept")
    data.prepare()
    assert (data.tls / "receiver.pem").read_text() == "kept"


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be prepared: Not a directory"):
        DataDirectory(tmp_path / "file" / "vaka").prepare()


def test_a_directory_of_somebody_else_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "accounts.ods").touch()
    tmp_path.chmod(0o700)
    with pytest.raises(ConfigurationError, match="holds other things"):
        DataDirectory(tmp_path).prepare()
    assert [path.name for path in tmp_path.iterdir()] == ["accounts.ods"]
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["logs", "run", "tls", "demo"])
def test_a_directory_whose_names_only_look_like_ours_is_somebody_elses(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(ConfigurationError, match="holds other things"):
        DataDirectory(tmp_path).prepare()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("made", [("credentials",), ("credentials", "run"), ("credentials", "run", "cluster")])
def test_a_start_that_was_interrupted_anywhere_goes_on(tmp_path: Path, made: tuple[str, ...]) -> None:
    for name in made:
        (tmp_path / name).mkdir()
    DataDirectory(tmp_path).prepare()
    assert (tmp_path / "logs").is_dir()


def test_rights_are_not_widened_where_something_is_kept(data: DataDirectory) -> None:
    data.settings_file.touch()
    data.root.chmod(0o700)
    data.prepare()
    assert data.root.stat().st_mode & 0o777 == 0o700


def test_a_first_start_that_was_interrupted_goes_on(data: DataDirectory) -> None:
    data.prepare()
    assert settle(data, None, lambda _said: None).mode == "demo"


def test_a_demo_does_not_touch_another_installation(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "vaka.toml").write_text('mode = "production"\n')
    refused = CliRunner().invoke(main, ["demo", "--data", str(tmp_path)])
    assert refused.exit_code == 1
    assert "is no demo" in refused.output
    assert [path.name for path in tmp_path.iterdir()] == ["vaka.toml"]
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_second_supervisor_is_refused_and_told_who_holds_it(data: DataDirectory) -> None:
    with data.locked(), pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"), data.locked():
        pass
    with data.locked():
        pass


def test_the_lock_ends_with_its_process(data: DataDirectory) -> None:
    code = f"""
import pathlib, sys
from vaka.commands.data_directory import DataDirectory
with DataDirectory(pathlib.Path({str(data.root)!r})).locked():
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError, match=f"process {holder.pid}"), data.locked():
            pass
        holder.kill()
    with data.locked():
        pass


def test_a_lock_that_cannot_be_made_is_told_with_what_to_do(data: DataDirectory) -> None:
    (data.run / "supervisor.lock").mkdir()
    said = r"supervisor\.lock cannot be opened: Is a directory. .* Move that away"
    with pytest.raises(ConfigurationError, match=said), data.locked():
        pass


def test_a_full_disk_refuses_the_lock(data: DataDirectory) -> None:
    (data.run / "supervisor.lock").symlink_to("/dev/full")
    refused = pytest.raises(ConfigurationError, match=r"supervisor\.lock cannot be written: .* See to the disk")
    with refused, data.locked():
        pass


def test_a_log_that_cannot_be_opened_is_told_with_what_to_do(data: DataDirectory) -> None:
    (data.logs / "supervisor.log").mkdir()
    with (
        pytest.raises(ConfigurationError, match=r"supervisor\.log cannot be written: Is a directory"),
        data.supervisor_log(),
    ):
        pass


def test_a_full_disk_does_not_end_the_supervisor(data: DataDirectory) -> None:
    (data.logs / "supervisor.log").symlink_to("/dev/full")
    with data.supervisor_log() as stream:
        print("started", file=stream, flush=True)


def test_the_log_is_appended_to_and_closed_to_others(data: DataDirectory) -> None:
    for word in ("first", "andra: åäö"):
        with data.supervisor_log() as stream:
            print(word, file=stream)
    path = data.logs / "supervisor.log"
    assert path.read_text(encoding="utf-8") == "first\nandra: åäö\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_settings_that_cannot_be_written_are_told(data: DataDirectory) -> None:
    (data.root / "vaka.toml.unfinished").symlink_to("/dev/full")
    with pytest.raises(ConfigurationError, match=r"vaka\.toml cannot be written: No space left on device. Make room"):
        settle(data, 48_100, lambda text: None)
    assert not data.settings_file.exists()
