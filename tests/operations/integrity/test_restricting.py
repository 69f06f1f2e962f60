# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A process that is held starts the programs it was allowed, and no others: the kernel's own word, tried for real."""

import subprocess
import sys
from pathlib import Path

import pytest

from vaka.operations.integrity.restricting import find_version

pytestmark = pytest.mark.skipif(
    find_version() < 1, reason="this kernel has no Landlock: nothing of it can be tried here"
)

TRIES = """
import os, subprocess, sys
from pathlib import Path
from vaka.operations.integrity.restricting import allow_only, is_held, _find, _LOADERS
assert allow_only([*sys.argv[2:], *_find(_LOADERS)])
def attempt(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip() or "ran"
    except PermissionError:
        return "EACCES"
where = Path(sys.argv[1])
for command in (["/bin/true"], [where / "unlisted"], [where / "script"], ["/bin/sh", where / "script"],
                [sys.executable, "-c", "print('text')"]):
    print(attempt(*map(str, command)))
print(is_held(where / "probe"))
"""


def attempt(where: Path, *allowed: str) -> list[str]:
    """Let a process be held to these programs, and say how each attempt of it went."""
    (where / "unlisted").write_bytes(Path("/bin/true").read_bytes())
    (where / "script").write_text("#!/bin/sh\necho script\n")
    for name in ("unlisted", "script"):
        (where / name).chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", TRIES, str(where), *allowed], capture_output=True, text=True, check=True
    )  # fmt: skip
    return done.stdout.splitlines()


def test_term_28_3_a_program_that_is_not_listed_does_not_run(tmp_path: Path) -> None:
    """A program and a script in a directory where the process may write; nothing at all where nothing is listed."""
    assert attempt(tmp_path, "/bin/true") == ["ran", "EACCES", "EACCES", "EACCES", "EACCES", "True"]
    assert attempt(tmp_path) == ["EACCES", "EACCES", "EACCES", "EACCES", "EACCES", "True"]


def test_term_28_5_what_an_interpreter_is_given_is_not_stopped(tmp_path: Path) -> None:
    """As docs/releases.md says: the rules are about programs, and a text that an allowed interpreter reads is none."""
    assert attempt(tmp_path, "/bin/sh", sys.executable) == ["EACCES", "EACCES", "EACCES", "script", "text", "True"]
    said = (Path(__file__).parents[3] / "docs/releases.md").read_text()
    assert "`sh script`" in said
    assert "`python -c`" in said
