# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A receiver as a process of its own, and what can be asked of it from outside."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.operations.namespaces import require_namespaces
from tests.waiting import wait_until


def write_settings(data: Path, **settings: int | str | bool) -> None:
    """Write the settings file."""
    values = {"tls_port": False} | settings
    lines = [f"{name} = {str(value).lower() if isinstance(value, bool | int) else repr(value)}"
             for name, value in values.items()]  # fmt: skip
    (data / "vaka.toml").write_text("[receiver]\n" + "\n".join(lines) + "\n")


class Process:
    """A receiver of its own; with ``machine``, on one that calls itself so, as far as a process can tell."""

    def __init__(self, data: Path, *options: str, machine: str = "") -> None:
        self.log = data / f"{options[-1] if options else 'receiver-1'}.log"
        command = [sys.executable, "-m", "vaka.processes.receiver", "--data", str(data), *options]
        if machine:
            require_namespaces()
            command = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', machine, *command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    async def listens(self) -> None:
        """Wait until it says so."""
        await wait_until(lambda: "listening" in self.log.read_text() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()

    def peak_bytes(self) -> int:
        """Return the most memory it has ever held (proc(5), VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and return its exit code."""
        self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, 60)


def read_metrics(path: Path) -> str:
    """Fetch the metrics as a scraper does."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    return body.decode()


@dataclass(frozen=True, slots=True)
class Place:
    """A running receiver process."""

    process: Process
    port: int
    metrics: Path

    async def counted(self, name: str) -> dict[str, float]:
        """Return one metric: label → value."""
        text = await asyncio.to_thread(read_metrics, self.metrics)
        found = re.findall(rf'^vaka_receiver_{name}_total\{{\w+="(\w+)"\}} (\S+)$', text, re.MULTILINE)
        return {label: float(value) for label, value in found}
