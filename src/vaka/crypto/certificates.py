# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Certificates of an issuer of one's own (X.509, RFC 5280): what it is, and what it signs.

An issuer is good for names and addresses that it was made for, which stands in its own certificate: whoever has its key
can pretend to be a machine of ours, and nobody else. It makes no further issuers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vaka.crypto.policy import ForbiddenAlgorithmError, load_policy, require_allowed
from vaka.errors import ConfigurationError

_PURPOSE = "certificate signature"
CLOCKS_DIFFER = timedelta(hours=1)
"""So long before it is signed a certificate begins: a machine whose clock is behind believes it too."""
USES = {
    "server": (ExtendedKeyUsageOID.SERVER_AUTH,),
    "client": (ExtendedKeyUsageOID.CLIENT_AUTH,),
    "both": (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
}
"""What a certificate can be shown as, and what RFC 5280 calls that."""
Network = IPv4Network | IPv6Network
UNREADABLE = (
    ValueError, KeyError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)  # fmt: skip
"""What reading raises of something that is no certificate, or none as `issue` makes them."""
_EVERY_ADDRESS: Sequence[Network] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))

require_allowed("ECDSA-P256-SHA256", _PURPOSE)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate, with the key that it is for where that was made here."""

    certificate: x509.Certificate
    key: bytes = field(repr=False)
    """PEM, PKCS #8; empty where whoever asked for the certificate keeps it."""

    @property
    def pem(self) -> bytes:
        """The certificate as a file."""
        return self.certificate.public_bytes(Encoding.PEM)


def found_issuer(name: str, names: Sequence[str], networks: Sequence[Network], now: datetime) -> Issued:
    """Make an issuer that is good for these names and everything below them, and for addresses of these networks."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(f"Vaka {name} {now:%Y-%m-%d}")
    within: list[x509.GeneralName] = [*map(x509.DNSName, names), *map(x509.IPAddress, networks)]
    # What is not named at all is not bound by what is: without a network, no address.
    never = None if networks else [x509.IPAddress(one) for one in _EVERY_ADDRESS]
    certificate = (
        _begin(subject, subject, key.public_key(), now, now + load_policy().certificates.issuer)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage(USES["both"]), critical=False)
        .add_extension(x509.NameConstraints(within, never), critical=True)
        .sign(key, SHA256())
    )
    return Issued(certificate, _written(key))


def issue(issuer: Issued, hosts: Sequence[str], use: str, now: datetime) -> Issued:
    """Sign a certificate for these hosts, the first of which is its subject, and for a new key.

    It ends with its issuer at the latest. Raises ConfigurationError where that has ended.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    return Issued(issue_for(issuer, key.public_key(), hosts, use, now), _written(key))


def issue_for(
    issuer: Issued, public: ec.EllipticCurvePublicKey, hosts: Sequence[str], use: str, now: datetime
) -> x509.Certificate:
    """As `issue`, for a key that somebody else keeps."""
    require_lasting(issuer.certificate, now)
    signer = _private(issuer.key)
    ends = min(now + load_policy().certificates.certificate, issuer.certificate.not_valid_after_utc)
    return (
        _begin(_subject(hosts[0]), issuer.certificate.subject, public, now, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(USES[use]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, SHA256())
    )


def require_lasting(issuer: x509.Certificate, now: datetime) -> None:
    """Raise ConfigurationError where an issuer has ended: whatever it signed nobody would believe."""
    ends = issuer.not_valid_after_utc
    if ends <= now:
        raise ConfigurationError(
            f"The issuer ended at {ends:%Y-%m-%d %H:%M} UTC. Found another of another name, and issue from that."
        )


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether an issuer signed it, whenever that was."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def is_within(issuer: x509.Certificate, host: str) -> bool:
    """Whether an issuer is good for a host; whoever verifies asks the same of the two certificates."""
    within = issuer.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or ()
    wanted = _general(host)
    if isinstance(wanted, x509.IPAddress):
        return any(
            isinstance(one, x509.IPAddress) and ip_address(host) in ip_network(str(one.value)) for one in within
        )  # fmt: skip
    return any(
        isinstance(one, x509.DNSName) and (host == one.value or host.endswith(f".{one.value}")) for one in within
    )


def list_hosts(certificate: x509.Certificate) -> Sequence[str]:
    """Return for whom a certificate is, in its order."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(one.value) for one in found]


def use_of(certificate: x509.Certificate) -> str:
    """Return as what a certificate can be shown. Raises KeyError for one that is none of `USES`."""
    found = {one.dotted_string for one in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value}
    return {frozenset(one.dotted_string for one in uses): name for name, uses in USES.items()}[frozenset(found)]


def read_request(content: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key that somebody else wants a certificate for (PKCS #10, PEM), and has; nothing else is taken of what
    it asks for. Raises ValueError, ForbiddenAlgorithmError.
    """
    request = x509.load_pem_x509_csr(content)
    public = request.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise ForbiddenAlgorithmError("another key than of P-256", _PURPOSE)
    if not request.is_signature_valid:
        raise ValueError("not signed with its own key")
    return public


def belongs(certificate: x509.Certificate, key: bytes) -> bool:
    """Whether a private key (PEM) is a certificate's own. Raises ValueError where it is none that can be read."""
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return certificate.public_key().public_bytes(*form) == _private(key).public_key().public_bytes(*form)


def _begin(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer, subject, public, x509.random_serial_number(), now - CLOCKS_DIFFER, ends
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=False,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(host: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _private(key: bytes) -> ec.EllipticCurvePrivateKey:
    found = load_pem_private_key(key, None)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise ValueError("no key of an elliptic curve")
    return found


def _written(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
