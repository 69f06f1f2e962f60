# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The sequencer: keeps every ledger sealed and signed. ``python -m vaka.processes.sequencer --data DIR``"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from vaka.clock import Clock, SystemClock
from vaka.database.cluster import find_server
from vaka.database.connections import DatabaseUnavailableError, make_pool, transaction
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_role
from vaka.ledger.rounds import LogPlace, keep_sealed, pause
from vaka.ledger.signer import KeyFiles, hold_memories
from vaka.ledger.witnesses import open_witnesses, require_usable
from vaka.processes.starting import run_process, until_told
from vaka.settings import Settings
from vaka.tenants.authorities import Authority, list_every_authority

COMPONENT = "sequencer"
DIRECTORY_SECONDS = 10.0
"""How often authorities that were registered since are looked for."""


async def run(root: Path, server: Server, settings: Settings, clock: Clock, stopped: asyncio.Event) -> None:
    """Keep the platform's log and each authority's, below the data directory `root`, until ``stopped`` is set."""
    platform = make_pool(server, platform_role(COMPONENT), PLATFORM_DATABASE, application=f"vaka-{COMPONENT}")
    await platform.open()
    kept: set[str] = set()
    try:
        async with asyncio.TaskGroup() as rounds:
            while not stopped.is_set():
                authorities: list[Authority] = []
                try:
                    async with transaction(platform) as connection:
                        authorities = await list_every_authority(connection)
                except DatabaseUnavailableError:
                    structlog.get_logger().warning("round failed", reason="directory", state="unavailable")
                for place in (_platform_log(root, settings), *(_log_of(root, settings, one) for one in authorities)):
                    if place.database not in kept:
                        kept.add(place.database)
                        seconds = settings.ledger.seal_seconds
                        witnesses = open_witnesses(settings.ledger, place.origin, clock)
                        rounds.create_task(
                            keep_sealed(place, server, clock, seconds=seconds, stopped=stopped, witnesses=witnesses)
                        )
                await pause(stopped, DIRECTORY_SECONDS)
    finally:
        await platform.close()


def _platform_log(root: Path, settings: Settings) -> LogPlace:
    files = KeyFiles.of(root / "credentials", root / "ledger", PLATFORM_DATABASE)
    return LogPlace(PLATFORM_DATABASE, platform_role(COMPONENT), settings.ledger.log_name(), files)


def _log_of(root: Path, settings: Settings, authority: Authority) -> LogPlace:
    database = authority.database_name
    files = KeyFiles.of(root / "credentials", root / "ledger", database)
    return LogPlace(database, tenant_role(database, COMPONENT), settings.ledger.log_name(authority.slug), files)


async def _run_until_told(root: Path, settings: Settings) -> None:
    require_usable(settings.ledger, SystemClock())
    with hold_memories(root / "ledger"):
        stopped = until_told()
        structlog.get_logger().info("sequencer works")
        await run(root, find_server(settings.database, root), settings, SystemClock(), stopped)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return run_process(COMPONENT, "Seals and signs the ledgers.", _run_until_told, arguments)


if __name__ == "__main__":
    sys.exit(main())
