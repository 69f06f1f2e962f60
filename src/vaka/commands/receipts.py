# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The receipt of a maintenance command that changed something: waited for, and kept where it can be found again."""

import asyncio
import os
from pathlib import Path

from vaka.commands.data_directory import DataDirectory
from vaka.commands.maintenance import Run
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.ledger.receipts import NotSealedYetError, Receipt, policy_of, wait_for_receipt
from vaka.settings import Settings

WAIT_SECONDS = 10.0
"""A log with witnesses is sealed within a second or so; whoever waits longer is told how to fetch it later."""
DIRECTORY = "receipts"


def hand_out(directory: DataDirectory, settings: Settings, server: Server, run: Run) -> str:
    """Wait until the entry about this run is sealed and witnessed; return the sentence that says where its proof is.

    What was done stands whether or not there is a receipt. Raises EntryGoneError where its entry was taken away.
    """
    if run.entry is None:
        return ""
    try:
        receipt = asyncio.run(_wait(settings, server, run.entry))
    except NotSealedYetError:
        return (
            f"It is done and entered, but not sealed yet. Fetch its receipt later: "
            f"vaka ledger receipt --data {directory.root} {run.entry}"
        )
    return f"Its receipt is {_keep(directory.root / DIRECTORY, receipt)}."


async def _wait(settings: Settings, server: Server, number: int) -> Receipt:
    policy = policy_of(settings.ledger, settings.ledger.log_name())
    async with await open_connection(
        server, platform_role("sequencer"), PLATFORM_DATABASE, application="vaka-receipt"
    ) as connection:
        return await wait_for_receipt(connection, number, seconds=WAIT_SECONDS, policy=policy)


def _keep(directory: Path, receipt: Receipt) -> Path:
    path = directory / f"{receipt.id}.tlog-proof"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        # Written over: after a restored backup the same number may be another entry's.
        with path.open("wb") as file:
            file.write(receipt.proof.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigurationError(f"The receipt cannot be written to {path}: {error.strerror}.") from error
    return path
