# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A key that one process signs with (Ed25519): made when it is first wanted, its public half beside it."""

import hashlib
from pathlib import Path

from vaka.crypto.chance import random_bytes
from vaka.crypto.signing import SEED_BYTES, public_pem
from vaka.errors import ConfigurationError
from vaka.keys.files import create_secret

ID_DIGITS = 16


def read_signing_key(path: Path) -> bytes:
    """Return the private key; the first time, make it, with its public half beside it. Raises ConfigurationError."""
    try:
        if create_secret(path, random_bytes(SEED_BYTES)):
            public_file(path).write_bytes(public_pem(path.read_bytes()))
        seed = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"The key {path} cannot be read or made: {error.strerror}.") from error
    if len(seed) != SEED_BYTES:
        raise ConfigurationError(f"The key {path} is none: it has not {SEED_BYTES} bytes.")
    return seed


def public_file(path: Path) -> Path:
    """Return where the public half lies, which is for everybody."""
    return path.with_suffix(".pem")


def key_id(seed: bytes) -> str:
    """Return by what others know the key: the first digits of SHA-256 over its public half."""
    return hashlib.sha256(public_pem(seed)).hexdigest()[:ID_DIGITS]
