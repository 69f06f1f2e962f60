# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The other site: a restic repository that whoever runs production can add to, and can take nothing out of.

restic speaks to a server of the site's own (``rclone serve restic --append-only``, under another account on another
machine) over TLS with certificates on both sides. What it is added to it is encrypted under a passphrase that the site
does not need to know.
"""

import http.client
import json
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from vaka.errors import Category, Sentence, VakaError
from vaka.operations.backup.running import BackupFailedError, run_program

PROGRAM = "restic"
_ANSWER_SECONDS = 30
_LARGEST = 1_000_000
_NOBODYS = "0" * 64
"""A name that no snapshot has: it is a SHA-256."""


class SiteSilentError(VakaError):
    """The other site does not answer, or not as it must."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(
                sv="Platsen för säkerhetskopior svarar inte som den ska.",
                en="The site of the backups does not answer as it must.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was added at one time."""

    name: str
    made: datetime


@dataclass(frozen=True, slots=True)
class Site:
    """How the other site is reached."""

    address: str
    authority: Path
    certificate: Path
    passphrase: Path
    cache: Path
    mode: str
    """What the installation is; what another kind added is not seen."""

    def create(self) -> None:
        """Make the repository where there is none yet."""
        try:
            self._run("cat", "config")
        except BackupFailedError:
            if self.is_made():
                raise  # there is one: it is the passphrase that does not open it
            self._run("init", "--repository-version", "2")

    def is_made(self) -> bool:
        """Whether there is a repository."""
        return self._ask("HEAD", "config") == http.client.OK

    def add(self, paths: Sequence[Path], without: Sequence[Path]) -> str:
        """Add files and directories as they are now; return what the site knows them by."""
        excluded = [f"--exclude={_as_pattern(path)}" for path in without]
        said = self._run("backup", "--json", "--tag", self.mode, "--host", "vaka", *excluded, *map(str, paths))
        for line in reversed(said.splitlines()):
            told = json.loads(line)
            if told.get("message_type") == "summary":
                return str(told["snapshot_id"])
        raise BackupFailedError(PROGRAM, -1, "ERROR: it did not say what it added")

    def list_snapshots(self) -> list[Snapshot]:
        """Return what was added by this kind of installation, oldest first."""
        said = json.loads(self._run("snapshots", "--json", "--tag", self.mode)) or []
        return sorted(
            (Snapshot(str(one["id"]), datetime.fromisoformat(_shorten(one["time"]))) for one in said),
            key=lambda one: one.made,
        )

    def check(self, *, everything: bool) -> None:
        """Look through the repository, or read all that is in it. Raises BackupFailedError where something is wrong."""
        self._run("check", *(["--read-data"] if everything else []))

    def fetch(self, snapshot: str, wanted: Path, into: Path) -> Path:
        """Put back a directory of a snapshot below another; return where it is."""
        self._run("restore", snapshot, "--target", str(into), "--include", _as_pattern(wanted))
        return into / wanted.relative_to("/")

    def is_append_only(self) -> bool:
        """Whether the site refuses to remove and to overwrite, asked with what would do no harm if it did not."""
        content = self._read("config")
        removes = self._ask("DELETE", f"snapshots/{_NOBODYS}")
        overwrites = self._ask("POST", "config", content)
        return removes == overwrites == http.client.FORBIDDEN

    def _read(self, name: str) -> bytes:
        with self._connected() as connection:
            connection.request("GET", self._path(name))
            answer = connection.getresponse()
            content = answer.read(_LARGEST)
        if answer.status != http.client.OK:
            raise SiteSilentError
        return content

    def _ask(self, method: str, name: str, content: bytes | None = None) -> int:
        with self._connected() as connection:
            connection.request(method, self._path(name), body=content)
            return connection.getresponse().status

    def _path(self, name: str) -> str:
        return f"{urlsplit(self.address).path}{name}"

    def _connected(self) -> "_Connection":
        place = urlsplit(self.address)
        try:
            context = ssl.create_default_context(cafile=str(self.authority))
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(self.certificate)
        except (OSError, ssl.SSLError) as error:
            raise SiteSilentError from error
        return _Connection(place.hostname or "", place.port, timeout=_ANSWER_SECONDS, context=context)

    def _run(self, command: str, *options: str) -> str:
        return run_program(
            PROGRAM,
            ["--repo", f"rest:{self.address}", "--password-file", str(self.passphrase), "--cacert", str(self.authority),
             "--tls-client-cert", str(self.certificate), "--cache-dir", str(self.cache), "--quiet", command, *options],
            environment={"HOME": str(self.cache)},
        )  # fmt: skip


class _Connection(http.client.HTTPSConnection):
    """A connection for the while, whose troubles are one."""

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self.close()
        if isinstance(error, OSError | http.client.HTTPException):
            raise SiteSilentError from error


def _as_pattern(path: Path) -> str:
    """Return a path as restic takes it for itself alone, and not for a pattern."""
    return "".join(f"\\{one}" if one in "*?[\\" else one for one in os.fspath(path))


def _shorten(time: str) -> str:
    """Return a time of Go's, which knows nanoseconds, as Python reads it."""
    whole, dot, rest = time.partition(".")
    digits = rest.rstrip("Z").split("+")[0].split("-")[0] if dot else ""
    zone = rest[len(digits) :] if dot else ""
    return (f"{whole}.{digits[:6]:0<6}{zone}" if dot else time).replace("Z", "+00:00")
