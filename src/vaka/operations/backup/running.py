# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Runs the programs that back up and restore: no secret in what they are called with, one sentence when they fail."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from vaka.database.cluster import server_identity
from vaka.errors import Category, ConfigurationError, Sentence, VakaError

LONGEST_SECONDS = 6 * 3600
"""A whole installation is copied or restored in this time, or something is wrong."""
_CLEAN = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
_LONGEST_SAID = 300


class BackupFailedError(VakaError):
    """A program that backs up or restores ended with something else than success."""

    def __init__(self, program: str, code: int, output: str) -> None:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        # What it hints at afterwards is not what went wrong.
        wrong = [line for line in lines if "ERROR" in line or "Fatal" in line]
        said = (wrong or lines or ["it said nothing"])[0][:_LONGEST_SAID]
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(sv=f"{program} misslyckades ({code}): {said}", en=f"{program} failed ({code}): {said}"),
        )
        self.code = code


def run_program(
    name: str,
    arguments: Sequence[str | Path],
    *,
    account: str | None = None,
    environment: Mapping[str, str] | None = None,
    directory: Path = Path("/"),
) -> str:
    """Run a program as an account (ours: None) and return what it printed.

    Raises BackupFailedError, and ConfigurationError where it is not installed.
    """
    found = find_program(name)
    try:
        done = subprocess.run(
            [found, *arguments], cwd=directory, env={**_CLEAN, **(environment or {})}, check=False, umask=0o077,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST_SECONDS,
            **server_identity(account),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BackupFailedError(name, -1, "it took too long") from None
    # Bytes of a damaged file may stand in what is said.
    if done.returncode != 0:
        raise BackupFailedError(name, done.returncode, (done.stderr or done.stdout).decode("ascii", "replace"))
    return done.stdout.decode("utf-8", "replace")


def find_program(name: str) -> str:
    """Return where a program is. Raises ConfigurationError."""
    found = shutil.which(name, path=_CLEAN["PATH"])
    if found is None:
        raise ConfigurationError(f"{name} is not installed. Debian and Ubuntu: apt-get install {name}.")
    return found
