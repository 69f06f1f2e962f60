# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A security key in software, and the browser around it: honest unless told otherwise, so that each lie is tried."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

PRESENT, VERIFIED, CAN_BE_COPIED, IS_COPIED, HAS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40
ES256, EDDSA = -7, -8
NO_MODEL = UUID(int=0)


def text_of(data: bytes) -> str:
    """Bytes as browsers write them."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    """What they stand for."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Maker:
    """Who makes keys of one model, and certifies that he did."""

    aaguid: UUID
    stated: UUID | None = None
    """Which model his certificates name; his own unless he lies."""
    certifies_issuers: bool = False
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _batch: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def root(self) -> str:
        """The root certificate (PEM)."""
        return self._certify("Root of a maker", self._key, True, None).public_bytes(
            serialization.Encoding.PEM
        ).decode()  # fmt: skip

    def attest(self, data: bytes) -> dict[str, object]:
        """The statement of a key of this model over what it says."""
        extension = None if self.stated == NO_MODEL else b"\x04\x10" + (self.stated or self.aaguid).bytes
        leaf = self._certify("A batch of keys", self._batch, self.certifies_issuers, extension)
        signature = self._batch.sign(data, ec.ECDSA(hashes.SHA256()))
        return {"alg": ES256, "sig": signature, "x5c": [leaf.public_bytes(serialization.Encoding.DER)]}

    def _certify(
        self, name: str, key: ec.EllipticCurvePrivateKey, is_issuer: bool, model: bytes | None
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root of a maker")]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(is_issuer, None), critical=True)
        )
        if model is not None:
            identifier = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
            builder = builder.add_extension(x509.UnrecognizedExtension(identifier, model), critical=False)
        return builder.sign(self._key, hashes.SHA256())


@dataclass
class SoftKey:
    """A key with one credential. Its fields can be changed between one touch and the next."""

    origin: str
    algorithm: int = ES256
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    count: int = 0
    aaguid: UUID = NO_MODEL
    maker: Maker | None = None
    attests_itself: bool = False
    said: Mapping[str, Any] = field(default_factory=dict)
    """What the browser says besides, or otherwise."""
    site: str = ""
    """For which site it signs; the one it is asked for unless told."""
    user: bytes | None = None
    public: bytes | None = None
    """The public key it states, where that is not its own."""
    credential_id: bytes = b""
    _key: Any = None

    def __post_init__(self) -> None:
        self._key = (
            ed25519.Ed25519PrivateKey.generate() if self.algorithm == EDDSA
            else ec.generate_private_key(ec.SECP256R1())
        )  # fmt: skip
        self.credential_id = self.credential_id or hashlib.sha256(self._sign(b"id")).digest()

    def private_key(self) -> bytes:
        """The secret half (PKCS #8, DER), as a browser's own authenticator takes it."""
        data: bytes = self._key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return data

    def make(self, options: Mapping[str, Any]) -> str:
        """Answer navigator.credentials.create."""
        self.user = bytes_of(options["user"]["id"])
        data = self._data(self.site or options["rp"]["id"], self.flags | HAS_KEY)
        length = len(self.credential_id).to_bytes(2, "big")
        data += self.aaguid.bytes + length + self.credential_id + (self.public or self.cose())
        client = self._client("webauthn.create", options["challenge"])
        statement: dict[str, object] = {}
        signed = data + hashlib.sha256(client).digest()
        if self.maker is not None:
            statement = self.maker.attest(signed)
        elif self.attests_itself:
            statement = {"alg": self.algorithm, "sig": self._sign(signed)}
        made = cbor2.dumps({"fmt": "packed" if statement else "none", "attStmt": statement, "authData": data})
        return self._send(client, {"attestationObject": text_of(made)})

    def touch(self, options: Mapping[str, Any]) -> str:
        """Answer navigator.credentials.get."""
        if self.counts:
            self.count += 1
        data = self._data(self.site or options["rpId"], self.flags)
        client = self._client("webauthn.get", options["challenge"])
        signature = self._sign(data + hashlib.sha256(client).digest())
        answer = {"authenticatorData": text_of(data), "signature": text_of(signature)}
        return self._send(client, answer | ({} if self.user is None else {"userHandle": text_of(self.user)}))

    def cose(self) -> bytes:
        """The public key (RFC 9052)."""
        public = self._key.public_key()
        if self.algorithm == EDDSA:
            return cbor2.dumps({1: 1, 3: EDDSA, -1: 6, -2: public.public_bytes_raw()})
        point = public.public_numbers()
        return cbor2.dumps({1: 2, 3: self.algorithm, -1: 1, -2: point.x.to_bytes(32, "big"),
                            -3: point.y.to_bytes(32, "big")})  # fmt: skip

    def _data(self, site: str, flags: int) -> bytes:
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, ceremony: str, challenge: str) -> bytes:
        said = {"type": ceremony, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **self.said}
        return json.dumps(said).encode()

    def _sign(self, data: bytes) -> bytes:
        if self.algorithm == EDDSA:
            return bytes(self._key.sign(data))
        return bytes(self._key.sign(data, ec.ECDSA(hashes.SHA256())))

    def _send(self, client: bytes, response: Mapping[str, str]) -> str:
        return json.dumps({
            "id": text_of(self.credential_id), "type": "public-key",
            "response": {"clientDataJSON": text_of(client), **response},
        })  # fmt: skip
