# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Processes of the benchmark: started, waited for, stopped in order, and asked what processor time they took."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


class Started:
    """One program and everything it starts."""

    def __init__(
        self, arguments: Iterable[str | Path], log: Path, environment: Mapping[str, str] | None = None, cwd: str = "/"
    ) -> None:
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                list(map(str, arguments)), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, cwd=cwd,
                env={**os.environ, **(environment or {})}, start_new_session=True,
            )  # fmt: skip
        self._log = log
        self.pid = self._process.pid

    def wait_until(self, is_ready: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Return when ``is_ready``. Raises RuntimeError, with the end of its log, where the program ends or is late."""
        until = time.monotonic() + seconds
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > until:
                tail = self._log.read_text(errors="replace")[-2000:]
                self.stop()
                raise RuntimeError(f"{what} did not come about:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to stop; after ten seconds insist."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(10)


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(fields[1]), []).append(int(entry))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def processor_seconds(pid: int) -> float:
    """Return the processor time taken so far by a process and its descendants, those that ended included."""
    total = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))  # own and waited-for children, in user and kernel mode
    return total / _TICKS


def calm(pid: int, seconds: float = 2.0, cores: float = 0.1) -> Callable[[], bool]:
    """Return what tells whether a process has done next to nothing for so long."""
    since, taken = time.monotonic(), processor_seconds(pid)

    def is_calm() -> bool:
        nonlocal since, taken
        now, used = time.monotonic(), processor_seconds(pid)
        if used - taken > cores * seconds:
            since, taken = now, used
        return now - since >= seconds

    return is_calm


def resident_megabytes(pid: int) -> float:
    """Return the memory that one process holds now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def udp_drops(port: int) -> int:
    """Return the datagrams that the kernel has thrown away because nobody fetched them from this port."""
    drops = 0
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].partition(":")[2], 16) == port:
            drops += int(fields[-1])
    return drops
