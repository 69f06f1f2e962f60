# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""C2SP tlog-witness: what a log sends to a witness, and what it is answered. No socket, no state.

    old 20852014            how large the log was when the witness saw it last
    base64                  (the consistency proof from there, one hash a line; from 0 there is none)
                            (a blank line, then the signed checkpoint)

The answer is cosignature lines, or with status 409 the size that the witness has, in decimal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import decode_base64, encode_base64
from vaka.ledger.notes import Note, decode_number, decode_text, parse_note
from vaka.ledger.tree import HASH_BYTES, LARGEST_SIZE, LONGEST_PROOF

PATH = "add-checkpoint"
LARGEST_REQUEST = 65_536  # bytes
LARGEST_ANSWER = 65_536  # bytes
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
_LONGEST_HEAD = 24 + 45 * LONGEST_PROOF  # bytes
_OLD = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A checkpoint, and the proof that it continues the log as it was at `old_size`. Nothing is verified."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note

    def __post_init__(self) -> None:
        if not 0 <= self.old_size <= LARGEST_SIZE or len(self.proof) > LONGEST_PROOF:
            raise LedgerError(LedgerFault.WITNESS_REQUEST)
        if any(len(each) != HASH_BYTES for each in self.proof):
            raise LedgerError(LedgerFault.WITNESS_REQUEST)

    def encode(self) -> bytes:
        """Return the body of the request. Raises LedgerError NOTE_TOO_LARGE where no witness need read it."""
        head = "".join(f"{line}\n" for line in (f"{_OLD}{self.old_size}", *map(encode_base64, self.proof)))
        data = f"{head}\n".encode() + self.note.encode()
        if len(data) > LARGEST_REQUEST:
            raise LedgerError(LedgerFault.NOTE_TOO_LARGE)
        return data


def parse_add_checkpoint(data: bytes) -> AddCheckpoint:
    """Read the body of a request. Raises LedgerError WITNESS_REQUEST, or what the note in it raises."""
    if len(data) > LARGEST_REQUEST:
        raise LedgerError(LedgerFault.WITNESS_REQUEST)
    head, gap, note = data.partition(b"\n\n")
    if not gap or len(head) > _LONGEST_HEAD:
        raise LedgerError(LedgerFault.WITNESS_REQUEST)
    first, *lines = decode_text(head, LedgerFault.WITNESS_REQUEST).split("\n")
    if not first.startswith(_OLD):
        raise LedgerError(LedgerFault.WITNESS_REQUEST)
    old_size = decode_number(first.removeprefix(_OLD), LedgerFault.WITNESS_REQUEST)
    proof = tuple(decode_base64(line, LedgerFault.WITNESS_REQUEST) for line in lines)
    return AddCheckpoint(old_size, proof, parse_note(note))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answers: an HTTP status, a content type and a body."""

    status: int
    body: bytes
    content_type: str = TEXT_TYPE


def refuse(status: int, sentence: str) -> Answer:
    """Answer with a sentence for whoever reads the log's own log."""
    return Answer(status, f"{sentence}\n".encode())


def answer_size(size: int) -> Answer:
    """Answer that the proof should begin at `size`."""
    return Answer(409, b"%d\n" % size, SIZE_TYPE)


def parse_size(answer: Answer) -> int | None:
    """Return the size in an answer 409; None where it holds none. Raises LedgerError WITNESS_ANSWER."""
    if answer.content_type.partition(";")[0].strip().lower() != SIZE_TYPE:
        return None
    text = decode_text(answer.body, LedgerFault.WITNESS_ANSWER)
    if not text.endswith("\n"):
        raise LedgerError(LedgerFault.WITNESS_ANSWER)
    return decode_number(text.removesuffix("\n"), LedgerFault.WITNESS_ANSWER)


def answer_signatures(lines: Sequence[str]) -> Answer:
    """Answer with encoded signature lines."""
    return Answer(200, "".join(lines).encode())
