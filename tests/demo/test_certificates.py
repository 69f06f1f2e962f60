# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The demo's certificates, judged by OpenSSL: a real handshake over memory."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vaka.demo.certificates import CertificateAuthority, fingerprint

NOW = datetime.now(UTC)


@pytest.fixture
def issuer(tmp_path: Path) -> CertificateAuthority:
    issuer = CertificateAuthority(tmp_path / "tls")
    issuer.create(NOW)
    return issuer


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ends


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "::1"])
def test_a_device_and_the_receiver_trust_each_other(issuer: CertificateAuthority, tmp_path: Path, name: str) -> None:
    certificate, key = tmp_path / "receiver.pem", tmp_path / "receiver.key"
    assert issuer.issue_for_server(certificate, key, ("localhost", "127.0.0.1", "::1"), NOW)
    device, device_key = tmp_path / "d" / "1.pem", tmp_path / "d" / "1.key"
    stated = issuer.issue_for_device(device, device_key, "8031007", NOW)

    client = ssl.create_default_context(cafile=str(issuer.certificate_file))
    client.load_cert_chain(device, device_key)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(issuer.certificate_file))
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_cert_chain(certificate, key)
    _, accepted = shake_hands(client, server, name)

    shown = accepted.getpeercert(binary_form=True)
    assert shown is not None
    assert ssl.PEM_cert_to_DER_cert(device.read_text()) == shown
    assert stated == fingerprint(device)


def test_a_device_certificate_cannot_pose_as_the_receiver(issuer: CertificateAuthority, tmp_path: Path) -> None:
    issuer.issue_for_device(tmp_path / "1.pem", tmp_path / "1.key", "localhost", NOW)
    client = ssl.create_default_context(cafile=str(issuer.certificate_file))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(tmp_path / "1.pem", tmp_path / "1.key")
    with pytest.raises(ssl.SSLError):
        shake_hands(client, server, "localhost")


def test_keys_are_for_their_owner_alone(issuer: CertificateAuthority, tmp_path: Path) -> None:
    issuer.issue_for_server(tmp_path / "r.pem", tmp_path / "r.key", ("localhost",), NOW)
    assert {path.stat().st_mode & 0o777 for path in (issuer.key_file, tmp_path / "r.key")} == {0o600}


def test_what_is_valid_is_kept_and_what_ends_soon_is_replaced(issuer: CertificateAuthority, tmp_path: Path) -> None:
    certificate, key = tmp_path / "r.pem", tmp_path / "r.key"
    authority = issuer.certificate_file.read_bytes()
    issuer.create(NOW)
    assert issuer.certificate_file.read_bytes() == authority
    assert issuer.issue_for_server(certificate, key, ("localhost",), NOW)
    first = certificate.read_bytes()
    assert not issuer.issue_for_server(certificate, key, ("localhost",), NOW + timedelta(days=300))
    assert certificate.read_bytes() == first
    assert issuer.issue_for_server(certificate, key, ("localhost",), NOW + timedelta(days=370))
    assert certificate.read_bytes() != first
