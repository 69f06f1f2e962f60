# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""C2SP tlog-checkpoint: what a log says of itself, as the text of a signed note.

origin          which log
size            how many entries, in decimal
base64(root)    the root of the tree over them
extensions      further lines, opaque and discouraged
"""

from dataclasses import dataclass

from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import Signer, Verifier, decode_base64, encode_base64
from vaka.ledger.notes import Note, decode_number, sign_note, verify_note
from vaka.ledger.tree import EMPTY_ROOT, HASH_BYTES, LARGEST_SIZE

_LONGEST_LINE = 1024  # characters
_MOST_EXTENSIONS = 16


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of one log: all its entries in 32 bytes."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if not all(0 < len(line) <= _LONGEST_LINE and not any(c < " " for c in line) for line in lines):
            raise LedgerError(LedgerFault.CHECKPOINT)
        if len(self.extensions) > _MOST_EXTENSIONS or not 0 <= self.size <= LARGEST_SIZE:
            raise LedgerError(LedgerFault.CHECKPOINT)
        if len(self.root) != HASH_BYTES or (self.size == 0 and self.root != EMPTY_ROOT):
            raise LedgerError(LedgerFault.CHECKPOINT)

    @property
    def text(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encode_base64(self.root), *self.extensions))


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint. Raises LedgerError CHECKPOINT; whatever is accepted is written the same way."""
    lines = text.split("\n", maxsplit=_MOST_EXTENSIONS + 4)
    if len(lines) < 4 or lines.pop() != "":
        raise LedgerError(LedgerFault.CHECKPOINT)
    origin, size, root, *extensions = lines
    return Checkpoint(
        origin,
        decode_number(size, LedgerFault.CHECKPOINT),
        decode_base64(root, LedgerFault.CHECKPOINT),
        tuple(extensions),
    )


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> Note:
    """Sign `checkpoint` as the log it names. Raises LedgerError ORIGIN where the key is another's."""
    if signer.name != checkpoint.origin:
        raise LedgerError(LedgerFault.ORIGIN)
    return sign_note(checkpoint.text, signer)


def verify_checkpoint(note: Note, log: Verifier) -> Checkpoint:
    """Return the checkpoint in `note`, signed by `log` and of the log that the key is named after.

    Raises LedgerError UNSIGNED, SIGNATURE, CHECKPOINT or ORIGIN. The text is read only once the signature stands.
    """
    verify_note(note, [log])
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != log.name:
        raise LedgerError(LedgerFault.ORIGIN)
    return checkpoint
