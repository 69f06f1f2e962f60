# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is on the wire between a device and the receiver, captured in a network namespace of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.certificates import Issuer
from tests.operations.namespaces import require_namespaces
from tests.peers import require_program
from tests.receiver.conftest import Register
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database
ROOT = Path(__file__).resolve().parents[2]


def test_term_30_5_nothing_that_a_device_sends_is_in_clear(
    server: Server, register: Register, authority: Authority, tmp_path: Path
) -> None:
    """Neither its number nor a word of its alarm; over TCP in clear the same eyes see both."""
    unshare, ip = require_namespaces(), require_program("ip", "/usr/sbin/ip", package="iproute2")
    issuer, sender = Issuer(tmp_path), register.device(authority)
    certificate, key = issuer.certificate_for("receiver.example")
    done = subprocess.run(
        [unshare, "-n", "sh", "-c", f'"{ip}" link set lo up && exec "$@"', "sh", sys.executable, "-m",
         "tests.receiver.captured", server.credentials, server.host, sender, certificate, key, issuer.certificate],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    encrypted, plain = (line.split() for line in done.stdout.splitlines() if line.startswith(("tls ", "tcp ")))
    assert (encrypted[1], plain[1]) == ("200", "200")
    assert min(int(encrypted[2]), int(plain[2])) > 1000
    assert (encrypted[3:], plain[3:]) == (["False", "False"], ["True", "True"])
