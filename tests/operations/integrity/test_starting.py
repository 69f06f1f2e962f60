# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A process of ours starts as the release that was signed, and loads nothing else: real processes, a real release."""

import json
import os
import py_compile
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from tests.operations.integrity.releases import (
    OTHER_KEY,
    RELEASE_KEY,
    TEST_KEY,
    data_directory,
    instead,
    one_byte_off,
    run,
    sign,
    trust,
)
from vaka.operations.integrity.envelope import seal
from vaka.operations.integrity.manifest import MANIFEST

PROCESSES = ("desk", "keyholder", "scheduler")
STARTED = "mistake: Extra inputs are not permitted"
"""What a process says that got as far as its settings."""
GUARDED = """
import sys
from pathlib import Path
from vaka.operations.integrity.envelope import read_trust
from vaka.operations.integrity.guard import install_guard
from vaka.operations.integrity.manifest import read_release
root = Path(sys.prefix)
install_guard(root, read_release(root, read_trust(Path(sys.argv[1]))))
import {module}
print("imported")
"""


def start(release: Path, data: Path, process: str = "desk") -> "subprocess.CompletedProcess[str]":
    """Start a process of the release."""
    return run(release, "-m", f"vaka.processes.{process}", "--data", str(data))


def site(release: Path) -> Path:
    """Where its modules are."""
    [found] = (release / "lib").glob("python3*/site-packages")
    return found


@pytest.mark.parametrize("process", PROCESSES)
def test_what_was_signed_starts(release: Path, tmp_path: Path, process: str) -> None:
    """With everything that it loads; and nothing is written into the release."""
    before = sorted(path for path in release.rglob("*"))
    started = start(release, data_directory(tmp_path / "data"), process)
    assert STARTED in started.stderr
    assert "Refused" not in started.stderr
    assert sorted(path for path in release.rglob("*")) == before


@pytest.mark.parametrize(
    "changed", ["clock.py", "processes/desk.py", "identity/queries.sql", "web/templates/signin.html"]
)
def test_term_28_1_a_byte_changed_refuses_the_start(release: Path, tmp_path: Path, changed: str) -> None:
    """Of a module that is loaded, of one that is not yet, of a statement, of a page."""
    path, data = site(release) / "vaka" / changed, data_directory(tmp_path / "data")
    with instead(path, one_byte_off(path)):
        refused = start(release, data)
        assert (refused.returncode, STARTED in refused.stderr) == (2, False)
        assert "Refused" in refused.stderr
        assert "(altered, 1)" in refused.stderr


@pytest.mark.parametrize("changed", ["pydantic/main.py", "structlog/__init__.py"])
def test_term_28_1_a_byte_changed_in_what_we_stand_on_is_not_loaded(
    release: Path, tmp_path: Path, changed: str
) -> None:
    """Each module is compared as it is loaded, the source also where it was compiled before."""
    path = site(release) / changed
    with instead(path, one_byte_off(path)):
        refused = start(release, data_directory(tmp_path / "data"))
        assert refused.returncode != 0
        assert STARTED not in refused.stderr
        assert "is not as it was released" in refused.stderr


def test_term_28_2_a_module_that_nobody_listed_is_not_imported(release: Path, tmp_path: Path) -> None:
    """A new file, an orphaned compiled one, one in another directory on the path; and what was listed, altered."""
    keys, place = trust(tmp_path / "keys.toml"), site(release)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "planted.py").write_text("print('ran')\n")
    path = {"PYTHONPATH": str(elsewhere)}

    def attempt(module: str = "planted", environment: dict[str, str] | None = None) -> str:
        said = run(release, "-B", "-c", GUARDED.format(module=module), str(keys), environment=environment)
        assert "ran" not in said.stdout
        return said.stdout + said.stderr

    assert "imported" in attempt("webauthn")
    assert "planted is not in the release" in attempt(environment=path)
    with instead(place / "planted.py", b"print('ran')\n"):
        assert "planted is not in the release" in attempt()
    compiled = _compile(tmp_path, "print('ran')\n")
    with instead(place / "planted.pyc", compiled):
        assert "planted is not in the release" in attempt()
    [cached] = (place / "click/__pycache__").glob("globals.*.pyc")
    with instead(cached, compiled):
        assert "is not as it was released" in attempt("click.globals")
    with instead(place / "click/globals.py", b"print('ran')\n"):
        assert "is not as it was released" in attempt("click.globals")
    [native] = (place / "uvloop").glob("loop.*.so")
    with instead(native, one_byte_off(native)):
        assert "is not as it was released" in attempt("uvloop.loop")
    with instead(place / "vaka/planted.py", b""):
        assert "(unlisted, 1)" in start(release, data_directory(tmp_path / "data")).stderr


def test_a_compiled_file_that_nobody_listed_is_as_if_it_were_not_there(release: Path, tmp_path: Path) -> None:
    """The source, which is listed, is what runs."""
    place = site(release)
    [cached] = (place / "click/__pycache__").glob("globals.*.pyc")
    other = cached.with_name(cached.name.replace("globals", "testing"))
    manifest = json.loads((release / MANIFEST).read_bytes())
    keys = trust(tmp_path / "keys.toml")
    with instead(other, None):
        sign(release)  # without that one
    try:
        with instead(other, _compile(tmp_path, "print('ran')\n")):
            said = run(release, "-B", "-c", GUARDED.format(module="click.testing"), str(keys))
        assert said.stdout == "imported\n"
    finally:
        (release / MANIFEST).write_text(json.dumps(manifest))


