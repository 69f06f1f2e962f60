# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What digest challenges were used for, shared by the receiver processes of one machine.

The kernel gives each new port of a device to any of them. So a challenge of one is answered at another, which must know
that nobody has answered it before. They remember it together in one file of fixed size, mapped into the memory of each.

The file is trusted: who can write to it can have a recorded message accepted again. It is of one start of the machine:
after the next, when what was noted last may not have reached the disk, a new one is made, and with it a new era.
"""

import fcntl
import mmap
import os
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vaka.errors import ConfigurationError
from vaka.receiver.limits import Limits
from vaka.sip.digest import NonceVerdict

_MARK = b"vaka nonces 2"
_HEADER = struct.Struct("<16s16s8sQ")  # mark, start of the machine, era, buckets
_CELL = struct.Struct("<QQQ")  # issued, chance, highest count
_CELLS = 8
_BUCKET = struct.Struct("<" + "QQQ" * _CELLS)
_CAPACITY = Limits().nonces
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class SharedNonces:
    """A table of buckets, each with the few latest of its nonces.

    A new one takes the place of the oldest. So whatever is as old as the oldest and is not there may have been there:
    it counts as stale, and the device is asked once more than necessary.
    """

    def __init__(self, file: int, era: bytes, buckets: int) -> None:
        """Take over an open file whose header is right."""
        self.era = era
        self._file = file
        self._buckets = buckets
        self._table = mmap.mmap(file, _size(buckets))

    def close(self) -> None:
        """Give the file back."""
        self._table.close()
        os.close(self._file)

    def use(self, issued: int, chance: int, count: int, oldest: int) -> NonceVerdict:
        """Mark one use. See ``vaka.sip.digest.NonceMemory``.

        Nobody else looks into the same bucket meanwhile; a process that is killed in the middle frees it.
        """
        place = _HEADER.size + chance % self._buckets * _BUCKET.size
        fcntl.lockf(self._file, fcntl.LOCK_EX, _BUCKET.size, place)
        try:
            return self._use(place, issued, chance, count, oldest)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, _BUCKET.size, place)

    def _use(self, place: int, issued: int, chance: int, count: int, oldest: int) -> NonceVerdict:
        if issued < oldest:
            return NonceVerdict.STALE
        cells = list(_CELL.iter_unpack(self._table[place : place + _BUCKET.size]))
        number = next((n for n, cell in enumerate(cells) if cell[:2] == (issued, chance)), None)
        if count <= (0 if number is None else cells[number][2]):
            return NonceVerdict.REPLAYED
        if number is None:
            number = min(range(_CELLS), key=cells.__getitem__)
            if issued <= cells[number][0]:
                return NonceVerdict.STALE
        _CELL.pack_into(self._table, place + number * _CELL.size, issued, chance, count)
        return NonceVerdict.FRESH


def open_shared_nonces(path: Path, *, capacity: int = _CAPACITY) -> SharedNonces:
    """Return the memory in ``path``, made now where there is none that is right. Several processes may do this at once.

    ``capacity`` is how many nonces it holds, about. A process that has the earlier file open goes on with that one,
    and asks devices anew that come with a challenge of ours. Raises ConfigurationError where it cannot be made.
    """
    buckets = 1 << max(0, (capacity - 1) // _CELLS).bit_length()
    try:
        boot = bytes.fromhex(_BOOT.read_text().strip().replace("-", ""))
        wanted = (_MARK.ljust(16, b"\0"), boot, buckets)
        with _alone_in(path.parent):
            file = _open(path, wanted)
            if file is None:
                _create(path, wanted)
                file = _open(path, wanted)
    except OSError as error:
        raise ConfigurationError(f"The file {path} cannot be used: {error.strerror}.") from error
    if file is None:
        raise ConfigurationError(f"The file {path} cannot be used: it is not what was just written there.")
    return SharedNonces(*file, buckets)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _open(path: Path, wanted: tuple[bytes, bytes, int]) -> tuple[int, bytes] | None:
    """Open the file where it is one of ours and of this start of the machine; return it and its era."""
    try:
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    header = os.pread(file, _HEADER.size, 0)
    if len(header) == _HEADER.size and os.fstat(file).st_size == _size(wanted[2]):
        mark, boot, era, buckets = _HEADER.unpack(header)
        if (mark, boot, buckets) == wanted:
            return file, era
    os.close(file)
    return None


def _create(path: Path, wanted: tuple[bytes, bytes, int]) -> None:
    """Write it aside and put it in place whole; really written, so that a full disk is found now and not in use."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        draft.unlink()
    mark, boot, buckets = wanted
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(_HEADER.pack(mark, boot, secrets.token_bytes(8), buckets))
            file.write(bytes(buckets * _BUCKET.size))
        draft.replace(path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _size(buckets: int) -> int:
    return _HEADER.size + buckets * _BUCKET.size
