# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The keys that sign notes, in the encodings of C2SP signed-note, which are also those of Go's sumdb/note.

A verifier key reads ``name+01234567+base64(kind ‖ public key)``, a signer key ``PRIVATE+KEY+name+01234567+base64(kind ‖
seed)``. The eight digits are the key id: the first four bytes of ``SHA-256(name ‖ LF ‖ kind ‖ public key)``. The kind
is one byte, so a key made for one purpose verifies nothing of another. A new kind of signature is one
new class that a `Verifier` or `Signer` describes.
"""

import re
from abc import ABC, abstractmethod
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vaka.ledger.errors import LedgerError, LedgerFault

KEY_ID_BYTES = 4
LONGEST_NAME = 255  # characters; the newer cosignatures count a name's length in one byte
_KEY_BYTES = 32
_ENCODED = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{4,4096}={0,2})")
_SIGNER_MARK = "PRIVATE+KEY+"

_FIELD = 2**255 - 19
# The heights (y) of the eight points of small order, under which a signature can be made without any private key.
_WEAK_HEIGHTS = frozenset(
    {0, 1, _FIELD - 1}
    | {
        int.from_bytes(bytes.fromhex(height), "little")
        for height in (
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        )
    }
)


class Verifier(Protocol):
    """What verifying a note asks of a known key."""

    @property
    def name(self) -> str:
        """Who signs; with the key id, all that a signature line says of its key."""

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell the keys of one name apart."""

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's, of a note with this text."""


class Signer(Protocol):
    """What signing a note asks of a private key, wherever it lies."""

    @property
    def name(self) -> str:
        """Who signs."""

    @property
    def key_id(self) -> bytes:
        """The id of the public key."""

    def sign(self, text: bytes) -> bytes:
        """Sign the text of a note."""


@dataclass(frozen=True, slots=True)
class NoteKey(ABC):
    """A public Ed25519 key with the name it signs under. The kind says what its signatures mean."""

    name: str
    public_key: bytes
    kind: ClassVar[int]

    def __post_init__(self) -> None:
        require_name(self.name)
        _require_strong(self.public_key)

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256 over name, line feed, kind and public key."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public_key).digest()[:KEY_ID_BYTES]

    def encode(self) -> str:
        """Return the verifier key as it is handed out."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.kind]) + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a verifier key. Raises LedgerError KEY, also for a key of another kind, or KEY_WEAK."""
        name, key_id, public_key = _split(text, cls.kind)
        key = cls(name, public_key)
        if key.key_id != key_id:
            raise LedgerError(LedgerFault.KEY)
        return key

    @abstractmethod
    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's, of a note with this text."""


@dataclass(frozen=True, slots=True)
class LogKey(NoteKey):
    """What verifies a log's own signature: plain Ed25519 over the text of the note."""

    kind: ClassVar[int] = 0x01

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's, of a note with this text."""
        return verify_ed25519(self.public_key, text, signature)


@dataclass(frozen=True, slots=True)
class NoteSecret:
    """An Ed25519 private key in memory, with the name it signs under."""

    key: NoteKey
    private_key: Ed25519PrivateKey
    key_class: ClassVar[type[NoteKey]]

    @property
    def name(self) -> str:
        """Who signs."""
        return self.key.name

    @property
    def key_id(self) -> bytes:
        """The id of the public key."""
        return self.key.key_id

    @classmethod
    def of(cls, name: str, private_key: Ed25519PrivateKey) -> Self:
        """Let `private_key` sign as `name`."""
        return cls(cls.key_class(name, private_key.public_key().public_bytes_raw()), private_key)

    def encode(self) -> str:
        """Return the signer key: a secret, for a file that only its owner reads."""
        seed = bytes([self.key.kind]) + self.private_key.private_bytes_raw()
        return f"{_SIGNER_MARK}{self.name}+{self.key_id.hex()}+{encode_base64(seed)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a signer key. Raises LedgerError KEY, also for a key of another kind."""
        if not text.startswith(_SIGNER_MARK):
            raise LedgerError(LedgerFault.KEY)
        name, key_id, seed = _split(text.removeprefix(_SIGNER_MARK), cls.key_class.kind)
        if len(seed) != _KEY_BYTES:
            raise LedgerError(LedgerFault.KEY)
        secret = cls.of(name, Ed25519PrivateKey.from_private_bytes(seed))
        if secret.key_id != key_id:
            raise LedgerError(LedgerFault.KEY)
        return secret


@dataclass(frozen=True, slots=True)
class LogSigner(NoteSecret):
    """What signs a log's checkpoints."""

    key_class: ClassVar[type[NoteKey]] = LogKey

    def sign(self, text: bytes) -> bytes:
        """Sign the text of a note (RFC 8032: the same text always gets the same signature)."""
        return self.private_key.sign(text)


def verify_ed25519(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is `public_key`'s of `message` (RFC 8032); one of a wrong length is not."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def require_name(name: str) -> None:
    """Refuse a key name that is empty or too long, or holds a plus sign, a space of any kind or a control character."""
    if not 0 < len(name) <= LONGEST_NAME or any(c == "+" or c < " " or c.isspace() for c in name):
        raise LedgerError(LedgerFault.KEY)


def encode_base64(data: bytes) -> str:
    """Write base64 as all these formats do: RFC 4648 section 4, padded."""
    return b64encode(data).decode("ascii")


def decode_base64(text: str, fault: LedgerFault) -> bytes:
    """Read base64 in its one canonical spelling; anything else raises LedgerError with `fault`."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise LedgerError(fault) from None
    if encode_base64(data) != text:  # spare bits that are set, which decoders overlook
        raise LedgerError(fault)
    return data


def _split(text: str, kind: int) -> tuple[str, bytes, bytes]:
    match = _ENCODED.fullmatch(text)
    if match is None:
        raise LedgerError(LedgerFault.KEY)
    material = decode_base64(match[3], LedgerFault.KEY)
    if material[0] != kind:
        raise LedgerError(LedgerFault.KEY)
    return match[1], bytes.fromhex(match[2]), material[1:]


def _require_strong(public_key: bytes) -> None:
    if len(public_key) != _KEY_BYTES:
        raise LedgerError(LedgerFault.KEY)
    height = int.from_bytes(public_key, "little") & ((1 << 255) - 1)
    if height >= _FIELD or height in _WEAK_HEIGHTS:
        raise LedgerError(LedgerFault.KEY_WEAK)
