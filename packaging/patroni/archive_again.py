#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""archive_again.py DATA on_role_change ROLE NAME   Patroni runs it on a member that becomes something else.

What a standby was sent of the log it takes for archived: by the primary. One that is lost had perhaps not come to it
yet, and then nobody would. So whoever becomes primary sends what it has of it again, before its own; the repository
takes what it has already for what it is, and refuses what is another. With Python's own modules alone.
"""

import re
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

SEGMENT_BYTES = 16 << 20
ATTEMPTS, POLL_SECONDS = 3000, 0.2
"""How often it is looked whether the server takes writes: for ten minutes."""
_SEGMENT = re.compile("[0-9A-F]{24}")
_ARCHIVED = re.compile(r"([0-9A-F]{24}|[0-9A-F]{8}\.history)\.done")
"""Whole segments, and how timelines went; neither what was only begun nor where a backup started."""
_FORK = re.compile(r"\s*(\d+)\s+([0-9A-F]+)/([0-9A-F]+)")
"""How a line of a history begins: a timeline, and where it was left."""
_CONTROL = struct.Struct("@QIIi")
"""How ``global/pg_control`` begins: the system, two versions, and a state."""
_IN_PRODUCTION = 6


def main(data: str, event: str, role: str, *_: str) -> None:
    """Mark all that is there of the log as waiting for the archive."""
    if event != "on_role_change" or role not in ("master", "primary"):
        return
    wait_for_production(Path(data))
    log = Path(data) / "pg_wal"
    status = log / "archive_status"
    forks = find_forks(log)
    for path in status.iterdir():
        if _ARCHIVED.fullmatch(path.name) and not is_left(path.stem, forks):
            # The server may have removed it, with its segment, in the meantime.
            with suppress(FileNotFoundError):
                path.rename(path.with_suffix(".ready"))
    for path in log.iterdir():
        # Of the timeline that goes on, what has no status is not whole yet; the server marks it.
        if _SEGMENT.fullmatch(path.name) and int(path.name[:8], 16) in forks and not is_left(path.name, forks):
            with suppress(FileNotFoundError):
                if path.stat().st_size == SEGMENT_BYTES and not (status / f"{path.name}.done").exists():
                    (status / f"{path.name}.ready").touch(0o600)


def wait_for_production(data: Path) -> None:
    """Return when the server takes writes: Patroni says that it will, and it forks the log before it does."""
    for _ in range(ATTEMPTS):
        *_, state = _CONTROL.unpack((data / "global" / "pg_control").read_bytes()[: _CONTROL.size])
        if state == _IN_PRODUCTION:
            return
        time.sleep(POLL_SECONDS)
    sys.exit("The server takes no writes: nothing is archived again.")


def find_forks(log: Path) -> dict[int, int]:
    """Return, for each timeline that was left, the first segment that is not all its own."""
    forks: dict[int, int] = {}
    for path in log.glob("*.history"):
        with suppress(FileNotFoundError):
            for told in filter(None, map(_FORK.match, path.read_text("utf-8", "replace").splitlines())):
                place = (int(told[2], 16) << 32 | int(told[3], 16)) // SEGMENT_BYTES
                forks[int(told[1])] = min(place, forks.get(int(told[1]), place))
    return forks


def is_left(name: str, forks: dict[int, int]) -> bool:
    """Return whether a segment holds what comes after its timeline was left: a part of it, whatever its size is.

    A standby calls it done all the same. Archived as whole it would be in the way of what the one before sent, or sends
    when it comes back.
    """
    if not _SEGMENT.fullmatch(name):
        return False
    place = int(name[8:16], 16) * 256 + int(name[16:], 16)
    return place >= forks.get(int(name[:8], 16), place + 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
