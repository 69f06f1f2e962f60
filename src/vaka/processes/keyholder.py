# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The keyholder: the one process that has keys to keys. ``python -m vaka.processes.keyholder --data DIR``"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from vaka.clock import SystemClock
from vaka.database.cluster import find_server
from vaka.keys.credentials import read_credentials
from vaka.keys.hierarchy import Hierarchy
from vaka.keys.holder import Keyholder
from vaka.keys.memory import Memory
from vaka.keys.roots import RootPlace
from vaka.keys.sealed_file import SealedFilePlace
from vaka.peers import accounts_named
from vaka.processes.starting import run_process, until_told
from vaka.settings import KeyholderSettings, Settings

COMPONENT = "keyholder"


def root_place(root: Path, settings: KeyholderSettings) -> RootPlace:
    """Return where the root key is. A key device's code is loaded only where there is one."""
    if settings.root == "key_device" and settings.device_library is not None:
        from vaka.keys.token import TokenPlace

        return TokenPlace(root / settings.device_library, settings.device_label, root / settings.device_pin)
    return SealedFilePlace(
        root / settings.root_file, root / settings.root_credential, credential_stays=settings.root_credential_stays
    )


def accounts_of(settings: KeyholderSettings) -> frozenset[int]:
    """Return the numbers of the accounts that may ask: ours and those the settings name. Raises ConfigurationError."""
    return accounts_named(settings.accounts, "keyholder.accounts")


async def run(root: Path, settings: Settings, stopped: asyncio.Event) -> None:
    """Hold the keys of the data directory `root` until ``stopped`` is set."""
    mine, clock = settings.keyholder, SystemClock()
    hierarchy = Hierarchy(
        find_server(settings.database, root), root_place(root, mine), Memory(root / mine.memory), clock
    )
    try:
        await hierarchy.open()
        holder = Keyholder(hierarchy, read_credentials(root / "credentials"), accounts_of(mine), clock)
        server = await holder.listen(root / mine.socket, shared=bool(mine.accounts))
        structlog.get_logger().info("keyholder works", version=hierarchy.store.root_version)
        await stopped.wait()
        server.close()
        holder.close()
    finally:
        await hierarchy.close()


async def _run_until_told(root: Path, settings: Settings) -> None:
    await run(root, settings, until_told())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return run_process(COMPONENT, "Holds the keys.", _run_until_told, arguments, from_its_own_account=True)


if __name__ == "__main__":
    sys.exit(main())
