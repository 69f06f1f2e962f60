# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Other people's Python judges our log: aics-tlog the whole of it, proofbundle proof files, pymerkle the roots."""

import importlib
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from tests.ledger.sample import (
    LOG,
    ORIGIN,
    SEEN_AT,
    WITNESSES,
    SampleLog,
    entries,
    log_key,
    policy,
    sample_log,
    witness_keys,
)
from tests.peers import require_module
from vaka.ledger.checkpoints import verify_checkpoint
from vaka.ledger.cosignatures import WitnessKey, require_quorum
from vaka.ledger.note_keys import LogKey
from vaka.ledger.notes import parse_note
from vaka.ledger.proofs import Proof, parse_proof, verify_proof
from vaka.ledger.tiles import ENTRIES, decode_bundle, parse_tile_path, require_tile
from vaka.ledger.tree import hash_leaf, prove_consistency, prove_inclusion, require_consistency, require_inclusion

SIZE = 70_000
SIZES = [1, 2, 3, 255, 256, 257, 1000]


@pytest.fixture(scope="module")
def aics() -> ModuleType:
    """A verifier and writer of C2SP logs."""
    require_module("aics_tlog")
    return importlib.import_module("aics_tlog")


@pytest.fixture(scope="module")
def proofbundle() -> ModuleType:
    """A maker and verifier of tlog-proof files."""
    require_module("proofbundle")
    return importlib.import_module("proofbundle.tlogproof")


@pytest.fixture(scope="module")
def log() -> SampleLog:
    """A log of three levels of tiles."""
    return sample_log(SIZE)


