# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""C2SP tlog-proof: a file that proves, offline, that an entry is in a log which witnesses have seen.

c2sp.org/tlog-proof@v1
extra base64            (left out where there is none; nothing vouches for it)
index 73894
base64                  (the inclusion proof, one hash a line, from the leaf upwards)
                        (a blank line, then the checkpoint as it was published)
"""

from dataclasses import dataclass

from vaka.ledger.checkpoints import Checkpoint, verify_checkpoint
from vaka.ledger.cosignatures import LATEST_TIME, Cosignature, Policy, require_quorum
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import LogKey, decode_base64, encode_base64
from vaka.ledger.notes import LARGEST_NOTE, Note, decode_number, decode_text, parse_note
from vaka.ledger.tree import HASH_BYTES, LARGEST_SIZE, LONGEST_PROOF, require_inclusion

LARGEST_EXTRA = 65_536  # bytes
_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_LARGEST_HEAD = 4 * LARGEST_EXTRA // 3 + 64 * (LONGEST_PROOF + 1)
LARGEST_PROOF = _LARGEST_HEAD + LARGEST_NOTE  # bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """The parts of a proof file. What is parsed is encoded to the same bytes."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.index < LARGEST_SIZE or any(len(each) != HASH_BYTES for each in self.hashes):
            raise LedgerError(LedgerFault.PROOF)
        if len(self.hashes) > LONGEST_PROOF or len(self.extra) > LARGEST_EXTRA:
            raise LedgerError(LedgerFault.PROOF_TOO_LARGE)

    def encode(self) -> bytes:
        """Return the file; its name should end in ``.tlog-proof``."""
        extra = [f"extra {encode_base64(self.extra)}"] if self.extra else []
        head = [_FIRST_LINE, *extra, f"index {self.index}", *map(encode_base64, self.hashes)]
        return "".join(f"{line}\n" for line in head).encode() + b"\n" + self.checkpoint.encode()


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof file established: the entry is in this log at this size, and these witnesses have seen that."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]


def parse_proof(data: bytes) -> Proof:
    """Read a proof file. Raises LedgerError PROOF, PROOF_TOO_LARGE, or what the note in it raises; verifies nothing."""
    if len(data) > LARGEST_PROOF:
        raise LedgerError(LedgerFault.PROOF_TOO_LARGE)
    head, gap, checkpoint = data.partition(b"\n\n")
    if not gap:
        raise LedgerError(LedgerFault.PROOF)
    lines = decode_text(head, LedgerFault.PROOF).split("\n")
    if lines.pop(0) != _FIRST_LINE:
        raise LedgerError(LedgerFault.PROOF)
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "), LedgerFault.PROOF)
        if not extra:
            raise LedgerError(LedgerFault.PROOF)
    if not lines or not lines[0].startswith("index "):
        raise LedgerError(LedgerFault.PROOF)
    index = decode_number(lines.pop(0).removeprefix("index "), LedgerFault.PROOF)
    hashes = tuple(decode_base64(line, LedgerFault.PROOF) for line in lines)
    return Proof(index, hashes, parse_note(checkpoint), extra)


def verify_proof(
    proof: Proof, leaf_hash: bytes, log: LogKey, policy: Policy | None, *, earliest: int = 0, latest: int = LATEST_TIME
) -> Proven:
    """Return what `proof` establishes for the entry with this leaf hash, which the caller has computed from the entry.

    Without `policy` no witness is asked for: then the log alone vouches for it. Otherwise a quorum must have cosigned
    from `earliest` to `latest` (POSIX seconds). Raises LedgerError: as `verify_checkpoint`, `require_quorum` and
    `require_inclusion` do, in that order.
    """
    checkpoint = verify_checkpoint(proof.checkpoint, log)
    cosignatures: tuple[Cosignature, ...] = ()
    if policy is not None:
        cosignatures = require_quorum(proof.checkpoint, policy, log, earliest=earliest, latest=latest)
    require_inclusion(leaf_hash, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return Proven(checkpoint, cosignatures)
