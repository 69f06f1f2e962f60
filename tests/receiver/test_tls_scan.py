# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Listeners with TLS, scanned from outside with sslyze: they offer what the policy allows and nothing else (term 18).

sslyze exits with 0 also where there was no server, and where a scan failed: its report is judged, not its exit code.
The web processes speak no TLS themselves; whatever stands before them does (docs/operations.md).
"""

import asyncio
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.peers import report_missing
from tests.receiver.conftest import free_port
from tests.receiver.devices import HOST
from tests.receiver.process import Process, write_settings
from tests.receiver.test_tls import Issuer
from vaka.crypto.policy import load_policy

ROOT = Path(__file__).resolve().parents[2]
SSLYZE = ROOT / "out" / "scan" / "bin" / "sslyze"
VERSIONS = {
    "SSLv2": "ssl_2_0", "SSLv3": "ssl_3_0", "TLSv1.0": "tls_1_0", "TLSv1.1": "tls_1_1", "TLSv1.2": "tls_1_2",
    "TLSv1.3": "tls_1_3",
}  # fmt: skip
ASKED = (
    "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--compression", "--reneg", "--heartbleed",
    "--openssl_ccs", "--robot", "--mozilla_config=disable", "--slow_connection", "--quiet",
)  # fmt: skip

# What else a scan tells, where it says so, and what it must say. Of early data it finds out by HTTP alone, which none
# of our listeners with TLS speaks.
WEAKNESSES: dict[str, tuple[str, str, Any]] = {
    "compression": ("tls_compression", "supports_compression", False),
    "renegotiation that clients begin": ("session_renegotiation", "is_vulnerable_to_client_renegotiation_dos", False),
    "Heartbleed": ("heartbleed", "is_vulnerable_to_heartbleed", False),
    "CCS injection": ("openssl_ccs_injection", "is_vulnerable_to_ccs_injection", False),
    "ROBOT": ("robot", "robot_result", "NOT_VULNERABLE_RSA_NOT_SUPPORTED"),
}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """Issues the certificates of what is scanned."""
    return Issuer(tmp_path_factory.mktemp("scanned"), "vaka-scan")


def scan(port: int, report: Path) -> dict[str, Any]:
    """Scan one port of this machine; return the whole report."""
    if not SSLYZE.exists():
        report_missing("sslyze is not installed (tools/scan-environment)")
    command = [str(SSLYZE), *ASKED, f"--json_out={report}", f"{HOST}:{port}"]
    subprocess.run(command, capture_output=True, timeout=600, check=False)
    return dict(json.loads(report.read_text()))


def faults(report: dict[str, Any]) -> list[str]:
    """Return everything in which a scanned listener is not what the policy says; what was not found out is one too."""
    found = [f"{one['server_string']}: not understood" for one in report["invalid_server_strings"]]
    if not report["server_scan_results"]:
        found.append("nothing was scanned")
    for server in report["server_scan_results"]:
        if server["scan_status"] != "COMPLETED":
            found.append(f"not scanned: {server['connectivity_status']}")
            continue
        found += _faults_of(server["scan_result"])
    return found


def _faults_of(result: dict[str, Any]) -> list[str]:
    policy, found, offered = load_policy().tls, [], set()
    for version, name in VERSIONS.items():
        attempt = result[f"{name}_cipher_suites"]
        if attempt["status"] != "COMPLETED":
            found.append(f"{version}: {attempt['status']}")
            continue
        suites = {one["cipher_suite"]["openssl_name"] for one in attempt["result"]["accepted_cipher_suites"]}
        offered |= suites
        if bool(suites) != (version in policy.versions):
            found.append(f"{version}: {'offered' if suites else 'not offered'}")
        found += [f"{version}: {suite}" for suite in sorted(suites - set(policy.suites))]
    for what, (part, name, wanted) in WEAKNESSES.items():
        attempt = result[part]
        if attempt["status"] != "COMPLETED":
            found.append(f"{what}: {attempt['status']}")
        elif attempt["result"][name] != wanted:
            found.append(what)
    return found


@pytest.mark.database
@pytest.mark.anyio
async def test_the_receiver_offers_what_the_policy_allows_and_nothing_else(
    data: Path, run: Callable[..., Process], issuer: Issuer, tmp_path: Path
) -> None:
    port = free_port()
    certificate, key, _ = issuer.issue("receiver.example")
    write_settings(
        data, udp_port=False, tcp_port=False, tls_port=port, certificate=str(certificate), certificate_key=str(key)
    )
    receiver = run(data)
    await receiver.listens()
    report = await asyncio.to_thread(scan, port, tmp_path / "report.json")
    assert faults(report) == []
    [server] = report["server_scan_results"]
    seen = {
        one["cipher_suite"]["openssl_name"]
        for name in ("tls_1_2", "tls_1_3")
        for one in server["scan_result"][f"{name}_cipher_suites"]["result"]["accepted_cipher_suites"]
    }
    # The certificate of the test has a key on a curve: what takes RSA cannot be offered with it.
    assert seen == {suite for suite in load_policy().tls.suites if "-RSA-" not in suite}
    assert receiver.process.poll() is None, "and it goes on"


def test_a_listener_that_offers_more_is_found(issuer: Issuer, tmp_path: Path) -> None:
    certificate, key, _ = issuer.issue("careless.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(certificate, key)
    with careless_listener(context) as port:
        found = faults(scan(port, tmp_path / "report.json"))
    assert "TLSv1.1: offered" in found
    assert "TLSv1.2: ECDHE-ECDSA-AES128-SHA" in found


def test_a_listener_that_offers_too_little_is_found(issuer: Issuer, tmp_path: Path) -> None:
    certificate, key, _ = issuer.issue("old.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    with careless_listener(context) as port:
        assert "TLSv1.3: not offered" in faults(scan(port, tmp_path / "report.json"))


def test_where_nothing_listens_or_speaks_tls_is_found(tmp_path: Path) -> None:
    assert any("not scanned" in fault for fault in faults(scan(free_port(), tmp_path / "nobody.json")))
    with careless_listener(None) as port:
        assert any("not scanned" in fault for fault in faults(scan(port, tmp_path / "plain.json")))
    assert faults({"invalid_server_strings": [], "server_scan_results": []}) == ["nothing was scanned"]


@contextmanager
def careless_listener(context: ssl.SSLContext | None) -> Iterator[int]:
    """Listen on a port of this machine, with TLS or none, until the block ends; greet and hang up."""
    listening = socket.create_server((HOST, 0))
    ended = threading.Event()

    def greet(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            try:
                with connection if context is None else context.wrap_socket(connection, server_side=True) as greeted:
                    greeted.sendall(b"SIP/2.0 400 Bad Request\r\n\r\n")
                    greeted.recv(1000)
            except OSError:
                return

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=greet, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        ended.set()
        listening.close()
