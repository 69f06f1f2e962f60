# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The data directory: what lies where below `--data DIR`, and who may enter."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from vaka.commands.child import bound_log
from vaka.database.cluster import Cluster
from vaka.database.server import Server
from vaka.errors import Category, ConfigurationError, Sentence, VakaError
from vaka.settings import Settings, load_settings


class AlreadyRunningError(VakaError):
    """Another supervisor holds the data directory."""

    def __init__(self, directory: Path, process_id: str) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv=f"Vaka körs redan i {directory} (process {process_id}). Stoppa den först, eller välj en annan "
                "katalog med --data.",
                en=f"Vaka runs already in {directory} (process {process_id}). Stop it first, or choose another "
                "directory with --data.",
            ),
        )


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Everything one installation keeps, below ``root`` (absolute)."""

    root: Path

    @property
    def settings_file(self) -> Path:
        """The settings."""
        return self.root / "vaka.toml"

    @property
    def credentials(self) -> Path:
        """One password file per login role."""
        return self.root / "credentials"

    @property
    def tls(self) -> Path:
        """The receiver's certificate and, in a demo, the authority that issued it."""
        return self.root / "tls"

    @property
    def run(self) -> Path:
        """Process ids and the supervisor's lock."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.root / "logs"

    @property
    def cluster(self) -> Cluster:
        """The embedded database server."""
        return Cluster(self.root / "cluster", self.credentials)

    def prepare(self) -> None:
        """Make the directories; all but the root, which the database's account passes through, are closed to others."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o755)
            for directory in (self.credentials, self.tls, self.run, self.logs):
                directory.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigurationError(
                f"The data directory {self.root} cannot be prepared: {error.strerror}. Choose another with --data."
            ) from error

    def load_settings(self) -> Settings:
        """Return the settings, or raise ConfigurationError with what is wrong."""
        return load_settings(self.settings_file)

    def server(self, settings: Settings) -> Server:
        """Return where the database is: the embedded one, or the one the settings name."""
        if settings.database.embedded:
            return self.cluster.server
        return Server(settings.database.host, settings.database.port, self.credentials)

    @contextmanager
    def supervisor_log(self) -> Iterator[TextIO]:
        """Open the supervisor's own log for appending."""
        path = self.logs / "supervisor.log"
        bound_log(path)
        with path.open("a", encoding="utf-8", buffering=1) as stream:
            path.chmod(0o600)
            yield stream

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory for one supervisor. Raises AlreadyRunningError where another holds it.

        The lock is the kernel's: it ends with the process, however that ends.
        """
        descriptor = os.open(self.run / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
                raise AlreadyRunningError(self.root, holder) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(descriptor)
