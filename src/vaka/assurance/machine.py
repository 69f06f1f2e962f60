# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the machine that looks says of the installation's processes: secrets in clear (term 11), rights (term 14).

The kernel is asked, as ``/proc`` says it, and not what was to be set: a unit file that nobody loaded hardens nothing.
Processes of another account cannot be looked into, and are counted by nobody.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vaka.plain_secrets import has_form_of_secret, holds_whole_secret, is_called_secret
from vaka.settings_reading import find_secrets

SETTINGS_FILE = "vaka.toml"
MOST_PROCESSES = 20_000
"""Entries of ``/proc`` that are looked at."""
LARGEST_FILE = 16_000_000
"""Bytes of a file of the program: ours are far below. With a larger one nothing is said."""
MOST_FILES = 20_000
_OWN_MODULE = "vaka.processes."
_SECCOMP_FILTER = "2"


class NotLookedAtError(Exception):
    """Something is not as it can be looked at. The evidence grows old."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the installation, as long as it is there."""

    entry: Path
    """Below ``/proc``."""
    arguments: tuple[str, ...]

    @property
    def is_program(self) -> bool:
        """Whether it runs our program, and not the database's."""
        return any(one.startswith(_OWN_MODULE) for one in self.arguments)


def list_processes(root: Path, proc: Path) -> Iterator[Process]:
    """Yield the processes that were started for the data directory `root`. Raises OSError where there is no `proc`."""
    below = f"{root}/"
    numbers = [entry for entry in proc.iterdir() if entry.name.isdigit()]
    for entry in numbers[:MOST_PROCESSES]:
        # It may have ended, or be somebody else's.
        with suppress(OSError):
            arguments = tuple((entry / "cmdline").read_text(errors="replace").split("\0")[:-1])
            if any(one == str(root) or one.startswith(below) for one in arguments):
                yield Process(entry, arguments)


def count_plain_secrets(root: Path, proc: Path) -> int:
    """Count what is a secret by its name or form in the settings file, and in processes' arguments and environment.

    Raises OSError where the file or `proc` cannot be read.
    """
    text = (root / SETTINGS_FILE).read_text(encoding="utf-8", errors="replace")
    content: Mapping[str, object] = {}
    with suppress(tomllib.TOMLDecodeError):
        content = tomllib.loads(text)
    found = len(find_secrets(text, content))
    for process in list_processes(root, proc):
        with suppress(OSError):
            lines = (process.entry / "environ").read_text(errors="replace").split("\0")
            found += sum(_is_secret(*line.partition("=")[::2]) for line in lines)
        found += sum(_is_secret(name, value) for name, value in _options(process.arguments))
    return found


def _options(arguments: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield every argument with the name of the option it is a value of, where it is one's."""
    for before, one in zip(("", *arguments), arguments, strict=False):
        name, has_value, value = one.partition("=")
        if one.startswith("--") and has_value:
            yield name, value
        else:
            yield (before if before.startswith("--") and "=" not in before else ""), one


def _is_secret(name: str, value: str) -> bool:
    """Whether a value is one: paths name the file of a secret, and what begins with a dash is another option."""
    named = is_called_secret(name) and value != "" and not value.startswith(("/", "-"))
    return named or has_form_of_secret(value)


def count_secrets_in(program: Path) -> int:
    """Count the files of the program that was installed in which a whole secret stands.

    Raises OSError, and NotLookedAtError where there is more than can be gone through.
    """
    files = [path for path in program.rglob("*") if path.is_file()]
    if not files or len(files) > MOST_FILES:
        raise NotLookedAtError
    found = 0
    for path in files:
        if path.stat().st_size > LARGEST_FILE:
            raise NotLookedAtError
        found += holds_whole_secret(path.read_bytes().decode("latin-1"))
    return found


def count_open_processes(root: Path, proc: Path) -> int | None:
    """Count our processes that can do more in the operating system than they need; None where none is to be seen.

    Each has to be unable to gain rights (``NoNewPrivs``), have no capability, and be behind a filter of system calls;
    none is root's.
    """
    seen = still = 0
    for process in list_processes(root, proc):
        if process.is_program:
            with suppress(OSError):
                status = _read_status(process.entry)
                seen, still = seen + 1, still + _is_restricted(status)
    return seen - still if seen else None


def _read_status(entry: Path) -> Mapping[str, str]:
    lines = (line.partition(":") for line in (entry / "status").read_text(errors="replace").splitlines())
    return {name: value.strip() for name, _, value in lines}


def _is_restricted(status: Mapping[str, str]) -> bool:
    return (
        status.get("NoNewPrivs") == "1"
        and status.get("Seccomp") == _SECCOMP_FILTER
        and all(set(status.get(kind, "-")) == {"0"} for kind in ("CapEff", "CapPrm", "CapAmb"))
        and "0" not in status.get("Uid", "0").split()
    )
