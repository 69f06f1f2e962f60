# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Go's sumdb/note and sumdb/tlog judge our log, and we judge theirs."""

import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.ledger import golang
from tests.ledger.sample import (
    LOG,
    ORIGIN,
    WITNESSES,
    SampleLog,
    entries,
    is_refused,
    leaf_hashes,
    log_key,
    private_key,
    sample_log,
    slow_node,
    slow_root,
    witness_keys,
)
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import LogSigner
from vaka.ledger.notes import parse_note, sign_note, verify_note
from vaka.ledger.tiles import ENTRIES, Tile, changed_tiles
from vaka.ledger.tiling import read_edge
from vaka.ledger.tree import prove_consistency, prove_inclusion, require_consistency, require_inclusion

LARGE = 100_000
KEYS = [key.encode() for key in (log_key(), *witness_keys())]
LEAVES = leaf_hashes(70)
ROOTS = [slow_root(LEAVES[:size]) for size in range(71)]
READ = partial(slow_node, LEAVES)


@dataclass(frozen=True)
class Published:
    """A log, and where its files lie."""

    log: SampleLog
    directory: Path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A log of a hundred thousand entries."""
    golang.require_go()
    directory = tmp_path_factory.mktemp("log")
    log = sample_log(LARGE)
    log.publish(directory)
    return Published(log, directory)


def test_go_verifies_a_large_log_from_its_files(large: Published) -> None:
    """The note with its cosignatures, every entry and every tile; and its proofs are ours, hash for hash."""
    chance = random.Random(LARGE)
    indexes = [0, 1, 255, 256, 65_535, 65_536, LARGE - 1, *chance.choices(range(LARGE), k=50)]
    sizes = [1, 2, 255, 256, 257, 65_536, LARGE - 1, LARGE, *chance.choices(range(1, LARGE), k=50)]
    told = golang.ask("log", directory=str(large.directory), keys=KEYS, indexes=indexes, sizes=sizes)
    assert told.get("error") is None
    assert told["verified"] == [ORIGIN, *(witness.name for witness in WITNESSES)]
    assert (told["size"], told["entries"]) == (LARGE, LARGE)
    assert told["tiles"] == [tile.path for tile in changed_tiles(0, LARGE) if tile.level != ENTRIES]
    root = large.log.edge.root()
    assert golang.decoded([told["root"]]) == (root,)
    nodes = large.log.nodes()
    newest = {(tile.level, tile.index): data for tile, data in sorted(large.log.tiles.items())}
    for index, theirs in zip(indexes, told["records"], strict=True):
        assert golang.decoded(theirs["proof"]) == prove_inclusion(index, LARGE, nodes)
        (leaf,) = golang.decoded([theirs["leaf"]])
        require_inclusion(leaf, index, LARGE, golang.decoded(theirs["proof"]), root)
    for size, theirs in zip(sizes, told["trees"], strict=True):
        assert golang.decoded(theirs["proof"]) == prove_consistency(size, LARGE, nodes)
        old_root = read_edge(size, lambda tile: newest[tile.level, tile.index]).root()
        assert golang.decoded([theirs["old_root"]]) == (old_root,)
        require_consistency(size, old_root, LARGE, root, golang.decoded(theirs["proof"]))


@pytest.mark.parametrize(
    "path", ["checkpoint", "tile/0/017", "tile/0/390.p/160", "tile/1/000", "tile/2/000.p/1", "tile/entries/200"]
)
def test_go_finds_one_bit_changed(large: Published, path: str) -> None:
    """So the test above can fail."""
    file = large.directory / path
    data = file.read_bytes()
    place = min(70, len(data) - 1)
    try:
        file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert golang.ask("log", directory=str(large.directory), keys=KEYS)["error"]
    finally:
        file.write_bytes(data)


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 600])
def test_go_builds_the_same_tree(size: int) -> None:
    told = golang.ask("build", entries=golang.encoded(entries(size)), sizes=list(range(1, size + 1)))
    log = SampleLog()
    roots = []
    for entry in entries(size):
        log.append([entry])
        roots.append(log.edge.root())
    assert golang.decoded(told["roots"]) == tuple(roots)
    assert told["tiles"] == [tile.path for tile in changed_tiles(0, size) if tile.level != ENTRIES]


def test_go_and_we_judge_every_proof_alike() -> None:
    """True and false ones: every index and size with the proof of another, or with a hash too few or changed."""
    chance = random.Random(1)
    records, trees, ours = [], [], []
    for _ in range(3000):
        size = chance.randint(1, 12)
        index = chance.randrange(size)
        proof = list(prove_inclusion(index, size, READ))
        if chance.random() < 0.3 and proof:
            proof[chance.randrange(len(proof))] = chance.choice(LEAVES)
        if chance.random() < 0.2:
            proof = proof[:-1]
        claimed_size = chance.choice((size, chance.randint(1, 14)))
        claimed = min(chance.choice((index, chance.randrange(claimed_size))), claimed_size - 1)
        arguments = (LEAVES[index], claimed, claimed_size, tuple(proof), ROOTS[size])
        records.append(golang.record(claimed, claimed_size, arguments[0], arguments[4], proof))
        ours.append(not is_refused(LedgerFault.INCLUSION, require_inclusion, *arguments))
    for _ in range(3000):
        new = chance.randint(1, 12)
        old = chance.randint(1, new)
        proof = list(prove_consistency(old, new, READ))
        if chance.random() < 0.3 and proof:
            proof[chance.randrange(len(proof))] = chance.choice(LEAVES)
        if chance.random() < 0.2:
            proof = proof[:-1]
        claimed_new = chance.choice((new, chance.randint(1, 14)))
        claimed_old = min(chance.choice((old, chance.randint(1, 14))), claimed_new)
        growth = (claimed_old, ROOTS[old], claimed_new, ROOTS[new], tuple(proof))
        trees.append(golang.tree(*growth))
        ours.append(not is_refused(LedgerFault.CONSISTENCY, require_consistency, *growth))
    assert golang.ask("check", records=records, trees=trees)["accepted"] == ours
    assert 500 < sum(ours) < 5500


@pytest.mark.parametrize("text", ["one line\n", "two\n\nlines\n", "\n", "åäö — \u2028\n"])
def test_go_signs_the_same_note(text: str) -> None:
    other = LogSigner.of("other.example", private_key("other"))
    ours = sign_note(text, LOG, other)
    theirs = golang.ask("sign", text=text, keys=[LOG.encode(), other.encode()])
    assert theirs["note"].encode() == ours.encode()
    opened = golang.ask("open", note=ours.encode().decode(), keys=[LOG.key.encode(), other.key.encode()])
    assert (opened["text"], opened["verified"]) == (text, [LOG.name, other.name])


def test_what_we_accept_go_accepts() -> None:
    """A note with a byte changed, left out or put in: wherever we still find it true, so does Go, and the same."""
    chance = random.Random(2)
    clean = sign_note("text\n\nmore\n", LogSigner.of("unknown.example", private_key("u")), LOG).encode()
    accepted = 0
    for _ in range(400):
        place = chance.randrange(len(clean))
        instead = chance.choice((b"", b"\n", b" ", b"+", b"A", bytes([clean[place] ^ 1]), bytes([clean[place]]) * 2))
        data = clean[:place] + instead + clean[place + 1 :]
        try:
            note = parse_note(data)
            verify_note(note, [log_key()])
        except LedgerError:
            continue
        accepted += 1
        told = golang.ask("open", note=data.decode(), keys=[LOG.key.encode()])
        assert (told["text"], told["verified"]) == (note.text, [LOG.name])
    assert accepted > 50  # the unknown signature is ignored, whatever it says


def test_go_refuses_cosignatures_that_we_refuse() -> None:
    note = sample_log(3).checkpoint(WITNESSES[:1])
    other = sample_log(4).checkpoint(WITNESSES[:1])
    false = note.with_signatures(other.signatures[1:]).encode().decode()
    assert "invalid signature" in golang.ask("open", note=false, keys=KEYS)["error"]
    assert golang.ask("open", note=note.encode().decode(), keys=KEYS)["verified"] == [ORIGIN, WITNESSES[0].name]


def test_a_full_tile_is_never_short(large: Published) -> None:
    for file in (large.directory / "tile").rglob("*"):
        if file.is_file() and ".p/" not in str(file) and "entries" not in file.parts:
            assert file.stat().st_size == 8192
    assert Tile(0, 390, 160).path == "tile/0/390.p/160"
