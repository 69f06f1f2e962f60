# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signatures over documents that others verify with tools of their own: Ed25519 (RFC 8032)."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from vaka.crypto.policy import require_allowed

SEED_BYTES = 32
SIGNATURE_BYTES = 64

require_allowed("Ed25519", "signature")


def sign(seed: bytes, document: bytes) -> bytes:
    """Return the signature (64 bytes) of a document under a private key (32 bytes)."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(document)


def public_pem(seed: bytes) -> bytes:
    """Return the public half as a PEM file that openssl reads (SubjectPublicKeyInfo, RFC 8410)."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def verifies(public: bytes, document: bytes, signature: bytes) -> bool:
    """Whether a signature is that of a document under the key whose public half this PEM file is.

    Raises ValueError where it is none of an Ed25519 key.
    """
    key = load_pem_public_key(public)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    try:
        key.verify(signature, document)
    except InvalidSignature:
        return False
    return True
