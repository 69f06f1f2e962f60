# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""HTTP message signatures (RFC 9421) and content digests (RFC 9530), as far as partners use them. Pure.

A strict part: one signature, over exactly the components that are named, with exactly these parameters. Anything else
is no signature here, however right it may be elsewhere.
"""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from vaka.crypto.policy import require_allowed

require_allowed("SHA-256", "digest")
require_allowed("Ed25519", "signature")

LONGEST_HEADER = 1000
"""Characters of a header that is read at all."""
_NAMES = r'\(((?:"[a-z@-]{1,40}" ?){1,10})\)'
_VALUES = r'((?:;[a-z]{1,10}=(?:[0-9]{1,12}|"[ -!#-\[\]-~]{1,100}"))*)'
_INPUT = re.compile(rf"([a-z][a-z0-9_-]{{0,19}})=({_NAMES}{_VALUES})")
_PARAMETER = re.compile(r';([a-z]{1,10})=(?:([0-9]{1,12})|"([^"]*)")')
_SIGNATURE = re.compile(r"([a-z][a-z0-9_-]{0,19})=:([A-Za-z0-9+/]{86}==):")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_HALF = 32
_LONGEST_TIME = 10
"""Digits of a time in seconds, which stands without quotes: until the year 2286."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a message says of its signature; nothing of it is believed yet."""

    covered: tuple[str, ...]
    parameters: str
    """As they were sent: they are signed byte for byte."""
    created: int
    nonce: str
    key_id: str
    algorithm: str
    signature: bytes


def read_signature(said: str, signature: str) -> Signed | None:
    """Return what the headers Signature-Input and Signature say, or None where they are not of this form."""
    if max(len(said), len(signature)) > LONGEST_HEADER:
        return None
    told, signed = _INPUT.fullmatch(said), _SIGNATURE.fullmatch(signature)
    if told is None or signed is None or told[1] != signed[1]:
        return None
    parameters = _PARAMETER.findall(told[4])
    values = {name: number or text for name, number, text in parameters}
    if len(values) != len(parameters) or set(values) != {"created", "nonce", "keyid", "alg"}:
        return None
    created = next(number for name, number, _ in parameters if name == "created")
    if not 0 < len(created) <= _LONGEST_TIME:
        return None
    covered = tuple(name.strip('"') for name in told[3].split(" "))
    return Signed(
        covered, told[2], int(created), values["nonce"], values["keyid"], values["alg"],
        b64decode(signed[2], validate=True),
    )  # fmt: skip


def signature_base(covered: Sequence[str], values: Mapping[str, str], parameters: str) -> bytes:
    """Return what is signed (RFC 9421 section 2.5)."""
    return "\n".join(
        [*(f'"{name}": {values[name]}' for name in covered), f'"@signature-params": {parameters}']
    ).encode()  # fmt: skip


def is_signed_by(key: PublicKeyTypes, algorithm: str, base: bytes, signature: bytes) -> bool:
    """Whether a signature is right, by the one algorithm that a key of this kind has (RFC 9421 section 3.3)."""
    try:
        if algorithm == "ed25519" and isinstance(key, Ed25519PublicKey):
            key.verify(signature, base)
            return True
        if algorithm == "ecdsa-p256-sha256" and isinstance(key, EllipticCurvePublicKey):
            if not isinstance(key.curve, SECP256R1) or len(signature) != 2 * _HALF:
                return False
            halves = (int.from_bytes(half, "big") for half in (signature[:_HALF], signature[_HALF:]))
            key.verify(encode_dss_signature(*halves), base, ECDSA(SHA256()))
            return True
    except InvalidSignature:
        return False
    return False


def write_digest(body: bytes) -> str:
    """Return the header Content-Digest of a body."""
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"


def is_digest_of(header: str, body: bytes) -> bool:
    """Whether a Content-Digest is that of a body, and of no other form."""
    found = _DIGEST.fullmatch(header)
    return found is not None and hmac.compare_digest(
        b64decode(found[1], validate=True), hashlib.sha256(body).digest()
    )  # fmt: skip