def _compile(where: Path, source: str) -> bytes:
    """Return a compiled file that the interpreter takes without a look at any source."""
    path = where / "source.py"
    path.write_text(source)
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(path), str(where / "source.pyc"), invalidation_mode=mode)
    return (where / "source.pyc").read_bytes()


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ("unsigned", "unsigned"), ("none", "missing"), ("nonsense", "unreadable"), ("wrong", "wrong_key"),
        ("claimed", "wrong_key"), ("test", "wrong_key"), ("revoked", "revoked_key"), ("older", "rollback"),
        ("edited", "wrong_key"),
    ],
)  # fmt: skip
def test_term_28_4_a_manifest_that_is_not_believed_refuses_the_start(
    release: Path, tmp_path: Path, how: str, word: str
) -> None:
    """Unsigned, gone, signed by a stranger, by another's key, in another's name, by a revoked key; an older release."""
    data, manifest = data_directory(tmp_path / "data"), release / MANIFEST
    content = manifest.read_bytes()
    envelope = json.loads(content)
    if how == "revoked":
        trust(data / "trusted.toml", (RELEASE_KEY, "release", True))
    elif how == "older":
        trust(data / "trusted.toml", lowest=2)
    elif how == "unsigned":
        content = json.dumps(envelope | {"signatures": []}).encode()
    elif how == "nonsense":
        content = b"[]"
    elif how == "edited":
        said = b64decode(envelope["payload"]).replace(b'"sequence":1', b'"sequence":2')
        content = json.dumps(envelope | {"payload": b64encode(said).decode()}).encode()
    elif how in ("wrong", "test", "claimed"):
        other = json.loads(seal({}, [TEST_KEY if how == "test" else OTHER_KEY]))["signatures"][0]
        if how == "claimed":
            other["keyid"] = envelope["signatures"][0]["keyid"]
        content = json.dumps(envelope | {"signatures": [other]}).encode()
    with instead(manifest, None if how == "none" else content):
        refused = start(release, data)
    assert (refused.returncode, STARTED in refused.stderr) == (2, False)
    assert f"({word}, 1)" in refused.stderr


def test_outside_production_what_nobody_signed_runs_and_says_so(release: Path, tmp_path: Path) -> None:
    """Whoever reads the log knows."""
    for mode in ("demo", "test"):
        with instead(release / MANIFEST, None):
            started = start(release, data_directory(tmp_path / mode, mode=mode))
        assert STARTED in started.stderr
        assert f"This is no signed release (missing): allowed in a {mode}." in started.stderr


def test_term_17_3_a_tool_that_was_changed_does_not_run(release: Path, tmp_path: Path) -> None:
    """`vaka` itself, whatever it is asked; as it was, it gets as far as the settings."""
    data = data_directory(tmp_path / "data")
    command = (str(release / "bin/vaka"), "settings", "show", "--data", str(data))
    assert "Extra inputs" in run(release, *command).stderr
    path = site(release) / "vaka/commands/settings.py"
    with instead(path, one_byte_off(path)):
        refused = run(release, *command)
    assert (refused.returncode, "Extra inputs" in refused.stderr) == (2, False)
    assert "(altered, 1)" in refused.stderr


DESK = ("-m", "vaka.processes.desk")
SHOW = ("bin/vaka", "settings", "show")
TWICE = "Refused: --data is there more than once."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ((*DESK, "--data", "EMPTY", "--data", "DATA"), TWICE),
        ((*DESK, "--data=EMPTY", "--data", "DATA"), TWICE),
        ((*DESK, "--dat", "DATA"), "Refused: vaka.processes.desk needs --data DIRECTORY"),
        (("-W", "--data=EMPTY", *DESK, "--data", "DATA"), "(altered, 1)"),
        (("-Imvaka.processes.desk", "--data", "DATA"), "(altered, 1)"),
        ((*SHOW, "--data", "EMPTY", "--data", "DATA"), TWICE),
        ((*SHOW, "--data", "EMPTY", "--data=DATA"), TWICE),
        (("bin/vaka", "--", *SHOW[1:], "--data=EMPTY", "--data", "DATA"), TWICE),
        (("bin/vaka", "settings", "accept", "--reason", "--data=EMPTY", "--data", "DATA"), TWICE),
        (("-Ic", "from vaka.commands.main import main; main()", *SHOW[1:], "--data", "DATA"), "(altered, 1)"),
    ],
    ids=str,
)
def test_no_spelling_of_a_command_line_passes_the_look(
    release: Path, tmp_path: Path, line: tuple[str, ...], said: str
) -> None:
    """One directory is looked at and no other is worked on: what was altered does not run, whatever is written."""
    data, empty = data_directory(tmp_path / "data"), tmp_path / "empty"
    empty.mkdir()
    named = {"DATA": str(data), "EMPTY": str(empty), "bin/vaka": str(release / "bin/vaka")}
    arguments = [part.replace("EMPTY", named["EMPTY"]).replace("DATA", named["DATA"]) for part in line]
    path = site(release) / ("vaka/processes/desk.py" if "desk" in str(line) else "vaka/commands/settings.py")
    with instead(path, b"print('ran')\n" + path.read_bytes()):
        refused = run(release, *(named.get(one, one) for one in arguments))
    assert (refused.returncode, refused.stdout) == (2, ""), refused.stdout + refused.stderr
    assert said in refused.stderr


def test_a_process_says_how_long_the_look_took(release: Path, tmp_path: Path) -> None:
    """Printed, and asserted by nobody: what a start costs more than one without a look."""
    data = data_directory(tmp_path / "data")
    took = []
    for line in ('trusted_keys = "trusted.toml"', ""):
        (data / "vaka.toml").write_text(f"mistake = 1\n[release]\n{line}\n")
        before = os.times()
        assert STARTED in start(release, data).stderr
        after = os.times()
        took.append(after.children_user + after.children_system - before.children_user - before.children_system)
    print(f"\nprocessor time of a start: {took[0]:.2f} s with the look, {took[1]:.2f} s without")
