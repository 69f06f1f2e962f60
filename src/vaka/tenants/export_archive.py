# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A ZIP archive that is sent while it is made: nothing of it is kept but what was not fetched yet. Pure.

Sizes are not known beforehand, so each member says its own behind its bytes (APPNOTE 4.3.9, a data descriptor), in the
64-bit form; unzip, Windows and Python read that.
"""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any


@dataclass(frozen=True, slots=True)
class Member:
    """What the manifest says of a file of the archive."""

    path: str
    sha256: str
    bytes: int


class _Outlet:
    """Takes what the archive writes until it is fetched. It cannot be wound back, and so nothing in it is changed."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._waiting += data
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Everything is at hand already."""

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


class Writing:
    """One file of the archive, while it is written."""

    def __init__(self, path: str, inside: IO[bytes]) -> None:
        self._path = path
        self._inside = inside
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._inside.write(data)
        self._digest.update(data)
        self._size += len(data)

    def member(self) -> Member:
        """Return what is to be said of it."""
        return Member(self._path, self._digest.hexdigest(), self._size)


class Archive:
    """The archive. After each step the caller takes what there is to send."""

    def __init__(self, made_at: datetime) -> None:
        self._outlet = _Outlet()
        self._made = made_at.timetuple()[:6]
        out: Any = self._outlet
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.members: dict[str, Member] = {}

    @contextmanager
    def open(self, path: str) -> Iterator[Writing]:
        """Begin a file; it ends with the block."""
        about = zipfile.ZipInfo(path, self._made)
        about.compress_type = zipfile.ZIP_DEFLATED
        about.external_attr = 0o600 << 16  # whoever unpacks it is the only one who reads it
        with self._zip.open(about, "w", force_zip64=True) as inside:
            writing = Writing(path, inside)
            yield writing
        self.members[path] = writing.member()

    def add(self, path: str, data: bytes) -> None:
        """Add a whole file."""
        with self.open(path) as file:
            file.write(data)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        return self._outlet.take()

    def end(self) -> None:
        """Write the archive's list of files. The digest is of everything, this too."""
        self._zip.close()

    @property
    def sha256(self) -> str:
        """Of everything written so far, in hexadecimal."""
        return self._outlet.digest.hexdigest()

    @property
    def size(self) -> int:
        """How many bytes were written so far."""
        return self._outlet.size


def describe(members: Mapping[str, Member], counts: Mapping[str, tuple[str, int, int]]) -> list[dict[str, object]]:
    """Return the manifest's list of files; `counts` has kind, rows and rows not wholly opened by path."""
    told: list[dict[str, object]] = []
    for path, member in members.items():
        one: dict[str, object] = {"path": path, "sha256": member.sha256, "bytes": member.bytes}
        if path in counts:
            one |= dict(zip(("kind", "rows", "unopened"), counts[path], strict=True))
        told.append(one)
    return told
