# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How a subject is kept: as an HMAC under a key that lies in a file of sign-in's own, and in no database."""

import hmac
from pathlib import Path

from vaka.crypto.chance import new_key
from vaka.errors import ConfigurationError
from vaka.keys.credentials import read_credential
from vaka.keys.files import create_secret


class SubjectKey:
    """The key. Whoever loses it loses every link; whoever has it and the database can try subjects."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of_subject(self, issuer: str, subject: str) -> bytes:
        """Return what is kept of a subject: 32 bytes, the same for the same subject of the same issuer."""
        return hmac.digest(self._key, b"subject\0" + issuer.encode() + b"\0" + subject.encode(), "sha256")

    def of_matching(self, issuer: str, subject: str, value: str) -> bytes:
        """Return what is kept of the attribute that must not change: other bytes for each person."""
        parts = (issuer, subject, normalise(value))
        return hmac.digest(self._key, b"matching\0" + b"\0".join(part.encode() for part in parts), "sha256")


def open_subject_key(path: Path) -> SubjectKey:
    """Read the key; made where there is none yet. Raises ConfigurationError."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        create_secret(path, new_key().hex().encode() + b"\n")
    except OSError as error:
        raise ConfigurationError(f"No key for subjects can be written to {path}: {error.strerror}.") from error
    return SubjectKey(read_credential(path))


def normalise(value: str) -> str:
    """Return a value as it is compared: without case, spaces and hyphens."""
    return "".join(sign for sign in value.casefold() if sign not in " -–\t")
