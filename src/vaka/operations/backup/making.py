# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Making a backup: the databases' log archived up to now, a backup of them where one is due, all at the other site.

The order matters. What is archived is whole before it is added, so what lies at the site can be restored: a crash
between any two steps leaves an older whole one.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vaka.clock import Clock
from vaka.database.cluster import Cluster, find_server, make_server_directory
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.operations.backup.members import find_members
from vaka.operations.backup.planning import Kind, count_days_kept, find_due
from vaka.operations.backup.repository import PROGRAM, Repository, read_passphrase
from vaka.operations.backup.running import BackupFailedError
from vaka.operations.backup.site import Site
from vaka.settings import Settings

LEFT_OUT = frozenset({"backup", "cluster", "credentials", "keys", "ledger", "logs", "restored", "run", "tls"})
"""What of the data directory is not added as files: the cluster has backups of its own, keys and credentials are kept
apart on purpose (a backup that held them would open itself), and the rest is worth nothing tomorrow."""


@dataclass(frozen=True, slots=True)
class Made:
    """What one round added."""

    point: datetime
    """Everything that was committed before this moment is at the site."""
    kind: Kind | None
    snapshot: str
    backups: int
    """How many backups of the databases there are."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The installation that is backed up, below ``root``."""

    root: Path
    settings: Settings
    cluster: Cluster

    @property
    def repository(self) -> Repository:
        """Where its databases' backups lie, beside it."""
        members = find_members(self.settings, self.server)
        return Repository(self.root / "backup", self.cluster, self.settings.mode, members)

    @property
    def server(self) -> Server:
        """How its databases are reached, wherever they are."""
        return find_server(self.settings.database, self.root)

    @property
    def site(self) -> Site:
        """The other site."""
        mine = self.settings.backup
        return Site(
            mine.site, self.root / mine.site_authority, self.root / mine.site_certificate,
            self.root / mine.files_passphrase, self.root / "run" / "restic", self.settings.mode,
        )  # fmt: skip

    def configure(self) -> None:
        """Write the configuration of the repository; the server archives from its next start on.

        Raises ConfigurationError where no site is named, or whoever runs the databases backs them up.
        """
        self.require_possible()
        self.configure_repository(self.repository, create=True)
        read_passphrase(self.root / self.settings.backup.files_passphrase, create=True)

    def require_possible(self) -> None:
        """Raise ConfigurationError where backups are not set up, or whoever runs the databases backs them up."""
        if not self.settings.backup.site:
            raise ConfigurationError("No backups are made: the setting backup.site names no other site.")
        if not self.settings.database.embedded and self.repository.members is None:
            raise ConfigurationError(
                "The database is not the embedded one, and the setting backup.members_port names no port of "
                "pgBackRest's on its machines: whoever runs it backs it up with pgBackRest of its own."
            )

    def configure_repository(self, repository: Repository, *, create: bool = False) -> None:
        """Write the configuration of a repository of this installation, which may be a copy of its own."""
        mine = self.settings.backup
        repository.configure(
            read_passphrase(self.root / mine.passphrase, create=create),
            days=count_days_kept(self.settings.erasure.backups_kept_days, mine), queue_gigabytes=mine.queue_gigabytes,
        )  # fmt: skip

    def list_files(self) -> tuple[Sequence[Path], Sequence[Path]]:
        """Return what is added, and what within that is not."""
        mine, keys = self.settings.backup, self.settings.keyholder
        secret = (keys.root_file, keys.root_credential, keys.device_pin, keys.memory, mine.passphrase,
                  mine.files_passphrase, mine.site_certificate, self.settings.terms.signing_key,
                  self.settings.notices.signing_key, self.settings.erasure.signing_key)  # fmt: skip
        places = [mine.restored, self.settings.erasure.restored, self.settings.erasure.backups]
        without = [self.root / path for path in (*secret, *(one for one in places if one is not None))]
        added = [path for path in sorted(self.root.iterdir()) if path.name not in LEFT_OUT and path not in without]
        return [self.repository.files, self.memories, *added], without

    @property
    def memories(self) -> Path:
        """A copy of what each log signed last."""
        return self.root / "run" / "backup" / "ledger"

    def copy_memories(self) -> None:
        """Copy what each log signed last, before the databases are archived: restored together, they are not behind it.

        What is remembered of keys is left out: an old memory of them would let old keys in.
        """
        shutil.rmtree(self.memories, ignore_errors=True)
        self.memories.parent.mkdir(mode=0o700, exist_ok=True)
        kept_apart = {(self.root / self.settings.keyholder.memory).name}
        shutil.copytree(self.root / "ledger", self.memories, ignore=lambda _, names: kept_apart & set(names))


def make_backup(
    installation: Installation, clock: Clock, wanted: Kind | None = None, *, after_failure: bool = False
) -> Made:  # fmt: skip
    """Back up everything that is due, or the kind that is wanted, and add it at the site.

    After one that failed, and where the archive has a hole, the archive alone is not enough: a backup starts anew from
    what is there. Raises BackupFailedError, SiteSilentError, ConfigurationError; what was added before stays.
    """
    with _alone(installation.root):
        repository, site = installation.repository, installation.site
        repository.require_of_mode()
        # By their directory, the caches of the site's program are ours alone.
        site.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        repository.create()
        kind = wanted or find_due(repository.list_backups(), installation.settings.backup, clock.now())
        if kind is None and (after_failure or repository.has_hole()):
            kind = "incr"
        if kind is not None:
            repository.back_up(kind)
        installation.copy_memories()
        point = clock.now()
        repository.check()
        if repository.has_hole():  # it came meanwhile: nothing is said of a point, and the next round starts anew
            raise BackupFailedError(PROGRAM, -1, "ERROR: the archive misses a segment of the log")
        site.create()
        snapshot = site.add(*installation.list_files())
        return Made(point, kind, snapshot, len(repository.list_backups()))


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One at a time; whoever comes second is told so. Raises ConfigurationError."""
    descriptor = os.open(root / "run" / "backup.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError("Another backup is being made. Wait for it, then run this again.") from None
        yield
    finally:
        os.close(descriptor)


def fetch_repository(installation: Installation, snapshot: str, place: Path) -> Repository:
    """Fetch the repository out of a snapshot at the site into a directory that is there; return it, configured.

    Raises BackupFailedError, and ConfigurationError where it is another kind of installation's.
    """
    fetched = installation.site.fetch(snapshot, installation.repository.files, place / "fetched")
    repository = Repository(place / "backup", installation.cluster, installation.settings.mode)
    make_server_directory(repository.directory)
    fetched.rename(repository.files)
    repository.require_of_mode()
    return repository
