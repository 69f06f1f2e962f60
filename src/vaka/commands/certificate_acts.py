# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How `vaka certificates` does what it does: one run at a time, and the log is told."""

import asyncio
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from subprocess import SubprocessError

from vaka.clock import Clock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, actor, recorded, require_change
from vaka.commands.protection import accept_files
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.ledger.entries import Entry
from vaka.operations.certificates import telling
from vaka.settings import Settings

RENEW = "certificates.renew"
"""The one that goes on without a database: a certificate that ends may be what keeps it away."""


@dataclass(slots=True)
class Act:
    """What a command does, and where it tells of it."""

    run: Run
    directory: DataDirectory
    settings: Settings
    server: Server | None
    """None where there are no databases yet, or none that answers: what is done is noted."""
    away: bool = False
    """Whether there is one, which could not be started."""

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
        self._accept_noted(server, clock)
        asyncio.run(_tell(server, self.root, entries, clock.now()))
        self._seal(server, clock)

    def _accept_noted(self, server: Server, clock: Clock) -> None:
        """What the receiver shows is protected: what was renewed while nobody could be told is accepted with its entry,
        and before the note of it goes, or it would be otherwise for ever.
        """
        names = telling.renewed_meanwhile(self.root, telling.read_notes(self.root, clock.now()))
        if names:
            accept_files(self.root, server, clock, self.run.actor, [f"tls/{name}.pem" for name in names])

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
    with ExitStack() as stack:
        try:
            stack.enter_context(reachable_server(directory, settings))
            away = False
        except (ConfigurationError, OSError, SubprocessError):
            # The unit that renews may start no other program, such as the embedded server.
            if name != RENEW:
                raise
            away = True
        if away:
            stack.enter_context(_alone(directory))
            yield Act(Run(actor()), directory, settings, None, away=True)
            return
        run = stack.enter_context(recorded(server, clock, name, change, apply=apply))
        stack.enter_context(_alone(directory))
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
