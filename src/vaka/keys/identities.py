# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What stands in every database for what a device calls itself, which may be somebody's telephone number.

A receiver must find a device before it knows whose it is, and while the keyholder is away. So there is one key for the
whole installation, in a file of its own: whoever has a database has no number, and whoever has the file as well can try
numbers until one fits.
"""

import re
from binascii import a2b_base64, b2a_base64
from pathlib import Path
from typing import NewType
from uuid import UUID

from vaka.crypto.blinding import Blinding
from vaka.crypto.chance import new_key
from vaka.errors import ConfigurationError
from vaka.keys.files import create_secret
from vaka.keys.roots import read_secret

BlindSender = NewType("BlindSender", str)
"""``~``, 4 characters that tell the key, and 24 that tell the sender under it; empty where an alarm has none."""

FILE = "device-identities.key"
MARK_CHARACTERS = 4
_MARK_BYTES = 3
_SENDER_BYTES = 18
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_FORM = re.compile(r"~[A-Za-z0-9_-]{28}")
_CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
_LABEL_LETTERS = 6


class Identities:
    """Blinds what devices say they are."""

    def __init__(self, key: bytes) -> None:
        self.mark = _text(Blinding(key, "mark")(b"")[:_MARK_BYTES])
        """Tells this key from others, and nothing of it."""
        self._start = f"~{self.mark}"
        self._sender = Blinding(key, "device")
        self._part = Blinding(key, "device part")
        self._message = Blinding(key, "device message")
        self._secret = Blinding(key, "device secret")

    def blind(self, sender: str) -> BlindSender:
        """Return what stands for a sender, or for the name it proves itself by."""
        return BlindSender(self._start + _text(self._sender(_bytes(sender))[:_SENDER_BYTES]))

    def blind_part(self, name: str) -> str:
        """Return what stands for a part of a device, a button of its own say: ``~`` and 12 characters."""
        return "~" + _text(self._part(_bytes(name))[:9])

    def digest(self, content: bytes) -> str:
        """Return what tells a repeated message from another with the same reference: 32 hexadecimal digits."""
        return self._message(content)[:16].hex()

    def fingerprint(self, authority: UUID, secret: str) -> bytes:
        """Return what tells a device's secret from others of one authority, 32 bytes."""
        return self._secret(authority.bytes + _bytes(secret))

    def is_ours(self, sender: BlindSender) -> bool:
        """Whether it was blinded under this key."""
        return sender.startswith(self._start)


def is_blind(text: str) -> bool:
    """Whether a text has the form of a blinded sender."""
    return _FORM.fullmatch(text) is not None


def label(sender: BlindSender) -> str:
    """Return what is shown for a sender whose number cannot be read: ``~`` and six letters, always the same six."""
    if not is_blind(sender):
        return sender
    number = int.from_bytes(a2b_base64(sender[1 + MARK_CHARACTERS :].encode().translate(_FROM_URL)))
    letters = ""
    for _ in range(_LABEL_LETTERS):
        number, letter = divmod(number, len(_CONSONANTS))
        letters += _CONSONANTS[letter]
    return f"~{letters}"


def identity_key_file(credentials: Path) -> Path:
    """Return where the key lies."""
    return credentials / FILE


def create_identity_key(credentials: Path) -> bool:
    """Make the key of a new installation; return whether there was none. Raises ConfigurationError."""
    try:
        return create_secret(identity_key_file(credentials), new_key().hex().encode() + b"\n")
    except OSError as error:
        raise ConfigurationError(f"No key can be written to {credentials}: {error.strerror}.") from error


def open_identities(credentials: Path) -> Identities:
    """Return what blinds senders in this installation. Raises ConfigurationError: without the key nothing is found."""
    path = identity_key_file(credentials)
    try:
        key = bytes.fromhex(read_secret(path, "The key of the device identities"))
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ConfigurationError(f"The key of the device identities {path} is not 64 hexadecimal digits.")
    return Identities(key)


def _text(data: bytes) -> str:
    return b2a_base64(data, newline=False).translate(_TO_URL).decode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
