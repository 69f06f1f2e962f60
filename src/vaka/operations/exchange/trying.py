# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Trying the guard: a message that is right, and messages that are not, by partners that are made for the while."""

import secrets
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from vaka.operations.exchange import guard
from vaka.operations.exchange.guard import CERTIFICATE, COVERED, MEDIA_TYPE, Agreement, Arrived, MessageRefusedError
from vaka.operations.exchange.signatures import signature_base, write_digest

_ADDRESS = "https://vaka.invalid/exchange"
_DAY = timedelta(days=1)


class _Partner:
    def __init__(self, now: datetime) -> None:
        self._key = Ed25519PrivateKey.generate()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trial")])
        made = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self._key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - _DAY).not_valid_after(now + _DAY)
        )  # fmt: skip
        self._certificate = made.sign(self._key, None).public_bytes(Encoding.DER)
        until = (now + _DAY).date()
        self.agreement = Agreement(sha256(self._certificate).hexdigest(), until, until)

    def send(self, body: bytes, at: datetime) -> Arrived:
        headers = {
            "content-type": MEDIA_TYPE, "content-digest": write_digest(body),
            CERTIFICATE: f":{b64encode(self._certificate).decode()}:",
        }  # fmt: skip
        names = " ".join(f'"{name}"' for name in COVERED)
        parameters = (
            f'({names});created={int(at.timestamp())};nonce="{secrets.token_hex(16)}"'
            f';keyid="{self.agreement.certificate}";alg="ed25519"'
        )
        base = signature_base(COVERED, {"@method": "POST", "@target-uri": _ADDRESS, **headers}, parameters)
        signed = f"trial=:{b64encode(self._key.sign(base)).decode()}:"
        return Arrived(
            "POST", _ADDRESS, headers | {"signature-input": f"trial={parameters}", "signature": signed}, body
        )


def count_overlooked(now: datetime) -> int:
    """Count the messages that the guard judges otherwise than it has to: a right one refused, a wrong one believed."""
    partner, other = _Partner(now), _Partner(now)
    right = partner.send(b"{}", now)
    return (not _is_believed(right, partner.agreement, now)) + sum(
        _is_believed(message, agreement, now) for message, agreement in _wrong_ones(partner, other, right, now)
    )


def _wrong_ones(
    partner: _Partner, other: _Partner, right: Arrived, now: datetime
) -> Iterator[tuple[Arrived, Agreement | None]]:
    own = partner.agreement
    yield replace(right, body=b"[]"), own
    yield replace(right, body=b"[]", headers={**right.headers, "content-digest": write_digest(b"[]")}), own
    yield replace(right, address=f"{_ADDRESS}/another"), own
    yield other.send(b"{}", now), own
    yield right, None
    yield right, replace(own, valid_until=(now - 2 * _DAY).date())
    yield partner.send(b"{}", now - timedelta(hours=1)), own


def _is_believed(message: Arrived, agreement: Agreement | None, now: datetime) -> bool:
    try:
        guard.judge(message, agreement, now)
    except MessageRefusedError:
        return False
    return True
