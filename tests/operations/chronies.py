# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Time services of the test's own: real chronyd processes on loopback, which leave the clock alone (``-x``)."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.certificates import Issuer
from tests.peers import require_program
from tests.waiting import wait_for

REPORTER = Path(__file__).resolve().parents[2] / "packaging" / "chrony" / "vaka-clock-report"
ASKED = "minpoll -4 maxpoll -4"
"""Sixteen times a second: what takes a quarter of an hour elsewhere is to be seen here."""

CLOSE = 0.02
"""Seconds that a clock may be off by what a service knows once it has settled."""


def free_port() -> int:
    """Return a port of UDP and TCP that nobody has at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass(frozen=True)
class TimeService:
    """A chronyd, and where it is asked."""

    root: Path
    port: int
    nts_port: int
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it, as if it had died."""
        self.process.kill()
        self.process.wait()

    def report(self) -> Path:
        """Have the script of the package write down how it stands; return where."""
        path = self.root / "report"
        subprocess.run([REPORTER, path, self.root / "chronyd.sock"], check=True, timeout=20)
        return path

    def asks(self, *question: str) -> str:
        """Return what chronyc prints."""
        program = require_program("chronyc", package="chrony")
        done = subprocess.run(
            [program, "-h", str(self.root / "chronyd.sock"), *question], capture_output=True, text=True, check=False
        )
        return done.stdout


@contextmanager
def running_chronyd(lines: str, port: int = 0, nts_port: int = 0) -> Iterator[TimeService]:
    """Run a chronyd with these lines of configuration; ``{root}`` is its own directory."""
    program = require_program("chronyd", "/usr/sbin/chronyd", package="chrony")
    root = Path(tempfile.mkdtemp(prefix="vaka-chrony-"))
    root.chmod(0o750)
    (root / "chrony.conf").write_text(
        f"port {port}\nbindaddress 127.0.0.1\ncmdport 0\nbindcmdaddress {root}/chronyd.sock\n"
        f"pidfile {root}/chronyd.pid\n{lines}\n"
    )
    process = subprocess.Popen(
        [program, "-4", "-d", "-x", "-u", "root", "-f", str(root / "chrony.conf")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: (root / "chronyd.sock").exists() or process.poll() is not None)
        assert process.poll() is None, "chronyd ended at once"
        yield TimeService(root, port, nts_port, process)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def serving_time(issuer: Issuer | None = None, stratum: int = 1) -> Iterator[TimeService]:
    """A source of time; with an issuer it proves by NTS that it is ``localhost``."""
    port, nts_port, lines = free_port(), 0, f"local stratum {stratum}\nallow 127.0.0.0/8"
    if issuer is not None:
        nts_port = free_port()
        certificate, key = issuer.certificate_for("localhost")
        lines += f"\nntsport {nts_port}\nntsservercert {certificate}\nntsserverkey {key}\nntsprocesses 0"
    with running_chronyd(lines, port, nts_port) as service:
        yield service


@contextmanager
def following(source: TimeService, *, trusts: Path | None = None, more: str = "") -> Iterator[TimeService]:
    """A machine's service that follows a source; by NTS where it trusts an issuer."""
    lines = f"server localhost port {source.port} iburst {ASKED} {more}"
    if trusts is not None:
        lines = f"ntstrustedcerts {trusts}\n{lines} nts ntsport {source.nts_port}"
    with running_chronyd(lines) as service:
        yield service


def wait_until_followed(service: TimeService) -> None:
    """Wait until it follows a source, and has asked it often enough to know how far off it may be."""

    def is_settled() -> bool:
        delay, dispersion = (float(one) for one in service.asks("-c", "tracking").split(",")[10:12])
        return "*" in service.asks("-c", "sources") and dispersion + delay / 2 < CLOSE

    wait_for(is_settled)
