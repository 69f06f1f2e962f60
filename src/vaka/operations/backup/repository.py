# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The repository of the databases' backups: pgBackRest's, encrypted, beside the cluster whose log it archives, or on
Vaka's machine where the databases are on others.

pgBackRest runs as the account of the database server. What it is configured with, the passphrase among it, stands in a
file that this account alone can read; no argument and no environment holds a secret.
"""

import json
import math
import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vaka.database.cluster import Cluster, make_server_directory, server_account, write_as_server
from vaka.database.server import SUPERUSER
from vaka.errors import ConfigurationError
from vaka.operations.backup.members import Members
from vaka.operations.backup.planning import KINDS, Backup, Kind
from vaka.operations.backup.running import BackupFailedError, run_program

CIPHER = "aes-256-cbc"
PROGRAM = "pgbackrest"
SHORTEST_PASSPHRASE = 32
ARCHIVED_WITHIN_SECONDS = 60
_SEALED = b"Salted__"
"""How everything begins that pgBackRest encrypted."""
_SEGMENT = re.compile("[0-9A-F]{24}")
_NO_STANZA = 1
"""What ``info`` says of a stanza that was never made."""
_LOCKED, _ATTEMPTS = 50, 30
"""What it ends with while another one works on the stanza, and how often it is tried, a second between."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository, and the cluster it is of or is restored to."""

    directory: Path
    """Holds the repository and its configuration; the database server's account owns it."""
    cluster: Cluster
    mode: str
    """What the installation is: a demo's backups are of no use in production, and the other way round (term 22)."""
    members: Members | None = None
    """The servers on other machines that it is of, in place of the cluster here."""

    @property
    def configuration(self) -> Path:
        """What pgBackRest is configured with."""
        return self.directory / "pgbackrest.conf"

    @property
    def files(self) -> Path:
        """The repository itself."""
        return self.directory / "repository"

    def configure(self, passphrase: str, *, days: int, queue_gigabytes: int) -> None:
        """Write the configuration anew."""
        make_server_directory(self.directory)
        for name in ("repository", "lock"):
            make_server_directory(self.directory / name)
        account = server_account()
        if account is not None and self.members is None:
            # The server's own account opens its server anyway; ours is not entered by it.
            write_as_server(self._passfile, self.cluster.server.credential_file(SUPERUSER).read_text())
        general = f"""\
[global]
repo1-path={self.files}
repo1-cipher-type={CIPHER}
repo1-cipher-pass={passphrase}
repo1-retention-full-type=time
repo1-retention-full={days}
repo1-bundle=y
compress-type=zst
start-fast=y
archive-push-queue-max={queue_gigabytes}GiB
log-level-file=off
log-level-console=off
log-level-stderr=error
lock-path={self.directory / "lock"}
"""
        here = f"""\
pg1-path={self.cluster.data}
pg1-socket-path={self.cluster.directory.absolute()}
pg1-port={self.cluster.port}
pg1-user={SUPERUSER}
pg1-database=postgres
"""
        waits = f"archive-timeout={ARCHIVED_WITHIN_SECONDS}\n"
        _write_anew(self._restoring, f"{general}{waits}\n[{self.mode}]\n{here}")
        if self.members is not None:
            self.members.copy_certificates(self.directory)
            of_all, each = self.members.describe(self.directory, self.mode)
            _write_anew(self.configuration, f"{general}{of_all}\n[{self.mode}]\n{each}")

    @property
    def _restoring(self) -> Path:
        """What it is configured with to restore, which is done here whoever the repository is of."""
        return self.configuration if self.members is None else self.directory / "pgbackrest-restoring.conf"

    @property
    def _passfile(self) -> Path:
        own = self.directory / "superuser.pgpass"
        return own if server_account() is not None else self.cluster.server.credential_file(SUPERUSER)

    def create(self) -> None:
        """Make the repository ready for this cluster; does nothing where it is. The server has to run."""
        if self.members is None:
            self._run("stanza-create")
            return
        # A member that archives meanwhile has the lock; it is soon done, and where the stanza is nothing is to be made.
        for attempt in range(_ATTEMPTS):
            if self._is_made():
                return
            try:
                self._run("stanza-create")
            except BackupFailedError as error:
                if error.code != _LOCKED or attempt + 1 == _ATTEMPTS:
                    raise
                time.sleep(1)

    def _is_made(self) -> bool:
        """Whether there is a stanza already, with backups or without."""
        said = json.loads(self._run("info", "--output=json"))
        return any(one["name"] == self.mode and one["status"]["code"] in (0, 2) for one in said)

    def check(self) -> None:
        """Have the server archive everything that was committed until now, and see it arrive.

        Raises BackupFailedError where it does not within a minute.
        """
        self._run("check")

    def back_up(self, kind: Kind) -> None:
        """Make one backup, and remove what is older than it is kept; of a cluster, from a standby if one does."""
        if self.members is not None:
            # Where that fails, for want of a standby say, the primary is copied. It knows no "if there is one" (2.45).
            with suppress(BackupFailedError):
                self._run("backup", f"--type={kind}", "--backup-standby")
                return
        self._run("backup", f"--type={kind}")

    def list_backups(self) -> list[Backup]:
        """Return what there is, oldest first. Raises BackupFailedError where the passphrase opens nothing."""
        try:
            said = json.loads(self._run("info", "--output=json"))
            stanza = next((one for one in said if one["name"] == self.mode), None)
            if stanza is None or stanza["status"]["code"] == _NO_STANZA:
                return []
            if stanza["status"]["code"] not in (0, 2):  # there are none yet
                raise BackupFailedError(PROGRAM, int(stanza["status"]["code"]), "ERROR: the repository cannot be read")
            return [_as_backup(one) for one in stanza["backup"]]
        except (KeyError, TypeError, ValueError) as error:
            raise BackupFailedError(PROGRAM, -1, "ERROR: what it says of the repository is not understood") from error

    def has_hole(self) -> bool:
        """Whether the archive misses something since the newest backup, so that not all of it can be played back.

        The server is told that a segment is archived also where it was given up, so as not to fill its disk (the
        queue); what lies in the repository is what counts.
        """
        newest = max(self.list_backups(), key=lambda one: one.ended, default=None)
        names = (path.name.partition("-")[0] for path in (self.files / "archive" / self.mode).glob("*/*/*"))
        # What a primary had begun when another took over (".partial") does in the place of no segment.
        return newest is not None and has_hole((one for one in names if _SEGMENT.fullmatch(one)), newest.segment)

    def require_of_mode(self) -> None:
        """Refuse what another kind of installation backed up (term 22). Raises ConfigurationError."""
        held = {one.name for one in (self.files / "backup").iterdir()} if (self.files / "backup").is_dir() else set()
        if held and self.mode not in held:
            raise ConfigurationError(
                f"The backup is of another kind of installation ({', '.join(sorted(held))}) than this one "
                f"({self.mode}). It is not opened here."
            )

    def count_damaged(self) -> int:
        """Read every file of the repository, and return how many are not what they were when they were written."""
        # It ends with 0 whatever it finds (2.45).
        said = self._run("verify", "--output=text")
        damaged = 0
        for line in said.splitlines():
            for name, _, number in (part.strip().partition(":") for part in line.split(",")):
                if name in ("missing", "checksum invalid", "size invalid", "other") and number.strip().isdigit():
                    damaged += int(number)
        return damaged or int("status: error" in said)

    def restore(self, into: Cluster, until: datetime | None = None) -> None:
        """Fill the data directory of a cluster that does not run, as it was at a moment; or with all there is.

        What the log holds is played back when that cluster is started. Every file's checksum is compared on the way.
        """
        moment = ["--type=default"]
        if until is not None:
            at = until.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
            moment = ["--type=time", f"--target={at}", "--target-action=promote"]
        self._run("restore", f"--pg1-path={into.data}", "--archive-mode=off", *moment, configuration=self._restoring)

    def _run(self, command: str, *options: str, configuration: Path | None = None) -> str:
        return run_program(
            PROGRAM, [f"--config={configuration or self.configuration}", f"--stanza={self.mode}", *options, command],
            account=server_account(), environment={"PGPASSFILE": str(self._passfile)},
        )  # fmt: skip


