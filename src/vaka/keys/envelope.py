# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is written about a person, sealed under that person's data key. Pure.

A sealed value is a format byte, the version of the data key (two bytes), and what AES-256-GCM makes of it. Bound to it,
and therefore refused anywhere else, are the authority, the person, the table, the row and the column it stands in: a
value that was moved to another row, another column or another authority does not open (term 31).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from vaka.crypto.aead import UnopenableError, decrypt, encrypt
from vaka.crypto.derivation import derive

FORMAT = 1
HEADER_BYTES = 3
GRAIN_BYTES = 64
"""Every sealed value is filled up to a multiple of this: how long a name or a note is, nobody can see."""
_DOMAIN = b"vaka sealed value v1\x00"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value stands."""

    authority: UUID
    table: str
    row: str
    """What tells the row from all others, for ever: its identifier, or its key's parts with a slash between."""
    column: str
    edition: int = 0
    """How often what is written there was written anew (``vaka.keys.editions``)."""

    def bound_to(self, subject: UUID) -> bytes:
        """Return what a value of ``subject`` in this place is bound to; no two places give the same."""
        bound = bind_row(self.authority, subject, self.table, self.row)
        return bound + measured(self.column) + numbered(self.edition)


def bind_row(authority: UUID, subject: UUID, table: str, row: str) -> bytes:
    """Return what every value of a row is bound to; its column, ``measured``, comes behind it."""
    return _DOMAIN + authority.bytes + subject.bytes + measured(table) + measured(row)


def measured(name: str) -> bytes:
    """Return a name with its length before it (two bytes)."""
    written = name.encode()
    return len(written).to_bytes(2, "big") + written


def numbered(edition: int) -> bytes:
    """Return how an edition is bound, last of all (eight bytes). The first, number 0, adds nothing."""
    return edition.to_bytes(8, "big") if edition else b""


@dataclass(frozen=True, slots=True)
class DataKey:
    """One version of a person's data key. What opens values is derived once, since a screen opens many of them."""

    subject: UUID
    version: int
    """1 to 65,535."""
    secret: bytes = field(repr=False)
    """32 bytes."""
    address: bytes
    """The public half of what letters to this person are sealed with (``vaka.keys.letters``), 32 bytes: no secret."""
    content: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "content", derive(self.secret, "content"))


def seed_of(secret: bytes) -> bytes:
    """Return the private half of the address that belongs to a data key."""
    return derive(secret, "message")


def seal(key: DataKey, place: Place, plaintext: bytes) -> bytes:
    """Return ``plaintext`` sealed for its place."""
    header = bytes([FORMAT]) + key.version.to_bytes(2, "big")
    filled = fill(plaintext)
    return header + encrypt(key.content, filled, header + place.bound_to(key.subject))


def unseal(keys: Mapping[int, DataKey], place: Place, sealed: bytes) -> bytes:
    """Return what was sealed; ``keys`` are one person's, by version.

    Raises UnopenableError where it was changed, stands in another place, or none of the keys is the one.
    """
    if len(sealed) < HEADER_BYTES or sealed[0] != FORMAT:
        raise UnopenableError
    header = sealed[:HEADER_BYTES]
    key = keys.get(int.from_bytes(header[1:], "big"))
    if key is None:
        raise UnopenableError
    return empty(decrypt(key.content, sealed[HEADER_BYTES:], header + place.bound_to(key.subject)))


def fill(plaintext: bytes) -> bytes:
    """Return ``plaintext``, its length before it (four bytes), filled up to a multiple of GRAIN_BYTES."""
    filled = len(plaintext).to_bytes(4, "big") + plaintext
    return filled + bytes(-len(filled) % GRAIN_BYTES)


def empty(filled: bytes) -> bytes:
    """Return what ``fill`` was given. Raises UnopenableError where it cannot have been."""
    length = int.from_bytes(filled[:4], "big")
    if len(filled) < 4 or length > len(filled) - 4:
        raise UnopenableError
    return filled[4 : 4 + length]
