# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How a subject is kept: as an HMAC under a key that lies in a file of sign-in's own, and in no database."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from pathlib import Path

from vaka.crypto.aead import UnopenableError, decrypt, encrypt
from vaka.crypto.chance import new_key
from vaka.crypto.derivation import derive
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

    def of_session(self, issuer: str, entity: str, *words: str) -> bytes:
        """Return what is kept of how an issuer names somebody to one of us, and a session of his there.

        Bound to the name that we have there: what is said to one service provider ends nothing of another's.
        """
        parts = (issuer, entity, *words)
        return hmac.digest(self._key, b"session\0" + b"\0".join(part.encode() for part in parts), "sha256")

    def seal(self, text: str, place: str) -> str:
        """Return a text as a browser may keep it, unreadable there and good for this place alone."""
        sealed = encrypt(derive(self._key, "what a browser keeps"), text.encode(), place.encode())
        return urlsafe_b64encode(sealed).decode()

    def open(self, sealed: str, place: str) -> str:
        """Return what was sealed for this place. Raises UnopenableError."""
        try:
            return decrypt(
                derive(self._key, "what a browser keeps"), urlsafe_b64decode(sealed), place.encode()
            ).decode()
        except (Error, ValueError):
            raise UnopenableError from None

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
