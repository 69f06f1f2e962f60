# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A certificate authority of one's own, for demo and test: ECDSA P-256, keys readable by their owner alone."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_YEARS = 10
LIFETIME = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """Issues certificates; its own lies in ``directory`` as authority.pem and authority.key."""

    directory: Path

    @property
    def certificate_file(self) -> Path:
        """What others trust (PEM)."""
        return self.directory / "authority.pem"

    @property
    def key_file(self) -> Path:
        """Its private key (PEM)."""
        return self.directory / "authority.key"

    def create(self, now: datetime) -> None:
        """Make the authority unless it is there already."""
        if self.certificate_file.is_file() and self.key_file.is_file():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Vaka demo authority")
        certificate = (
            _builder(name, name, key.public_key(), now, timedelta(days=365 * AUTHORITY_YEARS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(authority=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write_key(self.key_file, key)
        _write(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)

    def issue_for_server(self, certificate_file: Path, key_file: Path, hosts: tuple[str, ...], now: datetime) -> bool:
        """Issue a server certificate for names and addresses unless a valid one is there; return whether it was made.

        One that would end within a month is replaced.
        """
        if _is_good(certificate_file, key_file, now):
            return False
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        self._issue(certificate_file, key_file, hosts[0], now, ExtendedKeyUsageOID.SERVER_AUTH, names)
        return True

    def issue_for_device(self, certificate_file: Path, key_file: Path, name: str, now: datetime) -> str:
        """Issue a client certificate unless a valid one is there; return the SHA-256 of its DER form, hexadecimal."""
        if not _is_good(certificate_file, key_file, now):
            self._issue(certificate_file, key_file, name, now, ExtendedKeyUsageOID.CLIENT_AUTH, None)
        return fingerprint(certificate_file)

    def _issue(
        self,
        certificate_file: Path,
        key_file: Path,
        name: str,
        now: datetime,
        usage: x509.ObjectIdentifier,
        names: x509.SubjectAlternativeName | None,
    ) -> None:
        authority = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        authority_key = serialization.load_pem_private_key(self.key_file.read_bytes(), None)
        if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is not an elliptic curve key")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(name), authority.subject, key.public_key(), now, LIFETIME)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(authority_key, hashes.SHA256())
        _write_key(key_file, key)
        _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def fingerprint(certificate_file: Path) -> str:
    """Return the SHA-256 of a certificate's DER form, hexadecimal: what the device directory holds."""
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    return certificate.fingerprint(hashes.SHA256()).hex()


def _is_good(certificate_file: Path, key_file: Path, now: datetime) -> bool:
    if not (certificate_file.is_file() and key_file.is_file()):
        return False
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    return certificate.not_valid_after_utc > now + RENEW_BEFORE


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    _write(
        path,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        0o600,
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace ``path`` at once, so that an interrupted start leaves the old file or the new, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    unfinished.replace(path)
