# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is written to a person's record by those who need not read it: sealed to the person's public address. Pure.

The receiver stores what a device said, and an operator ends an alarm, whether or not the keyholder answers; neither
needs a secret for that. A letter is a format byte, four bytes that tell the address, the writer's own public half (32
bytes), and what AES-256-GCM makes of the text. Its key is derived from the X25519 agreement of both halves (RFC 7748)
with both of them bound in, as RFC 9180 does it for its base mode.
"""

from collections.abc import Iterable
from uuid import UUID

from vaka.crypto.aead import UnopenableError, decrypt, encrypt
from vaka.crypto.agreement import public_of, shared
from vaka.crypto.chance import new_key
from vaka.crypto.derivation import derive
from vaka.keys.envelope import DataKey, Place, empty, fill, seed_of

FORMAT = 2
ADDRESS_BYTES = 32
_MARK_BYTES = 4
_HEADER_BYTES = 1 + _MARK_BYTES + ADDRESS_BYTES
MOST_REMEMBERED = 400_000
"""Addresses whose agreement a writer remembers: 200 bytes each."""


class Writer:
    """Seals letters. Its own half lives as long as it does, so that the agreement with an address is made once.

    The agreement costs 35 µs and is what a receiver would spend most of its time on; a letter alone costs 2 µs. Who
    takes the process's memory can read the letters it has written since its start, as he could read what came in.
    """

    def __init__(self, most_remembered: int = MOST_REMEMBERED) -> None:
        self._seed = new_key()
        self._half = public_of(self._seed)
        self._most = most_remembered
        self._keys: dict[bytes, bytes] = {}

    def write(self, address: bytes, subject: UUID, place: Place, plaintext: bytes) -> bytes:
        """Return ``plaintext`` sealed for its place, so that only the owner of ``address`` opens it.

        Raises UnopenableError where the address is none.
        """
        header = bytes([FORMAT]) + address[:_MARK_BYTES] + self._half
        return header + encrypt(self._key(address), fill(plaintext), header + place.bound_to(subject))

    def _key(self, address: bytes) -> bytes:
        key = self._keys.get(address)
        if key is None:
            if len(self._keys) >= self._most:
                self._keys.clear()
            key = self._keys[address] = _agree(self._seed, address, self._half, address)
        return key


def read_letter(keys: Iterable[DataKey], place: Place, letter: bytes) -> bytes:
    """Return what was written; ``keys`` are one person's.

    Raises UnopenableError where it was changed, stands in another place, or is addressed to somebody else.
    """
    if len(letter) < _HEADER_BYTES or letter[0] != FORMAT:
        raise UnopenableError
    header = letter[:_HEADER_BYTES]
    mark, half = header[1 : 1 + _MARK_BYTES], header[1 + _MARK_BYTES :]
    for key in keys:
        if key.address[:_MARK_BYTES] == mark:
            secret = _agree(seed_of(key.secret), half, half, key.address)
            return empty(decrypt(secret, letter[_HEADER_BYTES:], header + place.bound_to(key.subject)))
    raise UnopenableError


def _agree(seed: bytes, other: bytes, half: bytes, address: bytes) -> bytes:
    return derive(shared(seed, other), "letter", half + address)