def _write_anew(path: Path, text: str) -> None:
    """Write a configuration. It is read each time that a server archives, so it is left alone where nothing is new."""
    if not path.exists() or path.read_text("utf-8") != text:
        write_as_server(path, text)


def read_passphrase(path: Path, *, create: bool) -> str:
    """Return a passphrase; it is made where that is wanted and there is none. Raises ConfigurationError."""
    if create and not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{os.urandom(32).hex()}\n")
    try:
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The passphrase of the backups in {path} cannot be read.") from error
    if len(text) < SHORTEST_PASSPHRASE or not text.isalnum():
        raise ConfigurationError(
            f"The passphrase of the backups in {path} is not one: {SHORTEST_PASSPHRASE} letters and digits or more."
        )
    return text


def count_unencrypted(files: Path) -> int:
    """Return how many files of a repository are not encrypted, by how each of them begins, whatever is configured."""
    unencrypted = 0
    for path in files.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                unencrypted += not (file.read(len(_SEALED)) or _SEALED).startswith(_SEALED)
    return unencrypted


def has_hole(segments: Iterable[str], since: str) -> bool:
    """Return whether a segment of the log is missing between one and the last there is, by their names. Pure."""
    timelines: dict[str, set[int]] = {}
    for one in segments:
        timelines.setdefault(one[:8], set()).add(_place(one))
    after: set[int] = set()
    ends = math.inf
    # What an older one wrote from where a newer begins is not what is played back.
    for _, places in sorted(timelines.items(), reverse=True):
        after |= {one for one in places if _place(since) <= one < ends}
        ends = min(ends, *places)
    return len(after) != max(after, default=_place(since)) - _place(since) + 1


def _place(segment: str) -> int:
    """Return where a segment stands in the log, whatever timeline it is of: the log goes on in the next one."""
    return int(segment[8:16], 16) * 256 + int(segment[16:24], 16)


def _as_backup(said: dict[str, Any]) -> Backup:
    if said["type"] not in KINDS:
        raise ValueError(said["type"])
    began, ended = (datetime.fromtimestamp(int(said["timestamp"][one]), UTC) for one in ("start", "stop"))
    return Backup(str(said["label"]), said["type"], began, ended, whole=not said["error"],
                  segment=str(said["archive"]["start"]))  # fmt: skip
