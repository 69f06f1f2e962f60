# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The one exception of the log's formats and proofs: bad input raises LedgerError; anything else is our own bug."""

from enum import StrEnum


class LedgerFault(StrEnum):
    """What was wrong, in a form that can be counted and explained. It never carries a piece of the input."""

    RANGE = "range"  # an index or size that no such tree has
    INCLUSION = "inclusion"  # the proof does not bind the entry to the root
    CONSISTENCY = "consistency"  # the later tree does not begin with the earlier one
    NOTE = "note"  # not a signed note
    NOTE_TOO_LARGE = "note_too_large"
    TOO_MANY_SIGNATURES = "too_many_signatures"
    KEY = "key"  # not a key in the note encoding, or not of the kind asked for
    KEY_WEAK = "key_weak"  # a public key under which anyone can sign
    KEY_AMBIGUOUS = "key_ambiguous"  # two known keys with the same name and key id
    SIGNATURE = "signature"  # a known key's name stands by a signature that is not its own
    UNSIGNED = "unsigned"  # no known key has signed
    CHECKPOINT = "checkpoint"  # a note, but its text is no checkpoint
    ORIGIN = "origin"  # a checkpoint of another log
    TIME = "time"  # a time that no cosignature can carry
    POLICY = "policy"  # a set of witnesses that cannot be counted
    QUORUM = "quorum"  # too few witnesses have cosigned in the time allowed
    TILE_PATH = "tile_path"
    TILE = "tile"  # not as many whole hashes as the path says
    BUNDLE = "bundle"  # not as many whole entries as the path says
    ENTRY_TOO_LARGE = "entry_too_large"
    LEAF = "leaf"  # not an entry in its one spelling
    PROOF = "proof"  # not a proof file
    PROOF_TOO_LARGE = "proof_too_large"
    WITNESS_REQUEST = "witness_request"  # not what a log asks of a witness
    WITNESS_ANSWER = "witness_answer"  # not what a witness answers


class LedgerError(Exception):
    """These bytes (or arguments) are not what they claim to be.

    `code` says why. `where` is the place, where there is one to name: a tile's path or the number of a line.
    """

    def __init__(self, code: LedgerFault, where: str = "") -> None:
        super().__init__(f"{code.value}: {where}" if where else code.value)
        self.code = code
        self.where = where
