# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Judging a message of a partner before anything in it is read. Pure: what it is judged by comes in.

A message brings its partner's certificate, is signed with that certificate's key, and is believed where the fingerprint
of the certificate is the one that two administrators wrote in the register of partners. It is JSON, not packed, of this
moment, and comes once.
"""

import hashlib
import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from cryptography import x509

from vaka.clock import LOCAL
from vaka.operations.exchange.signatures import is_digest_of, is_signed_by, read_signature, signature_base

CERTIFICATE = "vaka-partner-certificate"
"""The header with the certificate: its DER form as a byte sequence (RFC 8941)."""
COVERED = ("@method", "@target-uri", "content-type", "content-digest", CERTIFICATE)
MEDIA_TYPE = "application/json"
LARGEST = 16_384
"""Bytes of a message."""
WINDOW = timedelta(minutes=5)
"""How old a message may be, and how far ahead its clock."""
SHORTEST_NONCE = 16
_LONGEST_CERTIFICATE = 4096


class Reason(StrEnum):
    """Why a message is refused; the value stands in the log and is told to whoever sent it."""

    PARTNER = "partner"
    """No agreement with such a partner is in force with this authority."""
    EXPIRED = "expired"
    """The agreement's last day has passed, or the day that was written of its certificate."""
    MEDIA = "media"
    """It is not JSON: XML, say."""
    PACKED = "packed"
    LARGE = "large"
    FORM = "form"
    """It has no signature of the form that is taken, or no certificate."""
    CERTIFICATE = "certificate"
    """It is not the certificate that stands in the register: another partner's, an unknown one, or one from before."""
    CERTIFICATE_DATES = "certificate_dates"
    TIME = "time"
    DIGEST = "digest"
    """Something in the message is not as it was when it was signed."""
    SIGNATURE = "signature"
    REPEATED = "repeated"
    CONTENT = "content"
    """It is signed rightly, and is not what is exchanged."""


class MessageRefusedError(Exception):
    """A message is refused."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the register of partners says of one."""

    certificate: str
    """The SHA-256 of the certificate's DER form, in hexadecimal; empty where none is agreed."""
    valid_until: date | None
    certificate_until: date | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it came."""

    method: str
    address: str
    """The whole address, as the partner knows it."""
    headers: Mapping[str, str]
    """By name in small letters; a header that comes twice is none that is taken."""
    body: bytes


def judge(message: Arrived, agreement: Agreement | None, now: datetime) -> bytes:
    """Return the SHA-256 of a message's nonce, if the message is to be believed. Raises MessageRefusedError."""
    if agreement is None or not agreement.certificate:
        raise MessageRefusedError(Reason.PARTNER)
    today = now.astimezone(LOCAL).date()
    if any(day is None or day < today for day in (agreement.valid_until, agreement.certificate_until)):
        raise MessageRefusedError(Reason.EXPIRED)
    headers = message.headers
    if headers.get("content-type", "") != MEDIA_TYPE:
        raise MessageRefusedError(Reason.MEDIA)
    if "content-encoding" in headers:
        # Nothing is unpacked, so nothing unfolds.
        raise MessageRefusedError(Reason.PACKED)
    if len(message.body) > LARGEST:
        raise MessageRefusedError(Reason.LARGE)
    certificate = _read_certificate(headers.get(CERTIFICATE, ""), agreement.certificate)
    signed = read_signature(headers.get("signature-input", ""), headers.get("signature", ""))
    if signed is None or signed.covered != COVERED or len(signed.nonce) < SHORTEST_NONCE:
        raise MessageRefusedError(Reason.FORM)
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        raise MessageRefusedError(Reason.CERTIFICATE_DATES)
    if not hmac.compare_digest(signed.key_id.encode(), agreement.certificate.encode()):
        raise MessageRefusedError(Reason.CERTIFICATE)
    values = {"@method": message.method, "@target-uri": message.address} | {
        name: headers.get(name, "") for name in COVERED if not name.startswith("@")
    }
    base = signature_base(COVERED, values, signed.parameters)
    if not is_signed_by(certificate.public_key(), signed.algorithm, base, signed.signature):
        raise MessageRefusedError(Reason.SIGNATURE)
    if not is_digest_of(headers.get("content-digest", ""), message.body):
        raise MessageRefusedError(Reason.DIGEST)
    if abs(now - datetime.fromtimestamp(signed.created, UTC)) > WINDOW:
        raise MessageRefusedError(Reason.TIME)
    return hashlib.sha256(signed.nonce.encode()).digest()


def _read_certificate(header: str, agreed: str) -> x509.Certificate:
    if not header.startswith(":") or not header.endswith(":") or not 2 < len(header) <= _LONGEST_CERTIFICATE:
        raise MessageRefusedError(Reason.FORM)
    try:
        shown = b64decode(header[1:-1], validate=True)
    except ValueError:
        raise MessageRefusedError(Reason.FORM) from None
    # What was agreed is compared byte for byte, and nothing else is ever parsed.
    if not hmac.compare_digest(hashlib.sha256(shown).hexdigest().encode(), agreed.encode()):
        raise MessageRefusedError(Reason.CERTIFICATE)
    try:
        certificate = x509.load_der_x509_certificate(shown)
        certificate.public_key()
    except Exception:  # of whatever kind: another version, or an algorithm that is not known, is no ValueError
        raise MessageRefusedError(Reason.FORM) from None
    return certificate
