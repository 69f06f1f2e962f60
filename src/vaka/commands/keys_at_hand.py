# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A keyholder for a maintenance command: the one that runs, or one that is started for the while."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from vaka.clock import SystemClock
from vaka.commands.child import last_line
from vaka.commands.data_directory import DataDirectory
from vaka.commands.programs import answers
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.keys.client import KeyClient
from vaka.keys.keyring import make_client
from vaka.settings import Settings

READY_SECONDS = 30.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05


@contextmanager
def keyholder_at_hand(data: DataDirectory, settings: Settings) -> Iterator[None]:
    """See to it that a keyholder answers until the block ends; the databases answer already.

    Raises ConfigurationError where none comes to work, with the last line of its log.
    """
    socket_file = data.root / settings.keyholder.socket
    if answers(socket_file):
        yield
        return
    log = data.logs / "keyholder.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "vaka.processes.keyholder", "--data", str(data.root)],
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, cwd="/",
        )  # fmt: skip
    try:
        for _ in range(int(READY_SECONDS / _POLL_SECONDS)):
            if process.poll() is not None or answers(socket_file):
                break
            time.sleep(_POLL_SECONDS)
        if not answers(socket_file):
            raise ConfigurationError(f"The keyholder does not work. The last line of {log}: {last_line(log)}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@asynccontextmanager
async def asking(server: Server, settings: Settings) -> AsyncIterator[KeyClient]:
    """Lend how setup asks the keyholder."""
    client = make_client(server, settings, "setup", SystemClock())
    try:
        yield client
    finally:
        await client.close()
