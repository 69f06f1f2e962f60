# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is written to a person's record by those who need not read it: sealed to the person's public address. Pure.

The receiver stores what a device said, and an operator ends an alarm, whether or not the keyholder answers; neither
needs a secret for that. A letter is a format byte, four bytes that tell the address, the writer's own public half (32
bytes), and what AES-256-GCM makes of the text. Its key is derived from the X25519 agreement of both halves (RFC 7748)
with both of them bound in, as RFC 9180 does it for its base mode.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from vaka.crypto.aead import Sealer, UnopenableError, decrypt
from vaka.crypto.agreement import public_of, shared
from vaka.crypto.chance import new_key
from vaka.crypto.derivation import derive
from vaka.keys.envelope import DataKey, Place, bind_row, empty, fill, measured, numbered, seed_of
from vaka.keys.personal import sealed_columns
from vaka.keys.values import write_value

FORMAT = 2
ADDRESS_BYTES = 32
_MARK_BYTES = 4
_HEADER_BYTES = 1 + _MARK_BYTES + ADDRESS_BYTES
MOST_REMEMBERED = 400_000
"""Addresses whose agreement a writer remembers: 200 bytes each."""
MOST_AGREED = 20_000
"""Writers and addressees whose agreement a reader remembers."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom letters are written to: the person they are about or, where nobody is known, the authority."""

    subject: UUID
    address: bytes


class Writer:
    """Seals letters. Its own half lives as long as it does, so that the agreement with an address is made once.

    The agreement costs 35 µs and is what a receiver would spend most of its time on; a letter alone costs 2 µs. Who
    takes the process's memory can read the letters it has written since its start, as he could read what came in.
    """

    def __init__(self, most_remembered: int = MOST_REMEMBERED) -> None:
        self._seed = new_key()
        self._half = public_of(self._seed)
        self._format = bytes([FORMAT])
        self._most = most_remembered
        self._keys: dict[bytes, bytes] = {}

    def write(self, address: bytes, subject: UUID, place: Place, plaintext: bytes) -> bytes:
        """Return ``plaintext`` sealed for its place, so that only the owner of ``address`` opens it.

        Raises UnopenableError where the address is none.
        """
        return self._write(Sealer(self._agreed(address)), address, place.bound_to(subject), plaintext)

    def write_row(
        self, authority: UUID, to: Addressee, table: str, row: str, columns: Mapping[str, Any], edition: int = 0
    ) -> dict[str, bytes]:
        """Return these columns as letters, each for its place and as it is declared (``personal.toml``).

        What is written anew in the same place is of a new ``edition`` (``vaka.keys.editions``).

        Raises UnopenableError where the address is none, KeyError where a column is not declared as a letter, TypeError
        where a value is not of its column's form.
        """
        declared, bound = sealed_columns(table), bind_row(authority, to.subject, table, row)
        sealer, written = Sealer(self._agreed(to.address)), {}
        for name, value in columns.items():
            column = declared[name]
            if not column.is_letter:
                raise KeyError(name)
            place = bound + measured(name) + numbered(edition)
            written[name] = self._write(sealer, to.address, place, write_value(column.form, value))
        return written

    def knows(self, address: bytes) -> bool:
        """Whether the agreement with an address is made already."""
        return address in self._keys

    def agree(self, address: bytes) -> None:
        """Make the agreement with an address before it is needed. Raises UnopenableError where it is none."""
        self._agreed(address)

    def _write(self, sealer: Sealer, address: bytes, bound: bytes, plaintext: bytes) -> bytes:
        header = self._format + address[:_MARK_BYTES] + self._half
        return header + sealer.encrypt(fill(plaintext), header + bound)

    def _agreed(self, address: bytes) -> bytes:
        # Remembered as bytes: a cipher made ready for each would take 2.6 kB, and save a microsecond.
        key = self._keys.get(address)
        if key is None:
            if len(self._keys) >= self._most:
                self._keys.clear()
            key = self._keys[address] = _agree(self._seed, address, self._half, address)
        return key


@cache
def own_writer() -> Writer:
    """Return the writer of this process."""
    return Writer()


class Reader:
    """Reads letters. It remembers what it has agreed on: a screen shows many letters of few writers."""

    def __init__(self, most_remembered: int = MOST_AGREED) -> None:
        self._most = most_remembered
        self._keys: dict[tuple[bytes, bytes], bytes] = {}

    def read(self, keys: Iterable[DataKey], place: Place, letter: bytes) -> bytes:
        """Return what was written; ``keys`` are one person's.

        Raises UnopenableError where it was changed, stands in another place, or is addressed to somebody else.
        """
        if len(letter) < _HEADER_BYTES or letter[0] != FORMAT:
            raise UnopenableError
        header = letter[:_HEADER_BYTES]
        mark, half = header[1 : 1 + _MARK_BYTES], header[1 + _MARK_BYTES :]
        for key in keys:
            if key.address[:_MARK_BYTES] == mark:
                bound = header + place.bound_to(key.subject)
                return empty(decrypt(self._key(key, half), letter[_HEADER_BYTES:], bound))
        raise UnopenableError

    def forget(self) -> None:
        """Let go of everything that opens letters."""
        self._keys.clear()

    def _key(self, key: DataKey, half: bytes) -> bytes:
        agreed = self._keys.get((key.secret, half))
        if agreed is None:
            if len(self._keys) >= self._most:
                self._keys.clear()
            agreed = self._keys[key.secret, half] = _agree(seed_of(key.secret), half, half, key.address)
        return agreed


def read_letter(keys: Iterable[DataKey], place: Place, letter: bytes) -> bytes:
    """Return what was written, as a reader that remembers nothing does. Raises UnopenableError."""
    return Reader().read(keys, place, letter)


def _agree(seed: bytes, other: bytes, half: bytes, address: bytes) -> bytes:
    return derive(shared(seed, other), "letter", half + address)
