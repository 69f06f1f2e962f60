# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Files that hold secrets: written wholly or not at all, read by their owner alone, written over when replaced."""

import os
from contextlib import suppress
from pathlib import Path


def write_secret(path: Path, data: bytes) -> None:
    """Replace a file, and return once the new one would outlast a power cut and the old content was written over.

    Writing over reaches the blocks themselves on disks and file systems that write in place; on flash memory, on
    copy-on-write file systems and in snapshots old blocks may survive. What is sealed in them needs a credential that
    lies elsewhere. Raises OSError; then the old file stands.
    """
    draft = draft_of(path)
    wipe(draft)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    old = None
    with suppress(FileNotFoundError):
        old = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        draft.replace(path)
        sync_directory(path.parent)
        if old is not None:
            _write_over(old)
    finally:
        if old is not None:
            os.close(old)


def create_secret(path: Path, data: bytes) -> bool:
    """Write a file that is not there yet; return whether it was written now."""
    if path.exists():
        return False
    write_secret(path, data)
    return True


def wipe(path: Path) -> None:
    """Write over a file's content and remove it, where it is there."""
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            _write_over(descriptor)
        finally:
            os.close(descriptor)
        path.unlink()


def draft_of(path: Path) -> Path:
    """Return where a file is written before it takes the place of the one before."""
    return path.with_name(f".{path.name}.new")


def sync_directory(path: Path) -> None:
    """Return once what was put into a directory, or renamed there, would outlast a power cut."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write_over(descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    os.pwrite(descriptor, os.urandom(size), 0)
    os.fsync(descriptor)
