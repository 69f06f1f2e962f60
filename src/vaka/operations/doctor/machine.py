# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The machine itself: the versions it has, room, the clock, swap, core dumps, time zones."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vaka.clock import LOCAL, read_clock_state
from vaka.database.binaries import OLDEST_VERSION, find_server_binaries
from vaka.errors import ConfigurationError, Sentence
from vaka.operations.doctor.findings import Finding, good, unseen, wrong
from vaka.operations.doctor.place import Place

OLDEST_PYTHON = (3, 11)
OLDEST_OPENSSL = (3, 0)
LEAST_FREE = 2 * 2**30
"""Bytes that have to be free: a day of alarms and what the database writes ahead, with much to spare."""
LEAST_FREE_FILES = 10_000
LOCKED = frozenset({"desk", "portal", "registry", "keyholder", "sequencer", "scheduler"})
"""Processes that hold keys or names, and lock what they hold into main memory."""


def look_at_versions(place: Place) -> Iterator[Finding]:
    """Whether Python, OpenSSL and the database's programs are new enough."""
    found = ((place.python, OLDEST_PYTHON, "Python"), (place.openssl[:2], OLDEST_OPENSSL, "OpenSSL"))
    for version, oldest, name in found:
        said, least = ".".join(map(str, version)), ".".join(map(str, oldest))
        if version < oldest:
            yield wrong(
                Sentence(
                    sv=f"{name} är {said}, och Vaka behöver {least}.", en=f"{name} is {said}; Vaka needs {least}."
                ),
                Sentence(
                    sv=f"Uppgradera till Debian 12 eller senare, eller installera {name} {least}.",
                    en=f"Upgrade to Debian 12 or later, or install {name} {least}.",
                ),
            )
    if place.settings.database.embedded:
        try:
            find_server_binaries()
        except ConfigurationError:
            yield wrong(
                Sentence(
                    sv=f"Inga program för PostgreSQL {OLDEST_VERSION} eller senare finns på maskinen.",
                    en=f"There are no programs of PostgreSQL {OLDEST_VERSION} or later on the machine.",
                ),
                Sentence(sv="Kör apt-get install postgresql.", en="Run apt-get install postgresql."),
            )
    yield good("Programversionerna räcker till.", "The versions of programs will do.")


def look_at_room(place: Place, least: int = LEAST_FREE) -> Iterator[Finding]:
    """Whether there is room where the installation writes. Without room no alarm is stored."""
    looked: set[int] = set()
    for path in (place.root, place.root / "cluster", place.root / "logs"):
        try:
            device, found = path.stat().st_dev, os.statvfs(path)
        except OSError:
            continue
        if device in looked:
            continue
        looked.add(device)
        free = found.f_bavail * found.f_frsize
        # Some file systems make room for files as they go, and say that there are none.
        is_crowded = found.f_files > 0 and found.f_favail < LEAST_FREE_FILES
        if free < least or is_crowded:
            what = (
                (f"{free // 2**20} MiB", f"{free // 2**20} MiB") if free < least else ("för få filer", "too few files")
            )
            yield wrong(
                Sentence(
                    sv=f"Det finns inte plats nog vid {path}: {what[0]} kvar.",
                    en=f"There is too little room at {path}: {what[1]} left.",
                ),
                Sentence(
                    sv="Gör plats eller utöka filsystemet nu: när det är fullt tas inga larm emot.",
                    en="Make room or enlarge the file system now: once it is full no alarm is taken in.",
                ),
            )
    if looked:
        yield good("Det finns plats på disken.", "There is room on the disk.")
    else:
        yield _not_entered(place.root)


def look_at_clock(place: Place) -> Iterator[Finding]:
    """Whether the clock is in step."""
    match read_clock_state(place.adjust):
        case "synchronised":
            yield good("Klockan går i takt.", "The clock is in step.")
        case "unsynchronised":
            yield wrong(
                Sentence(sv="Maskinens klocka går inte i takt.", en="The machine's clock is not in step."),
                Sentence(
                    sv="Se till att chrony är igång och når sina källor: chronyc tracking, chronyc sources.",
                    en="See that chrony runs and reaches its sources: chronyc tracking, chronyc sources.",
                ),
            )
        case "unknown":
            yield unseen(
                Sentence(
                    sv="Kärnan säger inte om klockan går i takt.",
                    en="The kernel does not say whether the clock is in step.",
                ),
                Sentence(
                    sv="Tillåt adjtimex för tjänsten, eller kör detta utanför behållaren.",
                    en="Allow adjtimex to the service, or run this outside the container.",
                ),
            )


