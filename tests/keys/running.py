# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A real keyholder, as a process of its own, on a data directory whose cluster runs already."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import wait_for
from vaka.commands.programs import answers
from vaka.database.cluster import Cluster
from vaka.database.provision import provision_keys
from vaka.keys.credentials import issue_credentials

SOCKET = Path("run/keyholder.sock")


def start_keyholder(root: Path) -> subprocess.Popen[bytes]:
    """Start a keyholder below ``root`` and return when it lets somebody in; what it lacks there is made."""
    settings = root / "vaka.toml"
    if not settings.exists():
        settings.write_text("")
    for name in ("run", "ledger", "logs"):
        (root / name).mkdir(mode=0o700, exist_ok=True)
    provision_keys(Cluster(root / "cluster", root / "credentials").server)
    issue_credentials(root / "credentials")
    log = root / "logs" / "keyholder.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "vaka.processes.keyholder", "--data", root], stdout=stream, stderr=stream
        )
    wait_for(lambda: process.poll() is not None or answers(root / SOCKET), 60)
    assert process.poll() is None, log.read_text()
    return process


def end_keyholder(process: subprocess.Popen[bytes]) -> None:
    """End it, also where it was stopped."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
    process.wait(60)


@contextmanager
def running_keyholder(root: Path) -> Iterator[None]:
    """Run a keyholder below ``root`` until the block ends."""
    process = start_keyholder(root)
    try:
        yield
    finally:
        end_keyholder(process)
