# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Cosignatures: who saw a checkpoint and when, and whether they are enough."""

from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from tests.ledger.sample import (
    LOG,
    ORIGIN,
    SEEN_AT,
    WITNESSES,
    is_refused,
    log_key,
    policy,
    sample_log,
    witness_keys,
)
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint
from vaka.ledger.cosignatures import (
    LATEST_TIME,
    Cosignature,
    Policy,
    WitnessKey,
    WitnessSigner,
    quorum_time,
    require_quorum,
    verify_cosignatures,
)
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.notes import Note, SignatureLine, sign_note, verify_note

CLEAN = sample_log(5)
NOTE = CLEAN.checkpoint()
NAMES = [witness.name for witness in WITNESSES]


def test_signed_words_are_those_of_the_format() -> None:
    line = WITNESSES[0].cosign(NOTE.text, 1679315147)
    words = b"cosignature/v1\ntime 1679315147\n" + NOTE.text.encode()
    assert line.signature[:8] == (1679315147).to_bytes(8, "big")
    WITNESSES[0].private_key.public_key().verify(line.signature[8:], words)


def test_witnesses_are_believed() -> None:
    seen = require_quorum(NOTE, policy(3), log_key())
    assert seen == tuple(Cosignature(name, SEEN_AT + n) for n, name in enumerate(NAMES))
    assert [quorum_time(seen, quorum) for quorum in (1, 2, 3)] == [SEEN_AT, SEEN_AT + 1, SEEN_AT + 2]


@pytest.mark.parametrize("quorum", [0, 4])
def test_no_time_without_a_quorum(quorum: int) -> None:
    assert is_refused(LedgerFault.QUORUM, quorum_time, require_quorum(NOTE, policy(3), log_key()), quorum)


@pytest.mark.parametrize(
    ("cosigned", "quorum", "enough"),
    [(0, 1, False), (1, 1, True), (1, 2, False), (2, 2, True), (2, 3, False), (3, 3, True), (3, 1, True)],
)
def test_quorum_is_counted(cosigned: int, quorum: int, enough: bool) -> None:
    note = CLEAN.checkpoint(WITNESSES[:cosigned])
    assert len(verify_cosignatures(note, policy(quorum))) == cosigned
    if enough:
        assert len(require_quorum(note, policy(quorum), log_key())) == cosigned
    else:
        with pytest.raises(LedgerError) as caught:
            require_quorum(note, policy(quorum), log_key())
        assert (caught.value.code, caught.value.where) == (LedgerFault.QUORUM, f"{cosigned} of {quorum}")


@pytest.mark.parametrize(
    ("earliest", "latest", "counted"),
    [
        (0, LATEST_TIME, 3),
        (SEEN_AT, SEEN_AT + 2, 3),
        (SEEN_AT + 1, LATEST_TIME, 2),
        (0, SEEN_AT + 1, 2),
        (SEEN_AT + 1, SEEN_AT + 1, 1),
        (SEEN_AT + 3, LATEST_TIME, 0),
        (0, SEEN_AT - 1, 0),
    ],
)
def test_old_and_future_cosignatures_do_not_count(earliest: int, latest: int, counted: int) -> None:
    for quorum in (1, 2, 3):
        check = partial(require_quorum, NOTE, policy(quorum), log_key(), earliest=earliest, latest=latest)
        if quorum <= counted:
            assert len(check()) == counted
        else:
            assert is_refused(LedgerFault.QUORUM, check)


def test_one_witness_counts_once_with_its_newest_time() -> None:
    note = CLEAN.checkpoint([])
    twice = Note(note.text, (*note.signatures, *(WITNESSES[0].cosign(note.text, time) for time in (20, 10))))
    assert verify_cosignatures(twice, policy()) == (Cosignature(NAMES[0], 20),)
    assert is_refused(LedgerFault.QUORUM, require_quorum, twice, policy(2), log_key())


def test_unknown_witnesses_do_not_count() -> None:
    known = policy(1, count=1)
    note = CLEAN.checkpoint(WITNESSES[1:])
    assert verify_cosignatures(note, known) == ()
    assert is_refused(LedgerFault.QUORUM, require_quorum, note, known, log_key())


def test_a_false_cosignature_is_no_absent_one() -> None:
    """Of another checkpoint, of another time, or of nothing at all: under a known witness's name it is refused."""
    other = WITNESSES[1].cosign(sample_log(6).checkpoint().text, SEEN_AT)
    moved = WITNESSES[1].cosign(NOTE.text, SEEN_AT)
    moved = SignatureLine(moved.name, moved.key_id, (SEEN_AT + 1).to_bytes(8, "big") + moved.signature[8:])
    for line in (other, moved, *(SignatureLine(moved.name, moved.key_id, bytes(length)) for length in (1, 8, 64, 72))):
        assert is_refused(LedgerFault.SIGNATURE, verify_cosignatures, NOTE.with_signatures([line]), policy(1))


