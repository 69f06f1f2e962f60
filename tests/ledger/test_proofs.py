# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Proof files: what stands in them proves it, offline, and nothing near to them does."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.ledger.sample import (
    LOG,
    ORIGIN,
    SEEN_AT,
    WITNESSES,
    entries,
    is_refused,
    log_key,
    policy,
    private_key,
    sample_log,
)
from vaka.ledger.cosignatures import Cosignature
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import LogKey, encode_base64
from vaka.ledger.notes import LARGEST_NOTE, Note
from vaka.ledger.proofs import LARGEST_EXTRA, LARGEST_PROOF, Proof, parse_proof, verify_proof
from vaka.ledger.tree import LARGEST_SIZE, hash_leaf, prove_inclusion

CLEAN = sample_log(300)
CHECKPOINT = CLEAN.checkpoint()
INDEX = 137
LEAF = hash_leaf(entries(1, INDEX)[0])
PROOF = Proof(INDEX, prove_inclusion(INDEX, 300, CLEAN.nodes()), CHECKPOINT)
FILE = PROOF.encode()
HASH = encode_base64(bytes(32))
NOTE = CHECKPOINT.encode().decode()


def test_file_reads_as_the_format_says() -> None:
    lines = FILE.decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", f"index {INDEX}"]
    assert lines[2 : 2 + len(PROOF.hashes)] == [encode_base64(each) for each in PROOF.hashes]
    assert "\n".join(lines[2 + len(PROOF.hashes) :]) == "\n" + NOTE
    with_extra = replace(PROOF, extra=b"\0more").encode()
    assert with_extra.split(b"\n")[1] == b"extra AG1vcmU="
    assert parse_proof(with_extra) == replace(PROOF, extra=b"\0more")


