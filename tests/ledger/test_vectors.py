# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The committed vectors, ours and other people's: read with our code, and made again where their tools are."""

from base64 import b64decode
from hashlib import sha256
from typing import Any

import pytest

from tests.ledger import golang, make_vectors
from tests.ledger.sample import ORIGIN, entries, policy, sample_log
from tests.peers import require_module
from vaka.ledger.checkpoints import verify_checkpoint
from vaka.ledger.cosignatures import require_quorum
from vaka.ledger.note_keys import LogKey
from vaka.ledger.notes import parse_note
from vaka.ledger.proofs import parse_proof, verify_proof
from vaka.ledger.tree import CompactRange, hash_leaf, hash_leaves, require_consistency, require_inclusion

NAMES = sorted(make_vectors.MAKERS)


@pytest.fixture(params=NAMES)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One maker's vectors."""
    return make_vectors.read(request.param)


def test_every_tree_in_them_is_ours(document: dict[str, Any]) -> None:
    leaves = hash_leaves(decoded(document["entries"]))
    roots = decoded(document["roots"])
    assert [CompactRange().append(leaves[:size]).root() for size in range(1, len(leaves) + 1)] == roots
    for each in document["inclusion"]:
        index, size = each["index"], each["size"]
        require_inclusion(leaves[index], index, size, decoded(each["proof"]), roots[size - 1])
    for each in document["consistency"]:
        old, new = each["old"], each["new"]
        require_consistency(old, roots[old - 1], new, roots[new - 1], decoded(each["proof"]))
    assert (len(document["inclusion"]), len(document["consistency"])) == (38, 38)


def test_every_checkpoint_in_them_verifies(document: dict[str, Any]) -> None:
    note = parse_note(document["note"].encode())
    log = LogKey.parse(document["keys"][0])
    checkpoint = verify_checkpoint(note, log)
    assert (checkpoint.origin, checkpoint.root) == (ORIGIN, sample_log(checkpoint.size).edge.root())
    assert note.encode().decode() == document["note"]
    if document["made_by"] != "golang.org/x/mod/sumdb":
        assert document["keys"][1:] == [witness.encode() for witness in policy().witnesses]
        assert len(require_quorum(note, policy(3), log)) == 3


@pytest.mark.parametrize("name", ["vaka", "aics"])
def test_every_tile_in_them_is_ours(name: str) -> None:
    tiles = sample_log(make_vectors.TILED, batch=make_vectors.TILED).tiles
    assert {tile.path: sha256(data).hexdigest() for tile, data in tiles.items()} == make_vectors.read(name)["tiles"]


def test_proof_file_in_them_verifies() -> None:
    document = make_vectors.read("vaka")
    proof = parse_proof(document["proof"].encode())
    proven = verify_proof(proof, hash_leaf(entries(1, proof.index)[0]), LogKey.parse(document["keys"][0]), policy(3))
    assert proven.checkpoint.size == make_vectors.TILED


@pytest.mark.parametrize("name", NAMES)
def test_they_are_made_the_same_again(name: str) -> None:
    if name == "go":
        golang.require_go()
    if name == "aics":
        require_module("aics_tlog")
    assert make_vectors.MAKERS[name]() == make_vectors.read(name)


def decoded(values: list[str]) -> list[bytes]:
    """Bytes out of base64."""
    return [b64decode(value) for value in values]