def test_plain_signature_under_a_witness_key_is_no_cosignature() -> None:
    witness = WITNESSES[0]
    plain = SignatureLine(witness.name, witness.key_id, witness.private_key.sign(NOTE.text.encode()))
    assert is_refused(LedgerFault.SIGNATURE, verify_cosignatures, NOTE.with_signatures([plain]), policy(1))


@pytest.mark.parametrize("time", [-1, LATEST_TIME + 1])
def test_no_cosignature_at_an_impossible_time(time: int) -> None:
    assert is_refused(LedgerFault.TIME, WITNESSES[0].cosign, NOTE.text, time)


def test_impossible_time_is_false_though_signed() -> None:
    time = LATEST_TIME + 1
    signed = WITNESSES[0].private_key.sign(b"cosignature/v1\ntime %d\n" % time + NOTE.text.encode())
    line = SignatureLine(WITNESSES[0].name, WITNESSES[0].key_id, time.to_bytes(8, "big") + signed)
    assert is_refused(LedgerFault.SIGNATURE, verify_cosignatures, NOTE.with_signatures([line]), policy(1))
    assert WITNESSES[0].cosign(NOTE.text, LATEST_TIME).is_by(WITNESSES[0].key)


def test_witness_cosigns_checkpoints_only() -> None:
    assert is_refused(LedgerFault.CHECKPOINT, WITNESSES[0].cosign, "something\n", SEEN_AT)


def test_extension_lines_are_cosigned_too() -> None:
    text = Checkpoint(ORIGIN, 1, bytes(32), ("more",)).text
    note = sign_note(text, LOG).with_signatures([WITNESSES[0].cosign(text, SEEN_AT)])
    assert len(verify_cosignatures(note, policy(1))) == 1
    without = Note(Checkpoint(ORIGIN, 1, bytes(32)).text, note.signatures)
    assert is_refused(LedgerFault.SIGNATURE, verify_cosignatures, without, policy(1))


def test_policies_that_cannot_be_counted_are_refused() -> None:
    one, two, _ = witness_keys()
    same_key = WitnessKey("witness.example/again", one.public_key)
    same_name = WitnessKey(one.name, two.public_key)
    for witnesses, quorum in (
        ((one, two), 0),
        ((one, two), -1),
        ((one, two), 3),
        ((), 0),
        ((), 1),
        ((one, one), 1),
        ((one, same_key), 1),
        ((one, same_name), 1),
    ):
        assert is_refused(LedgerFault.POLICY, Policy, witnesses, quorum)


def test_log_is_no_witness_of_itself() -> None:
    """Whoever steals the log's key must not get a witness with it, whatever the list of witnesses says."""
    itself = WitnessSigner.of("witness.example/itself", LOG.private_key)
    note = CLEAN.checkpoint([*WITNESSES, itself])
    own = WitnessKey.parse(itself.key.encode())
    assert is_refused(LedgerFault.POLICY, require_quorum, note, Policy((*witness_keys(), own), 1), log_key())


class PostQuantumWitness:
    """The newer cosignature of the same specification, kind 0x06: another kind of key plugs in as it is."""

    def __init__(self) -> None:
        self._private_key = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
        self.name = "witness.example/pq"
        self.key_id = b"\x06\x06\x06\x06"

    def message(self, text: str, time: int) -> bytes:
        checkpoint = parse_checkpoint(text)
        name, origin = (len(each).to_bytes(1, "big") + each.encode() for each in (self.name, checkpoint.origin))
        numbers = (time, 0, checkpoint.size)
        moment, start, end = (number.to_bytes(8, "big") for number in numbers)
        return b"subtree/v1\n\0" + name + moment + origin + start + end + checkpoint.root

    def cosign(self, text: str, time: int) -> SignatureLine:
        signature = self._private_key.sign(self.message(text, time))
        return SignatureLine(self.name, self.key_id, time.to_bytes(8, "big") + signature)

    def verify(self, text: bytes, signature: bytes) -> bool:
        time = int.from_bytes(signature[:8], "big")
        self._private_key.public_key().verify(signature[8:], self.message(text.decode(), time))
        return True


def test_another_kind_of_signature_plugs_in() -> None:
    witness = PostQuantumWitness()
    line = witness.cosign(NOTE.text, SEEN_AT)
    note = NOTE.with_signatures([line])
    assert verify_note(note, [log_key(), witness]) == (NOTE.signatures[0], line)
    assert len(require_quorum(note, policy(3), log_key())) == 3
