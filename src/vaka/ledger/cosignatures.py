# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""C2SP tlog-cosignature, `cosignature/v1`: a witness states what it saw of a log, and when.

The witness signs ``cosignature/v1``, ``time <POSIX seconds>`` and the whole text of the checkpoint. In the note its
signature is ``time as 8 bytes ‖ Ed25519 signature``, under a key of kind 0x04, so that no key signs as log and witness.
"""

from dataclasses import dataclass
from typing import ClassVar

from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import NoteKey, NoteSecret, verify_ed25519
from vaka.ledger.notes import Note, SignatureLine, verify_note

LATEST_TIME = 2**63 - 1  # POSIX seconds
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class WitnessKey(NoteKey):
    """What verifies a witness's cosignatures."""

    kind: ClassVar[int] = 0x04

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether `signature`, its time included, is this witness's of a checkpoint with this text."""
        if _time(signature) > LATEST_TIME:
            return False
        return verify_ed25519(self.public_key, _message(text, _time(signature)), signature[_TIME_BYTES:])


@dataclass(frozen=True, slots=True)
class WitnessSigner(NoteSecret):
    """What makes cosignatures."""

    key_class: ClassVar[type[NoteKey]] = WitnessKey

    def cosign(self, text: str, time: int) -> SignatureLine:
        """Cosign the checkpoint with this text, as seen at `time` (POSIX seconds).

        Whoever calls has verified that the checkpoint is consistent with all this witness cosigned before, and has
        written it down. Raises LedgerError CHECKPOINT or TIME.
        """
        parse_checkpoint(text)
        if not 0 <= time <= LATEST_TIME:
            raise LedgerError(LedgerFault.TIME)
        signature = self.private_key.sign(_message(text.encode(), time))
        return SignatureLine(self.name, self.key_id, time.to_bytes(_TIME_BYTES) + signature)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified statement: this witness had seen the checkpoint at this time (POSIX seconds)."""

    witness: str
    time: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Which witnesses are known, and how many of them must have cosigned.

    The signed words do not hold the witness's name, so one key under two names would count twice: refused, as is a
    quorum of none or of more than there are (LedgerError POLICY).
    """

    witnesses: tuple[WitnessKey, ...]
    quorum: int

    def __post_init__(self) -> None:
        names = {witness.name for witness in self.witnesses}
        keys = {witness.public_key for witness in self.witnesses}
        if not len(names) == len(keys) == len(self.witnesses) or not 1 <= self.quorum <= len(keys):
            raise LedgerError(LedgerFault.POLICY)


def verify_cosignatures(note: Note, policy: Policy) -> tuple[Cosignature, ...]:
    """Return the newest cosignature of each known witness that has cosigned, in the order of `policy`.

    Raises LedgerError SIGNATURE where a known witness's line is false. No cosignature at all is no error here.
    """
    if not any(line.is_by(witness) for line in note.signatures for witness in policy.witnesses):
        return ()
    times: dict[str, int] = {}
    for line in verify_note(note, policy.witnesses):
        times[line.name] = max(_time(line.signature), times.get(line.name, 0))
    return tuple(
        Cosignature(witness.name, times[witness.name]) for witness in policy.witnesses if witness.name in times
    )


def require_quorum(
    note: Note, policy: Policy, log: NoteKey, *, earliest: int = 0, latest: int = LATEST_TIME
) -> tuple[Cosignature, ...]:
    """Return the cosignatures from `earliest` to `latest` (POSIX seconds, both included) when they make a quorum.

    A cosignature outside these times is true but does not count: an old one says nothing of today, and one from the
    future comes from a clock that cannot be believed. `log` is the key of the log: it is no witness of itself, under
    any name (LedgerError POLICY). Raises QUORUM where too few remain, SIGNATURE as `verify_cosignatures` does.
    """
    if any(witness.public_key == log.public_key for witness in policy.witnesses):
        raise LedgerError(LedgerFault.POLICY)
    counted = tuple(each for each in verify_cosignatures(note, policy) if earliest <= each.time <= latest)
    if len(counted) < policy.quorum:
        raise LedgerError(LedgerFault.QUORUM, f"{len(counted)} of {policy.quorum}")
    return counted


def quorum_time(cosignatures: tuple[Cosignature, ...], quorum: int) -> int:
    """The time (POSIX seconds) by which `quorum` witnesses had seen the checkpoint: it existed no later than that."""
    if not 1 <= quorum <= len(cosignatures):
        raise LedgerError(LedgerFault.QUORUM)
    return sorted(each.time for each in cosignatures)[quorum - 1]


def _time(signature: bytes) -> int:
    return int.from_bytes(signature[:_TIME_BYTES])


def _message(text: bytes, time: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % time + text
