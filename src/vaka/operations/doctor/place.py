# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is looked at: one data directory, on one machine, at one moment."""

import ssl
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from vaka.clock import Adjust
from vaka.settings import Settings

_OWN_MODULE = "vaka.processes."
MOST_PROCESSES = 20_000
"""Entries of ``/proc`` that are looked at."""


@dataclass(frozen=True)
class Place:
    """An installation, and the machine it is on as far as the looks ask for it."""

    root: Path
    """The data directory, absolute."""
    settings: Settings
    now: datetime
    proc: Path = Path("/proc")
    services: Path = Path("/run/systemd/system")
    """Is there where systemd runs the machine (sd_booted(3))."""
    adjust: Adjust | None = None
    """Who tells of the clock, where it is not the kernel."""
    python: tuple[int, int] = sys.version_info[:2]
    openssl: tuple[int, ...] = field(default=ssl.OPENSSL_VERSION_INFO)

    @cached_property
    def running(self) -> Counter[str]:
        """How many processes of this directory run, by name (``receiver``). Everybody may see that, but for hidepid."""
        return Counter(name for name, _ in self.processes())

    def processes(self) -> Iterator[tuple[str, Path]]:
        """Yield each process of this directory: its name, and its entry below ``/proc``."""
        try:
            entries = [entry for entry in self.proc.iterdir() if entry.name.isdigit()]
        except OSError:
            return
        for entry in entries[:MOST_PROCESSES]:
            with suppress(OSError):
                said = (entry / "cmdline").read_text(errors="replace").split("\0")
                names = [one.removeprefix(_OWN_MODULE) for one in said if one.startswith(_OWN_MODULE)]
                if names and str(self.root) in said:
                    yield names[0], entry