@given(st.integers(1, 300), st.data())
def test_clean_log_proves_every_entry(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    log = sample_log(size)
    file = Proof(index, prove_inclusion(index, size, log.nodes()), log.checkpoint(), data.draw(st.binary(max_size=9)))
    read = parse_proof(file.encode())
    assert read == file
    proven = verify_proof(read, hash_leaf(entries(1, index)[0]), log_key(), policy(3))
    assert (proven.checkpoint.origin, proven.checkpoint.size) == (ORIGIN, size)
    assert [each.time for each in proven.cosignatures] == [SEEN_AT, SEEN_AT + 1, SEEN_AT + 2]


def test_without_witnesses_the_log_alone_is_believed_when_asked_for() -> None:
    alone = replace(PROOF, checkpoint=CLEAN.checkpoint([]))
    assert verify_proof(alone, LEAF, log_key(), None).cosignatures == ()
    assert is_refused(LedgerFault.QUORUM, verify_proof, alone, LEAF, log_key(), policy(1))


@pytest.mark.parametrize(
    ("earliest", "latest", "names"), [(SEEN_AT + 1, SEEN_AT + 2, [1, 2]), (SEEN_AT + 2, SEEN_AT + 2, None)]
)
def test_witness_times_are_held_to_what_is_asked(earliest: int, latest: int, names: list[int] | None) -> None:
    if names is None:
        with pytest.raises(LedgerError):
            verify_proof(PROOF, LEAF, log_key(), policy(2), earliest=earliest, latest=latest)
        return
    proven = verify_proof(PROOF, LEAF, log_key(), policy(2), earliest=earliest, latest=latest)
    assert proven.cosignatures == tuple(Cosignature(WITNESSES[n].name, SEEN_AT + n) for n in names)


@pytest.mark.parametrize(
    "file",
    [
        "",
        "c2sp.org/tlog-proof@v1\n",
        NOTE,
        f"c2sp.org/tlog-proof@v2\nindex 0\n\n{NOTE}",
        f" c2sp.org/tlog-proof@v1\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\r\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex \n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex  0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 00\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex -1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex {LARGEST_SIZE}\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex {LARGEST_SIZE + 1}\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\n{HASH}\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra AAA\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH} \n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH[:-1]}\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n{NOTE}",
    ],
)
def test_what_is_no_proof_is_refused(file: str) -> None:
    assert is_refused(LedgerFault.PROOF, parse_proof, file.encode())


@pytest.mark.parametrize("note", ["", NOTE + "\n", NOTE[:-1], NOTE.replace("— ", "- ")])
def test_checkpoint_in_it_must_be_a_note(note: str) -> None:
    with pytest.raises(LedgerError):
        parse_proof(f"c2sp.org/tlog-proof@v1\nindex 0\n\n{note}".encode())


def test_sizes_are_bounded() -> None:
    longest = Proof(0, (bytes(32),) * 63, CHECKPOINT, bytes(LARGEST_EXTRA))
    assert parse_proof(longest.encode()) == longest
    assert len(longest.encode()) <= LARGEST_PROOF - LARGEST_NOTE + len(NOTE.encode())
    assert is_refused(LedgerFault.PROOF_TOO_LARGE, parse_proof, bytes(LARGEST_PROOF + 1))
    assert is_refused(LedgerFault.PROOF_TOO_LARGE, Proof, 0, (bytes(32),) * 64, CHECKPOINT)
    assert is_refused(LedgerFault.PROOF_TOO_LARGE, Proof, 0, (), CHECKPOINT, bytes(LARGEST_EXTRA + 1))
    head = f"c2sp.org/tlog-proof@v1\nindex 0\n{(HASH + chr(10)) * 64}\n{NOTE}"
    assert is_refused(LedgerFault.PROOF_TOO_LARGE, parse_proof, head.encode())


@given(st.binary(max_size=200))
@example(FILE)
def test_any_bytes_are_a_proof_or_refused(data: bytes) -> None:
    try:
        proof = parse_proof(data)
    except LedgerError:
        return
    assert proof.encode() == data


def test_no_file_with_a_byte_changed_verifies() -> None:
    """Each byte in turn: another, left out, or twice. All three witnesses are asked for, so that no line is idle."""
    accepted = []
    for place in range(len(FILE)):
        one = FILE[place : place + 1]
        for instead in (bytes([one[0] ^ 1]), bytes([one[0] ^ 0x20]), b"", one * 2, b"A", b"\n"):
            mutated = FILE[:place] + instead + FILE[place + 1 :]
            if mutated == FILE or (place and instead == b"" and FILE[place - 1 : place] == one):
                continue  # the same file, or one that has been tried
            try:
                verify_proof(parse_proof(mutated), LEAF, log_key(), policy(3))
            except LedgerError:
                continue
            accepted.append((place, instead))
    assert accepted == []


def test_proof_of_another_entry_or_log_is_refused() -> None:
    assert is_refused(LedgerFault.INCLUSION, verify_proof, PROOF, hash_leaf(b"forged"), log_key(), policy(2))
    moved = replace(PROOF, index=INDEX + 1)
    assert is_refused(LedgerFault.INCLUSION, verify_proof, moved, LEAF, log_key(), policy(2))
    later = replace(PROOF, checkpoint=sample_log(301).checkpoint())
    assert is_refused(LedgerFault.INCLUSION, verify_proof, later, LEAF, log_key(), policy(2))
    stranger = LogKey(ORIGIN, private_key("stranger").public_key().public_bytes_raw())
    assert is_refused(LedgerFault.UNSIGNED, verify_proof, PROOF, LEAF, stranger, policy(2))


def test_witnesses_of_another_checkpoint_do_not_help() -> None:
    borrowed = Note(CHECKPOINT.text, (CHECKPOINT.signatures[0], *sample_log(301).checkpoint().signatures[1:]))
    proof = replace(PROOF, checkpoint=borrowed)
    assert is_refused(LedgerFault.SIGNATURE, verify_proof, proof, LEAF, log_key(), policy(1))
    assert borrowed.signatures[0].is_by(LOG)
