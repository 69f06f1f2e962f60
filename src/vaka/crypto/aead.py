# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Encryption that shows every change: AES-256-GCM (NIST SP 800-38D) under a random nonce."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vaka.crypto.chance import random_bytes
from vaka.crypto.policy import require_allowed
from vaka.errors import Category, Sentence, VakaError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16

require_allowed("AES-256-GCM", "encryption")


class UnopenableError(VakaError):
    """What is sealed was changed, stands in another place, or is under another key. Which of them, nobody is told."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Uppgiften kan inte öppnas: den är ändrad, flyttad eller förseglad med en annan nyckel.",
                en="The value cannot be opened: it was changed, moved, or sealed with another key.",
            ),
        )


def encrypt(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Return nonce, ciphertext and tag; ``associated`` is bound to them and not in them.

    A key may seal 2**32 values: then the chance that two had the same nonce is one in 2**32.
    """
    return Sealer(key).encrypt(plaintext, associated)


class Sealer:
    """Encrypts many values under one key, in less time than one by one."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_require_length(key))

    def encrypt(self, plaintext: bytes, associated: bytes) -> bytes:
        """Return what ``encrypt`` does."""
        nonce = random_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, associated)


def decrypt(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Return what was encrypted. Raises UnopenableError."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise UnopenableError
    try:
        return AESGCM(_require_length(key)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
    except InvalidTag:
        raise UnopenableError from None


def _require_length(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:  # shorter ones would silently be AES-128
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return key
