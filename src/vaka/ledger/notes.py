# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""C2SP signed notes: a text and the lines of those who signed it.

    the text, one or more lines
                                            (a blank line)
    — name base64(key id ‖ signature)       (one line a signature)

A line by an unknown key is ignored. A line by a known key must verify, each time it appears, or the note is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import KEY_ID_BYTES, Signer, Verifier, decode_base64, encode_base64, require_name

LARGEST_NOTE = 262_144  # bytes; sixteen post-quantum signatures, which every verifier must bear, are 110,000
MOST_SIGNATURES = 100
_LARGEST_NUMBER = 2**63 - 1
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")
_DASH = "— "


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature as it stands in a note: whose it claims to be, and the bytes. Nothing is verified yet."""

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        require_name(self.name)
        if len(self.key_id) != KEY_ID_BYTES or not self.signature:
            raise LedgerError(LedgerFault.NOTE)

    def is_by(self, key: Verifier | Signer) -> bool:
        """Whether the line claims to be by `key`."""
        return self.name == key.name and self.key_id == key.key_id

    def encode(self) -> str:
        """Return the line, its line feed included."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a line feed, and its signature lines. What is parsed is encoded to the same bytes."""

    text: str
    signatures: tuple[SignatureLine, ...]

    def __post_init__(self) -> None:
        if not self.text.endswith("\n") or _CONTROL.search(self.text) or not self.signatures:
            raise LedgerError(LedgerFault.NOTE)
        if len(self.signatures) > MOST_SIGNATURES:
            raise LedgerError(LedgerFault.TOO_MANY_SIGNATURES)

    def encode(self) -> bytes:
        """Return the note as it is published."""
        data = f"{self.text}\n{''.join(line.encode() for line in self.signatures)}".encode()
        if len(data) > LARGEST_NOTE:
            raise LedgerError(LedgerFault.NOTE_TOO_LARGE)
        return data

    def with_signatures(self, lines: Sequence[SignatureLine]) -> "Note":
        """Return the note with `lines` after those it has; an older line of the same key gives way."""
        newer = {(line.name, line.key_id) for line in lines}
        kept = tuple(line for line in self.signatures if (line.name, line.key_id) not in newer)
        return Note(self.text, kept + tuple(lines))


def parse_note(data: bytes) -> Note:
    """Read a signed note. Raises LedgerError NOTE, NOTE_TOO_LARGE or TOO_MANY_SIGNATURES; verifies nothing."""
    if len(data) > LARGEST_NOTE:
        raise LedgerError(LedgerFault.NOTE_TOO_LARGE)
    text, gap, signatures = decode_text(data, LedgerFault.NOTE).rpartition("\n\n")
    if not gap:
        raise LedgerError(LedgerFault.NOTE)
    return Note(text + "\n", parse_signatures(signatures))


def parse_signatures(block: str) -> tuple[SignatureLine, ...]:
    """Read signature lines, each with its line feed: the end of a note, or what a witness answers."""
    if not block.endswith("\n"):
        raise LedgerError(LedgerFault.NOTE)
    if block.count("\n") > MOST_SIGNATURES:
        raise LedgerError(LedgerFault.TOO_MANY_SIGNATURES)
    return tuple(_parse_line(line) for line in block.removesuffix("\n").split("\n"))


def sign_note(text: str, *signers: Signer) -> Note:
    """Sign `text`, which ends in a line feed."""
    encoded = text.encode()
    return Note(text, tuple(SignatureLine(each.name, each.key_id, each.sign(encoded)) for each in signers))


def verify_note(note: Note, known: Sequence[Verifier]) -> tuple[SignatureLine, ...]:
    """Return the lines of `note` by `known` keys, all verified.

    Raises LedgerError SIGNATURE where a known key's line is false, UNSIGNED where there is none, KEY_AMBIGUOUS where
    two of `known` cannot be told apart.
    """
    keys = {(key.name, key.key_id): key for key in known}
    if len(keys) != len(known):
        raise LedgerError(LedgerFault.KEY_AMBIGUOUS)
    text = note.text.encode()
    verified = []
    for line in note.signatures:
        key = keys.get((line.name, line.key_id))
        if key is None:
            continue
        if not key.verify(text, line.signature):
            raise LedgerError(LedgerFault.SIGNATURE)
        verified.append(line)
    if not verified:
        raise LedgerError(LedgerFault.UNSIGNED)
    return tuple(verified)


def decode_text(data: bytes, fault: LedgerFault) -> str:
    """Decode UTF-8 without control characters but line feeds; anything else raises LedgerError with `fault`."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise LedgerError(fault) from None
    if _CONTROL.search(text):
        raise LedgerError(fault)
    return text


def decode_number(text: str, fault: LedgerFault) -> int:
    """Read a decimal number below 2**63 without leading zeroes; anything else raises LedgerError with `fault`."""
    if not _NUMBER.fullmatch(text) or int(text) > _LARGEST_NUMBER:
        raise LedgerError(fault)
    return int(text)


def _parse_line(line: str) -> SignatureLine:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise LedgerError(LedgerFault.NOTE)
    try:
        require_name(name)
    except LedgerError:
        raise LedgerError(LedgerFault.NOTE) from None
    data = decode_base64(encoded, LedgerFault.NOTE)
    return SignatureLine(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])