def look_at_swap(place: Place) -> Iterator[Finding]:
    """Whether keys and names may be written to a disk: there is swap, and a process that holds them is not locked."""
    try:
        devices = (place.proc / "swaps").read_text().splitlines()[1:]
    except OSError:
        yield unseen(
            Sentence(sv="Kärnan visar inte var den växlar ut minne.", en="The kernel does not show where it swaps."),
            Sentence(sv="Se efter med swapon --show.", en="Look with swapon --show."),
        )
        return
    # Memory that is packed and stays in memory leaves nothing on a disk.
    if all(line.startswith("/dev/zram") for line in devices):
        yield good("Minne växlas inte ut på disk.", "No memory is swapped to a disk.")
        return
    open_ones = sorted({name for name, entry in place.processes() if name in LOCKED and not _is_locked(entry)})
    if open_ones:
        yield wrong(
            Sentence(
                sv=f"Det finns växlingsutrymme, och dessa har inte låst sitt minne: {', '.join(open_ones)}.",
                en=f"There is swap, and these have not locked their memory: {', '.join(open_ones)}.",
            ),
            Sentence(
                sv="Stäng av växlingen (swapoff -a), eller ge tjänsten LimitMEMLOCK=infinity och starta om den.",
                en="Turn swap off (swapoff -a), or give the service LimitMEMLOCK=infinity and restart it.",
            ),
        )
    else:
        yield good("Det som har nycklar är låst i minnet.", "What holds keys is locked into memory.")


def look_at_core_dumps(place: Place) -> Iterator[Finding]:
    """Whether a process that ends in a fault leaves its memory on the disk."""
    dumping = sorted({name for name, entry in place.processes() if _may_dump(entry)})
    if dumping:
        yield wrong(
            Sentence(
                sv=f"Dessa processer får lämna minnesdumpar efter sig: {', '.join(dumping)}.",
                en=f"These processes may leave core dumps: {', '.join(dumping)}.",
            ),
            Sentence(
                sv="Ge tjänsten LimitCORE=0, ta bort prlimit som någon har satt, och starta om den.",
                en="Give the service LimitCORE=0, take away what somebody set with prlimit, and restart it.",
            ),
        )
    else:
        yield good("Inga minnesdumpar lämnas.", "No core dumps are left.")


def look_at_locales(place: Place, zone: str = LOCAL.key) -> Iterator[Finding]:
    """Whether the machine knows Swedish time, and names files in UTF-8."""
    with suppress(ZoneInfoNotFoundError, ValueError):
        ZoneInfo.no_cache(zone)
        if sys.getfilesystemencoding().lower() == "utf-8":
            yield good("Tidszon och teckenkodning finns.", "Time zone and character encoding are there.")
            return
        yield wrong(
            Sentence(sv="Maskinens teckenkodning är inte UTF-8.", en="The machine's character encoding is not UTF-8."),
            Sentence(sv="Sätt LANG=C.UTF-8 för tjänsten.", en="Set LANG=C.UTF-8 for the service."),
        )
        return
    yield wrong(
        Sentence(sv=f"Maskinen känner inte tidszonen {zone}.", en=f"The machine does not know the time zone {zone}."),
        Sentence(sv="Kör apt-get install tzdata.", en="Run apt-get install tzdata."),
    )


def _is_locked(entry: Path) -> bool:
    """Whether a process has locked memory (proc(5), VmLck); one that is gone meanwhile needs none."""
    with suppress(OSError):
        for line in (entry / "status").read_text(errors="replace").splitlines():
            if line.startswith("VmLck:"):
                return line.split()[1] != "0"
    return True


def _may_dump(entry: Path) -> bool:
    with suppress(OSError):
        for line in (entry / "limits").read_text(errors="replace").splitlines():
            if line.startswith("Max core file size"):
                return line.split()[4] != "0"
    return False


def _not_entered(root: Path) -> Finding:
    return unseen(
        Sentence(sv=f"{root} går inte att gå in i.", en=f"{root} cannot be entered."),
        Sentence(
            sv="Kör detta som det konto som äger katalogen, eller som root.",
            en="Run this as the account that owns the directory, or as root.",
        ),
    )
