# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The data directory: what lies where below `--data DIR`, and who may enter."""

import errno
import fcntl
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

from vaka.commands.child import bound_log
from vaka.database.cluster import Cluster, find_server
from vaka.database.server import Server
from vaka.errors import Category, ConfigurationError, Sentence, VakaError
from vaka.settings import Settings
from vaka.settings_reading import load_settings

_OURS = frozenset({"cluster", "credentials", "demo", "keys", "ledger", "logs", "receipts", "run", "tls"})
"""What a start that was interrupted before there were settings may have left."""
_FIRST = "credentials"
"""Is made before anything else. A directory that has only logs, say, is somebody else's."""


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
        return Cluster(self.root / "cluster", self.credentials, archiving=self.root / "backup" / "pgbackrest.conf")

    def prepare(self) -> None:
        """Make the directories; all but the root, which the database's account passes through, are closed to others.

        Nothing is done in a directory that holds something else, and the rights of one that is in use stay as they
        are. Raises ConfigurationError.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            held = {path.name for path in self.root.iterdir()}
            is_begun = held <= _OURS and _FIRST in held
            if held and not is_begun and self.settings_file.name not in held:
                raise ConfigurationError(
                    f"{self.root} holds other things than Vaka's. Choose an empty or new directory with --data."
                )
            if not held:
                self.root.chmod(0o755)
            for directory in (self.credentials, self.run, self.tls, self.logs):
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
        return find_server(settings.database, self.root)

    @contextmanager
    def supervisor_log(self) -> Iterator[TextIO]:
        """Open the supervisor's own log for appending. Raises ConfigurationError where it cannot be opened.

        A line that cannot be written is left out: a full disk must not end what starts the receiver again.
        """
        path = self.logs / "supervisor.log"
        try:
            bound_log(path)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable(path, "written", error) from error
        try:
            yield cast(TextIO, _Log(descriptor))
        finally:
            os.close(descriptor)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory for one supervisor. Raises AlreadyRunningError where another holds it, and
        ConfigurationError where the lock cannot be made.

        The lock is the kernel's: it ends with the process, however that ends.
        """
        path = self.run / "supervisor.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable(path, "opened", error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            except BlockingIOError:
                holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
                raise AlreadyRunningError(self.root, holder) from None
            except OSError as error:
                raise unusable(path, "written", error) from error
            yield
        finally:
            os.close(descriptor)


class _Log(io.TextIOBase):
    """Writes each line at once, or leaves it out."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, text: str) -> int:
        with suppress(OSError):
            os.write(self._descriptor, text.encode("utf-8", "replace"))
        return len(text)


def unusable(path: Path, what: str, error: OSError) -> ConfigurationError:
    """Return what to tell, and what to do, where a file of the data directory cannot be ``what`` (``written``, say)."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            advice = "Make room there, or choose another data directory with --data."
        case errno.EISDIR | errno.ENOTDIR | errno.ENXIO | errno.ELOOP:
            advice = "Something else stands in its place. Move that away and start again."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            advice = "Start Vaka with the account that owns the data directory, or choose another with --data."
        case _:
            advice = "See to the disk, or choose another data directory with --data."
    return ConfigurationError(f"{path} cannot be {what}: {error.strerror}. {advice}")
