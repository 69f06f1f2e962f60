# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The command line as a user meets it: help, refusals in one sentence, exit codes, and what it never loads."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from tests.command_tree import every_command
from vaka.commands.main import SUBCOMMANDS, main
from vaka.demo import provider
from vaka.errors import Category, Sentence, VakaError
from vaka.processes import attempt, desk, receiver


@pytest.mark.parametrize("name", list(SUBCOMMANDS))
def test_every_subcommand_is_there_and_explains_itself(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith(f"Usage: main {name}")
    listed = CliRunner().invoke(main, ["--help"]).output
    assert f"  {name} " in listed


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nonsense"], 2, "No such command 'nonsense'"),
        (["run"], 2, "Missing option '--data'"),
        (["run", "--data", "{}"], 1, "vaka: The settings file {}/vaka.toml cannot be read: No such file or directory."),
        (["migrate", "--data", "{}"], 1, "vaka: The settings file {}/vaka.toml cannot be read"),
        (["migrate", "--data", "{}/file"], 2, "is a file"),
        (["demo", "--port-base", "80"], 2, "Invalid value for '--port-base'"),
        (["demo", "--data", "{}/file/below"], 1, "cannot be prepared: Not a directory"),
        (["device", "import", "--data", "{}", "--authority", "x", "{}/none.csv"], 1, "vaka: The settings file"),
    ],
)
def test_a_refusal_is_one_sentence(arguments: list[str], code: int, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    filled = [part.replace("{}", str(tmp_path)) for part in arguments]
    shown = CliRunner().invoke(main, filled)
    assert shown.exit_code == code
    assert sentence.replace("{}", str(tmp_path)) in shown.stderr
    assert "Traceback" not in shown.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("mode = 'demo'\nports = 1\n", "ports: Extra inputs are not permitted"),
        ("mode = 'trial'\n", "mode: Input should be 'demo', 'test' or 'production'"),
        ("mode = \n", "is not valid TOML"),
        ("[receiver]\nudp_port = 70000\n", "receiver.udp_port"),
        ("", "The receiver's certificate"),
    ],
)
def test_faulty_settings_stop_the_start(text: str, fault: str, tmp_path: Path) -> None:
    (tmp_path / "vaka.toml").write_text(text)
    shown = CliRunner().invoke(main, ["run", "--data", str(tmp_path)])
    assert shown.exit_code == 1
    assert fault in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_a_fault_of_ours_is_said_without_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def broken() -> None:
        raise ZeroDivisionError("the number 19380209-9809")

    @click.command()
    def refused() -> None:
        raise VakaError(Category.CONFLICT, Sentence(sv="Nej.", en="No."))

    monkeypatch.setattr(type(main), "get_command", lambda *_: broken)
    shown = CliRunner().invoke(main, ["run"])
    assert shown.exit_code == 70
    assert "ZeroDivisionError" in shown.stderr
    assert "1938" not in shown.output
    monkeypatch.setattr(type(main), "get_command", lambda *_: refused)
    shown = CliRunner().invoke(main, ["run"])
    assert (shown.exit_code, shown.stderr) == (1, "vaka: No.\n")


def test_the_command_line_never_loads_web_or_receiver() -> None:
    code = (
        "import importlib, sys\n"
        "from vaka.commands.main import SUBCOMMANDS\n"
        "for where, _ in SUBCOMMANDS.values(): importlib.import_module(where.split(':')[0])\n"
        "print([name for name in sys.modules if name.split('.')[:2] in (['vaka', 'web'], ['vaka', 'receiver'],"
        " ['vaka', 'processes']) or name in ('starlette', 'uvicorn', 'jinja2')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_data_directory_is_named_in_no_way_but_the_one_that_is_looked_at() -> None:
    """`start_guarded` reads the command line before any parser does: by --data, spelt out, and nothing else."""
    for path, command in [("", main), *every_command()]:
        settings = command.context_settings
        assert not {"auto_envvar_prefix", "token_normalize_func", "default_map"} & settings.keys(), path
        for one in command.params:
            if one.name == "data" or "--data" in one.opts:
                said = (one.name, one.opts, one.secondary_opts, one.envvar, one.nargs, one.multiple)
                assert said == ("data", ["--data"], [], None, 1, False), path
                assert one.to_info_dict()["default"] is None, path
    assert len(list(every_command())) > 50


@pytest.mark.parametrize("prefix", ["VAKA", "MAIN"])
def test_the_environment_names_no_data_directory(prefix: str, tmp_path: Path) -> None:
    named = {f"{prefix}_{name}": str(tmp_path) for name in ("DATA", "RUN_DATA", "SETTINGS_SHOW_DATA")}
    for line in (["run"], ["settings", "show"]):
        assert "Missing option '--data'" in CliRunner(env=named).invoke(main, line).stderr
    assert "No such option" in CliRunner().invoke(main, ["settings", "show", "--dat", str(tmp_path)]).stderr


@pytest.mark.parametrize("process", [attempt, desk, provider, receiver])
def test_a_process_takes_no_shortened_name_of_an_option(
    process: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        process.main(["--dat", str(tmp_path)])
    assert (ended.value.code, "required: --data" in capsys.readouterr().err) == (2, True)
