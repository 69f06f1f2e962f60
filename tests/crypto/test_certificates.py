# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What our own issuers vouch for, judged by OpenSSL as PostgreSQL, nginx and devices judge it."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from tests.peers import require_program
from vaka.crypto.certificates import (
    Issued,
    belongs,
    found_issuer,
    is_issued_by,
    is_within,
    issue,
    issue_for,
    list_hosts,
    read_request,
    use_of,
)
from vaka.crypto.policy import ForbiddenAlgorithmError

NOW = datetime(2026, 3, 14, 2, 0, tzinfo=UTC)
Verify = Callable[..., str]


@pytest.fixture(scope="module")
def issuer() -> Issued:
    return found_issuer("internal", ["vaka.internal"], [ip_network("10.20.0.0/24")], NOW)


@pytest.fixture
def verify(issuer: Issued, tmp_path: Path) -> Verify:
    """A function that lets OpenSSL judge a certificate, and returns what is wrong with it."""
    openssl = require_program("openssl", package="openssl")

    def judge(
        shown: x509.Certificate, *between: Issued, purpose: str = "sslserver", root: Issued = issuer, at: datetime = NOW
    ) -> str:
        for name, pem in (("root", root.pem), ("shown", shown.public_bytes(Encoding.PEM)),
                          ("between", b"".join(one.pem for one in (root, *between)))):  # fmt: skip
            (tmp_path / name).write_bytes(pem)
        command = [
            openssl, "verify", "-x509_strict", "-attime", str(int(at.timestamp())), "-purpose", purpose, "-no-CApath",
            "-no-CAfile", "-no-CAstore", "-trusted", str(tmp_path / "root"), "-untrusted", str(tmp_path / "between"),
            str(tmp_path / "shown"),
        ]  # fmt: skip
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return "" if said.returncode == 0 else said.stderr

    return judge


def request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """What another machine asks with; it would be somebody it is not."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "larm.example.se")])
    return x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_what_it_issues_is_good_for_its_hosts_its_use_and_its_days(issuer: Issued, verify: Verify) -> None:
    made = issue(issuer, ["db1.vaka.internal", "10.20.0.5"], "server", NOW).certificate
    assert verify(made) == ""
    assert verify(made, at=NOW - timedelta(minutes=59)) == verify(made, at=NOW + timedelta(days=89)) == ""
    assert "expired" in verify(made, at=NOW + timedelta(days=91))
    assert "not yet valid" in verify(made, at=NOW - timedelta(hours=2))
    assert "purpose" in verify(made, purpose="sslclient")
    assert verify(issue(issuer, ["db1.vaka.internal"], "both", NOW).certificate, purpose="sslclient") == ""
    assert (list_hosts(made), use_of(made)) == (["db1.vaka.internal", "10.20.0.5"], "server")


@pytest.mark.parametrize("host", ["larm.example.se", "xvaka.internal", "10.21.0.5", "fd00::5", "::ffff:10.20.0.5"])
def test_whoever_has_its_key_can_pretend_to_be_nobody_elses_machine(
    issuer: Issued, verify: Verify, host: str
) -> None:  # fmt: skip
    """By another tool than ours, which would refuse: what stands in the issuer's certificate is what holds."""
    assert not is_within(issuer.certificate, host)
    assert "permitted subtree" in verify(issue(issuer, [host], "server", NOW).certificate)


def test_an_issuer_without_a_network_is_good_for_no_address(verify: Verify) -> None:
    names = found_issuer("names", ["vaka.internal"], [], NOW)
    assert verify(issue(names, ["db1.vaka.internal"], "server", NOW).certificate, root=names) == ""
    for address in ("10.20.0.5", "fd00::5"):
        assert "excluded subtree" in verify(issue(names, [address], "server", NOW).certificate, root=names)
        assert not is_within(names.certificate, address)


def test_it_makes_no_further_issuer(issuer: Issued, verify: Verify) -> None:
    """Neither by the certificate that a machine has, nor by one that its key was made to sign as an issuer's."""
    machine = issue(issuer, ["db1.vaka.internal"], "server", NOW)
    assert "invalid CA" in verify(issue(machine, ["db2.vaka.internal"], "server", NOW).certificate, machine)
    below = found_issuer("below", ["vaka.internal"], [], NOW)
    signer = x509.CertificateBuilder(
        issuer.certificate.subject, below.certificate.subject, below.certificate.public_key(), 7,
        NOW - timedelta(hours=1), NOW + timedelta(days=9), list(below.certificate.extensions),
    )  # fmt: skip
    key = load_pem_private_key(issuer.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    crossed = Issued(signer.sign(key, hashes.SHA256()), below.key)
    said = verify(issue(crossed, ["db2.vaka.internal"], "server", NOW).certificate, crossed)
    assert "path length constraint exceeded" in said


def test_nothing_outlasts_its_issuer(issuer: Issued) -> None:
    late = issuer.certificate.not_valid_after_utc - timedelta(days=5)
    made = issue(issuer, ["db1.vaka.internal"], "server", late).certificate
    assert made.not_valid_after_utc == issuer.certificate.not_valid_after_utc


def test_of_a_request_the_key_alone_is_taken(issuer: Issued, verify: Verify) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    made = issue_for(issuer, read_request(request(key)), ["db1.vaka.internal"], "server", NOW)
    assert (verify(made), list_hosts(made), made.public_key()) == ("", ["db1.vaka.internal"], key.public_key())


def test_term_18_1_a_request_with_another_key_than_the_policys_is_refused() -> None:
    for weak in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP224R1())):
        with pytest.raises(ForbiddenAlgorithmError):
            read_request(request(weak))
    good = x509.load_pem_x509_csr(request(ec.generate_private_key(ec.SECP256R1()))).public_bytes(Encoding.DER)
    forged = x509.load_der_x509_csr(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(ValueError, match="not signed with its own key"):
        read_request(forged.public_bytes(Encoding.PEM))
    with pytest.raises(ValueError, match="PEM"):
        read_request(b"nothing")


def test_whose_a_key_and_a_certificate_are(issuer: Issued) -> None:
    made, other = (issue(issuer, ["db1.vaka.internal"], "server", NOW) for _ in range(2))
    assert belongs(made.certificate, made.key)
    assert not belongs(made.certificate, other.key)
    stranger = found_issuer("internal", ["vaka.internal"], [], NOW)
    assert is_issued_by(made.certificate, issuer.certificate)
    assert not is_issued_by(made.certificate, stranger.certificate)
    assert not is_issued_by(made.certificate, other.certificate)
