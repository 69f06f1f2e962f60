# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Listeners with TLS, scanned from outside with sslyze: they offer what the policy allows and nothing else (term 18).

The web processes speak no TLS themselves; what stands before them is scanned by tests/processes/test_front.py.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.receiver.conftest import free_port
from tests.receiver.devices import HOST
from tests.receiver.process import Process, write_settings
from tests.receiver.test_tls import Issuer
from tests.scanning import faults, scan
from vaka.crypto.policy import load_policy


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """Issues the certificates of what is scanned."""
    return Issuer(tmp_path_factory.mktemp("scanned"), "vaka-scan")


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
