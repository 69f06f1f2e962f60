# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A secret that two agree on, of which each knows one half: X25519 (RFC 7748)."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from vaka.crypto.aead import UnopenableError
from vaka.crypto.policy import require_allowed

HALF_BYTES = 32

require_allowed("X25519", "agreement")


def public_of(seed: bytes) -> bytes:
    """Return the public half of a private one, each 32 bytes."""
    return X25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def shared(seed: bytes, public: bytes) -> bytes:
    """Return the secret of a private half and another's public one.

    Raises UnopenableError where the public half is none, or one with which the secret would be known to everybody
    (RFC 7748 section 6.1).
    """
    try:
        return X25519PrivateKey.from_private_bytes(seed).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise UnopenableError from None
