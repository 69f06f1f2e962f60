# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How `vaka certificates` does what it does: one run at a time, and the log is told."""

import asyncio
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vaka.clock import Clock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, actor, recorded, require_change
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.ledger.entries import Entry
from vaka.operations.certificates import telling
from vaka.settings import Settings


@dataclass(slots=True)
class Act:
    """What a command does, and where it tells of it."""

    run: Run
    directory: DataDirectory
    settings: Settings
    server: Server | None
    """None where there are no databases yet: what is done is noted."""

    @property
    def root(self) -> Path:
        """The data directory."""
        return self.directory.root

    def enter(self, entry: Entry, clock: Clock) -> None:
        """Tell the log, before it is done. Raises LedgerStandsStillError, DatabaseUnavailableError."""
        if self.server is None:
            telling.note(self.root, entry)
        else:
            self.tell(self.server, [entry], clock)

    def tell(self, server: Server, entries: Sequence[Entry], clock: Clock) -> None:
        """Tell the log of these and of what was noted; where no sequencer seals it, it is sealed before and after."""
        self._seal(server, clock)
        asyncio.run(_tell(server, self.root, entries, clock.now()))
        self._seal(server, clock)

    def _seal(self, server: Server, clock: Clock) -> None:
        asyncio.run(seal_logs(self.directory, self.settings, server, active_authorities(server), clock))


@contextmanager
def acting(
    data: Path, clock: Clock, name: str, change: str | None = None, *, apply: bool = False
) -> Iterator[Act]:  # fmt: skip
    """Do something, alone and recorded as `recorded` says."""
    directory = DataDirectory(data.absolute())
    settings = directory.load_settings()
    server = directory.server(settings)
    require_change(change, apply=apply)
    # The certificate of a database server of one's own is needed before there is a database that could be told.
    if not server.credential_file(platform_role("setup")).exists():
        with _alone(directory):
            yield Act(Run(actor(), "bootstrap"), directory, settings, None)
        return
    with (
        reachable_server(directory, settings) as server,
        recorded(server, clock, name, change, apply=apply) as run,
        _alone(directory),
    ):
        yield Act(run, directory, settings, server)


@contextmanager
def _alone(directory: DataDirectory) -> Iterator[None]:
    """Wait until no other run issues here; none takes longer than the log takes."""
    try:
        directory.tls.mkdir(mode=0o700, exist_ok=True)
        held = os.open(directory.tls, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError(f"{directory.tls} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


async def _tell(server: Server, root: Path, entries: Sequence[Entry], now: datetime) -> None:
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        await telling.tell(platform, root, entries, now)
