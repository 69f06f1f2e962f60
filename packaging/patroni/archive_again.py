#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""archive_again.py DATA on_role_change ROLE NAME   Patroni runs it on a member that becomes something else.

What a standby was sent of the log it takes for archived: by the primary. One that is lost had perhaps not come to it
yet, and then nobody would. So whoever becomes primary sends what it has of it again, before its own; the repository
takes what it has already for what it is, and refuses what is another. With Python's own modules alone.
"""

import re
import sys
from contextlib import suppress
from pathlib import Path

_ARCHIVED = re.compile(r"([0-9A-F]{24}|[0-9A-F]{8}\.history)\.done")
"""Whole segments, and how timelines went; neither what was only begun nor where a backup started."""


def main(data: str, event: str, role: str, *_: str) -> None:
    """Mark all that is there of the log as waiting for the archive."""
    if event != "on_role_change" or role not in ("master", "primary"):
        return
    for path in (Path(data) / "pg_wal" / "archive_status").iterdir():
        if _ARCHIVED.fullmatch(path.name):
            # The server may have removed it, with its segment, in the meantime.
            with suppress(FileNotFoundError):
                path.rename(path.with_suffix(".ready"))


if __name__ == "__main__":
    main(*sys.argv[1:])
