# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the numbers were measured on: cores, kernel, versions. No name of any machine."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from bench.kamailio import find_kamailio
from vaka.database.binaries import find_server_binaries


def describe_machine(work: Path) -> dict[str, str]:
    """Return what a reader needs to compare; ``work`` is where the database lies."""
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    kamailio = find_kamailio()
    return {
        "processor": f"{os.cpu_count()} cores, {model[1].strip() if model else platform.machine()}",
        "memory": f"{int(memory[1]) / 1024 / 1024:.0f} GiB" if memory else "unknown",
        "file system": _first_line(["stat", "--file-system", "--format=%T", str(work)]),
        "kernel": platform.release().partition("-")[0],
        "python": sys.version.partition(" ")[0],
        "postgresql": _first_line([str(find_server_binaries() / "postgres"), "--version"]).partition(") ")[2],
        "kamailio": "not installed" if kamailio is None else _version([str(kamailio[0]), "-v"]),
    }


def _version(command: list[str]) -> str:
    found = re.search(r"\d+\.\d+\.\d+", _first_line(command))
    return found[0] if found else "unknown"


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return done.stdout.partition("\n")[0].strip()