@pytest.fixture(scope="module")
def directory(log: SampleLog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its files lie."""
    directory = tmp_path_factory.mktemp("log")
    log.publish(directory)
    return directory


def test_aics_audits_our_log(aics: ModuleType, log: SampleLog, directory: Path) -> None:
    """Every tile and every bundle against the root, and the checkpoint with its quorum."""
    note = aics.parse_note((directory / "checkpoint").read_bytes())
    witnesses = tuple(aics.parse_vkey(key.encode()) for key in witness_keys())
    verdict = aics.verify_checkpoint(
        note,
        aics.parse_vkey(log_key().encode()),
        policy=aics.WitnessPolicy(3, witnesses, max_age_seconds=60),
        expected_origin=ORIGIN,
        now=SEEN_AT + 30,
    )
    assert verdict.ok, verdict.error
    assert verdict.timestamps == {witness.name: SEEN_AT + n for n, witness in enumerate(WITNESSES)}
    report = aics.audit_tiles(aics.FileSystemTileReader(directory), verdict.size, verdict.root)
    assert (report.size, report.tiles, report.bundles) == (SIZE, 273 + 4, 274)
    assert verdict.root == log.edge.root()


@pytest.mark.parametrize("path", ["tile/0/017", "tile/1/000", "tile/1/001.p/17", "tile/entries/200"])
def test_aics_finds_one_bit_changed(aics: ModuleType, log: SampleLog, directory: Path, path: str) -> None:
    file = directory / path
    data = file.read_bytes()
    try:
        file.write_bytes(data[:70] + bytes([data[70] ^ 1]) + data[71:])
        with pytest.raises(aics.TileVerificationError):
            aics.audit_tiles(aics.FileSystemTileReader(directory), SIZE, log.edge.root())
    finally:
        file.write_bytes(data)


def test_aics_makes_and_takes_the_same_proofs(aics: ModuleType, log: SampleLog, directory: Path) -> None:
    reader, root = aics.FileSystemTileReader(directory), log.edge.root()
    for index in (0, 1, 255, 256, 65_535, 65_536, SIZE - 1):
        proof = prove_inclusion(index, SIZE, log.nodes())
        assert tuple(aics.inclusion_proof_from_tiles(reader, index, SIZE)) == proof
        assert aics.verify_leaf_inclusion(entries(1, index)[0], index, SIZE, proof, root)
    for old in (1, 2, 256, 65_536, 69_999, SIZE):
        proof = prove_consistency(old, SIZE, log.nodes())
        assert tuple(aics.consistency_proof_from_tiles(reader, old, SIZE, SIZE)) == proof
        assert aics.verify_consistency(old, SIZE, sample_log(old).edge.root(), root, proof)


def test_we_verify_a_log_that_aics_made(aics: ModuleType) -> None:
    """Byte for byte the same files, keys and signatures."""
    some = entries(600)
    files = aics.TileWriter(some).materialise()
    ours = sample_log(600, batch=600)
    assert files == {tile.path: data for tile, data in ours.tiles.items()} | {
        path: data for path, data in files.items() if "entries" in path
    }
    for path, data in files.items():
        tile = parse_tile_path(path)
        if tile.level == ENTRIES:
            assert decode_bundle(tile, data) == some[tile.index * 256 :][:256]
        else:
            require_tile(tile, data)
    root = aics.MerkleTree(some).root()
    head = aics.Checkpoint(ORIGIN, 600, root)
    signed = aics.sign_checkpoint(head, LOG.private_key, ORIGIN)
    cosigned = [
        aics.sign_cosignature(witness.private_key, witness.name, SEEN_AT + n, ORIGIN, 600, root)[1]
        for n, witness in enumerate(WITNESSES)
    ]
    data = aics.Note(signed.text, (*signed.signatures, *cosigned)).to_bytes()
    assert data == ours.checkpoint().encode()
    log = LogKey.parse(aics.format_vkey(aics.vkey_from_ed25519(ORIGIN, LOG.private_key.public_key())))
    assert verify_checkpoint(parse_note(data), log).root == root
    assert len(require_quorum(parse_note(data), policy(3), log)) == 3
    for witness in WITNESSES:
        theirs = aics.cosignature_vkey(witness.name, witness.private_key.public_key())
        assert WitnessKey.parse(aics.format_vkey(theirs)) == witness.key


def test_proofbundle_verifies_our_proof_files(proofbundle: ModuleType) -> None:
    log = sample_log(300)
    witnesses = [key.encode() for key in witness_keys()]
    for index in (0, 1, 128, 299):
        proof = Proof(index, prove_inclusion(index, 300, log.nodes()), log.checkpoint(), b"" if index else b"extra")
        entry = entries(1, index)[0]
        arguments = {"threshold": 3, "expected_origin": ORIGIN}
        key = log_key().encode()
        verdict = proofbundle.verify_tlog_proof(proof.encode().decode(), entry, key, witnesses, **arguments)
        assert verdict["ok"], verdict
        assert (verdict["tree_size"], verdict["index"], verdict["origin"]) == (300, index, ORIGIN)
        for false in (replace(proof, index=index ^ 2), replace(proof, checkpoint=log.checkpoint(WITNESSES[1:]))):
            refused = proofbundle.verify_tlog_proof(false.encode().decode(), entry, key, witnesses, **arguments)
            assert not refused["ok"]


@pytest.mark.parametrize("extra", [b"", b"\0extra"])
def test_we_verify_a_proof_file_that_proofbundle_made(proofbundle: ModuleType, extra: bytes) -> None:
    log = sample_log(300)
    hashes = list(prove_inclusion(77, 300, log.nodes()))
    file = proofbundle.format_tlog_proof(77, hashes, log.checkpoint().encode().decode(), extra=extra or None).encode()
    proof = parse_proof(file)
    assert (proof.extra, proof.encode()) == (extra, file)
    assert verify_proof(proof, hash_leaf(entries(1, 77)[0]), log_key(), policy(3)).checkpoint.size == 300


@pytest.mark.parametrize("size", SIZES)
def test_pymerkle_has_the_same_root_and_proofs(size: int) -> None:
    require_module("pymerkle")
    pymerkle = importlib.import_module("pymerkle")
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    log = sample_log(size, batch=97)
    for entry in entries(size):
        theirs.append_entry(entry)
    root = log.edge.root()
    assert theirs.get_root() == root
    for index in {0, size // 2, size - 1}:
        path = theirs.prove_inclusion(index + 1).path[1:]
        assert tuple(path) == prove_inclusion(index, size, log.nodes())
        require_inclusion(hash_leaf(entries(1, index)[0]), index, size, path, root)
    for old in {1, (size + 1) // 2, size}:
        assert theirs.get_root(old) == sample_log(old).edge.root()
        require_consistency(old, theirs.get_root(old), size, root, prove_consistency(old, size, log.nodes()))
