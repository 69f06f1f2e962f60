# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A keyholder's work in a process of its own, which kills itself at a step and tidies up nothing.

``python -m tests.keys.killed SOCKET-DIRECTORY CREDENTIALS KEYS rotate|erase PERSON STEP``
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from vaka.clock import TurnedClock
from vaka.database.server import Server
from vaka.keys import files
from vaka.keys.hierarchy import Hierarchy
from vaka.keys.memory import Memory
from vaka.keys.sealed_file import SealedFile, SealedFilePlace

EKBACKA = UUID(int=0xA)
ORDER = UUID(int=0x0D1)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(when: str, number: int) -> None:
    replace, sync = Path.replace, files.sync_directory
    counted = {"before": 0, "after": 0}

    def reached(now: str) -> None:
        counted[now] += 1
        if (when, number) == (now, counted[now]):
            die()

    def replaced(draft: Path, target: Path) -> Path:
        reached("before")
        return replace(draft, target)

    def synced(path: Path) -> None:
        sync(path)
        reached("after")

    Path.replace = replaced  # type: ignore[assignment,method-assign]
    files.sync_directory = synced


async def main(host: str, credentials: str, directory: Path, name: str, person: UUID, step: str) -> None:
    place = SealedFilePlace(directory / "keys" / "root", directory / "credentials" / "root.key")
    clock = TurnedClock(datetime(2026, 3, 14, tzinfo=UTC))

    def mark(reached: str) -> None:
        if reached == step:
            die()

    hierarchy = Hierarchy(
        Server(host, 5432, Path(credentials)), place, Memory(directory / "run" / "keys.seen"), clock, mark
    )
    await hierarchy.open()
    if step == "destroying":
        SealedFile.keep_only = lambda *_: die()  # type: ignore[method-assign]
    if step == "writing":
        files.sync_directory = lambda path: die()  # the file stands in its place, and may not be there after all
    if step.startswith("file "):
        # Before the so-many-th file takes its place, or right after: the root with both versions (1), old and new
        # credential (2), the root under the new one (3), the new one alone (4).
        when, number = step.split()[1:]
        die_at(when, int(number))
    if name == "rotate":
        await hierarchy.rotate(EKBACKA)
    else:
        await hierarchy.erase(EKBACKA, [person], ORDER)


if __name__ == "__main__":
    arguments = sys.argv
    asyncio.run(main(arguments[1], arguments[2], Path(arguments[3]), arguments[4], UUID(arguments[5]), arguments[6]))
