# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Judging what a program proves itself by over TLS: a certificate of its own, pinned (RFC 8705 section 2.2). Pure.

Nobody signs these certificates but their own keys: what is believed is the fingerprint that stood in the registration,
and the dates. That whoever shows one has its key, the handshake has proved.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from vaka.identity.client_guard import MOST_KEYS, SKEW, AssertionRefusedError, UnusableKeysError

FINGERPRINT = "x5t#S256"
"""Under which name a registration holds the SHA-256 of a certificate (RFC 7515 section 4.1.8)."""
LARGEST_CERTIFICATE = 8192
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,8000}-----END CERTIFICATE-----")


def is_certificates(text: str) -> bool:
    """Whether this is meant to be certificates, and not a set of keys."""
    return text.lstrip().startswith("-----BEGIN CERTIFICATE-----")


def read_certificates(text: str, now: datetime) -> list[dict[str, Any]]:
    """Return one fingerprint for each certificate (PEM) that a program will show. Raises UnusableKeysError."""
    blocks = _BLOCK.findall(text)
    if not 1 <= len(blocks) <= MOST_KEYS or _BLOCK.sub("", text).strip():
        raise UnusableKeysError(f"it holds no 1-{MOST_KEYS} certificates alone")
    return [{FINGERPRINT: _name(fingerprint(_read_own(block, now)))} for block in blocks]


def fingerprint(certificate: x509.Certificate) -> bytes:
    """Return the SHA-256 of a certificate's DER form."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()


def judge_certificate(shown: str | None, keys: Sequence[Mapping[str, Any]], now: datetime) -> bytes:
    """Return the fingerprint of the certificate (PEM) that was shown, if it is one of those registered.

    Raises AssertionRefusedError, with a code for the log.
    """
    registered = [str(key[FINGERPRINT]) for key in keys if FINGERPRINT in key]
    return _judge(shown, registered, now)


def judge_bound(shown: str | None, bound: bytes, now: datetime) -> None:
    """Return if the certificate that was shown is the one a token is bound to. Raises AssertionRefusedError."""
    _judge(shown, [_name(bound)], now)


def _judge(shown: str | None, wanted: Sequence[str], now: datetime) -> bytes:
    if not shown:
        raise AssertionRefusedError("certificate_missing")
    try:
        if len(shown) > LARGEST_CERTIFICATE:
            raise ValueError
        certificate = x509.load_pem_x509_certificate(shown.encode("ascii"))
    except ValueError:
        raise AssertionRefusedError("certificate_form") from None
    met = fingerprint(certificate)
    if not any(hmac.compare_digest(_name(met), one) for one in wanted):
        raise AssertionRefusedError("certificate_other")
    if certificate.not_valid_before_utc > now + SKEW:
        raise AssertionRefusedError("certificate_early")
    if certificate.not_valid_after_utc <= now:
        raise AssertionRefusedError("certificate_expired")
    return met


def _read_own(block: str, now: datetime) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(block.encode("ascii"))
        key = certificate.public_key()
    except ValueError:
        raise UnusableKeysError("a certificate cannot be read") from None
    is_curve = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    if not is_curve and not isinstance(key, Ed25519PublicKey):
        raise UnusableKeysError("the key of a certificate is neither EC P-256 nor Ed25519")
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, ValueError, TypeError):
        raise UnusableKeysError("a certificate is not signed by its own key: give the program's own") from None
    if certificate.not_valid_after_utc <= now:
        raise UnusableKeysError("a certificate has expired")
    return certificate


def _name(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
