# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A partner: a key, a certificate that it signs itself, and messages. It writes signatures in its own way, not by our
code.
"""

import hashlib
import secrets
from base64 import b64encode
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

COVERED = '("@method" "@target-uri" "content-type" "content-digest" "vaka-partner-certificate")'


class Partner:
    """One that signs with EC P-256, or with Ed25519."""

    def __init__(self, now: datetime, days: int = 30, *, curve: bool = True) -> None:
        self.key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey = (
            ec.generate_private_key(ec.SECP256R1()) if curve else ed25519.Ed25519PrivateKey.generate()
        )
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner")])
        begins = min(now, now + timedelta(days=days)) - timedelta(days=1)
        self.certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(begins)
            .not_valid_after(now + timedelta(days=days)).sign(self.key, SHA256() if curve else None)
        ).public_bytes(Encoding.DER)  # fmt: skip
        self.fingerprint = hashlib.sha256(self.certificate).hexdigest()

    def sign(
        self, address: str, body: bytes, now: datetime, *, nonce: str | None = None, method: str = "POST",
        media: str = "application/json", key_id: str | None = None, created: str | None = None,
    ) -> dict[str, str]:  # fmt: skip
        """Return the headers of a message."""
        digest = f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"
        shown = f":{b64encode(self.certificate).decode()}:"
        algorithm = "ecdsa-p256-sha256" if isinstance(self.key, ec.EllipticCurvePrivateKey) else "ed25519"
        stamp = str(int(now.astimezone(UTC).timestamp())) if created is None else created
        parameters = (
            f'{COVERED};created={stamp};nonce="{nonce or secrets.token_hex(16)}"'
            f';keyid="{key_id or self.fingerprint}";alg="{algorithm}"'
        )
        base = (
            f'"@method": {method}\n"@target-uri": {address}\n"content-type": {media}\n"content-digest": {digest}\n'
            f'"vaka-partner-certificate": {shown}\n"@signature-params": {parameters}'
        ).encode()
        return {
            "content-type": media, "content-digest": digest, "vaka-partner-certificate": shown,
            "signature-input": f"partner={parameters}",
            "signature": f"partner=:{b64encode(self._sign(base)).decode()}:",
        }  # fmt: skip

    def _sign(self, base: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self.key.sign(base, ec.ECDSA(SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.key.sign(base)
