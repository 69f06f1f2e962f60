# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A tree kept as tiles: it grows in any steps to the same tiles, and every proof comes out of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.sample import SampleLog, entries, is_refused, leaf_hashes, sample_log, slow_node, slow_root
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.tiles import ENTRIES, FULL, Tile, changed_tiles, require_tile
from vaka.ledger.tiling import (
    Edge,
    TileNodes,
    consistency_tiles,
    edge_tiles,
    inclusion_tiles,
    read_edge,
)
from vaka.ledger.tree import (
    HASH_BYTES,
    CompactRange,
    hash_leaf,
    prove_consistency,
    prove_inclusion,
    require_consistency,
    require_inclusion,
)

LOG = sample_log(70_000)
SIZE = LOG.edge.size
LEAVES = leaf_hashes(1100)


@given(st.lists(st.integers(0, 600), max_size=5))
def test_log_grows_to_the_same_tiles_in_any_steps(steps: list[int]) -> None:
    log, compact = SampleLog(), CompactRange()
    for step in steps:
        old = log.edge.size
        changed = log.append(entries(step, old))
        compact = compact.append([hash_leaf(entry) for entry in entries(step, old)])
        assert set(changed) == {tile for tile in changed_tiles(old, old + step) if tile.level != ENTRIES}
        for tile, data in changed.items():
            require_tile(tile, data)
            assert data == LOG.tiles.get(tile, data)
        assert (log.edge.compact_range(), log.edge.root()) == (compact, compact.root())
        assert read_edge(log.edge.size, log.read) == log.edge


def test_tiles_are_those_of_the_format() -> None:
    """Tile n of level l: the hashes over D[(256 n + i) 256^l : (256 n + i + 1) 256^l]."""
    leaves = leaf_hashes(70_000)
    for tile, data in LOG.tiles.items():
        if tile.level and (tile.level, tile.index) in ((1, 0), (1, 1), (2, 0)):
            first = tile.index * FULL
            for place in range(tile.width):
                expected = slow_node(leaves, 8 * tile.level, first + place)
                assert data[place * HASH_BYTES : (place + 1) * HASH_BYTES] == expected
    level_0 = sorted((tile, data) for tile, data in LOG.tiles.items() if tile.level == 0 and tile.width == FULL)
    assert b"".join(data for _, data in level_0) == b"".join(leaves[: 273 * FULL])
    assert LOG.edge.root() == slow_root(leaves)


def test_edge_is_read_from_as_few_tiles_as_can_be() -> None:
    assert [tile.path for tile in edge_tiles(70_000)] == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert [tile.path for tile in edge_tiles(65_536)] == ["tile/2/000.p/1"]
    assert edge_tiles(0) == []


@pytest.mark.parametrize(
    ("size", "tiles"),
    [(0, (b"",)), (1, ()), (1, (bytes(31),)), (1, (bytes(64),)), (256, (bytes(32),)), (-1, ())],
)
def test_edge_must_fit_its_size(size: int, tiles: tuple[bytes, ...]) -> None:
    with pytest.raises(LedgerError):
        Edge(size, tiles)


@given(st.integers(1, SIZE), st.data())
def test_proofs_of_any_size_come_out_of_the_tiles_of_a_later_one(size: int, data: st.DataObject) -> None:
    """A clean log is never accused: of no entry, at no size, and of no growth."""
    nodes = LOG.nodes(size)
    root = read_edge(size, lambda tile: newest(tile)).root()
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    leaf = hash_leaf(entries(1, index)[0])
    require_inclusion(leaf, index, size, prove_inclusion(index, size, nodes), root)
    old_root = read_edge(old, lambda tile: newest(tile)).root()
    require_consistency(old, old_root, size, root, prove_consistency(old, size, nodes))


NEWEST = {(tile.level, tile.index): data for tile, data in sorted(LOG.tiles.items())}


def newest(tile: Tile) -> bytes:
    return NEWEST[tile.level, tile.index]


@given(st.integers(1, SIZE), st.data())
def test_tiles_for_a_proof_are_known_before(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    read: set[Tile] = set()

    def read_tile(tile: Tile) -> bytes:
        read.add(tile)
        return newest(tile)

    prove_inclusion(index, size, TileNodes(size, read_tile))
    assert read == inclusion_tiles(index, size)
    read.clear()
    prove_consistency(old, size, TileNodes(size, read_tile))
    assert read == consistency_tiles(old, size)
    assert len(read) <= 2 * 3


@pytest.mark.parametrize(("level", "index"), [(0, 1100), (1, 550), (8, 4), (9, 2), (10, 1), (11, 0), (62, 0), (0, -1)])
def test_node_that_is_not_full_is_refused(level: int, index: int) -> None:
    assert is_refused(LedgerFault.RANGE, LOG.nodes(1100), level, index)


def test_every_full_node_is_read() -> None:
    nodes = LOG.nodes(1100)
    for level in range(11):
        for index in range(1100 >> level):
            assert nodes(level, index) == slow_node(LEAVES, level, index)


@pytest.mark.parametrize("length", [0, 32, 5 * 32 - 1, 5 * 32 + 1, 8192 + 32])
def test_tile_of_a_wrong_length_is_refused(length: int) -> None:
    nodes = TileNodes(5, lambda tile: bytes(length))
    with pytest.raises(LedgerError) as caught:
        nodes(0, 0)
    assert (caught.value.code, caught.value.where) == (LedgerFault.TILE, "tile/0/000.p/5")


def test_few_tiles_are_remembered_and_none_read_twice_in_a_proof() -> None:
    read: list[Tile] = []

    def read_tile(tile: Tile) -> bytes:
        read.append(tile)
        return newest(tile)

    prove_inclusion(12_345, SIZE, TileNodes(SIZE, read_tile))
    assert len(read) == len(set(read))
    nodes = TileNodes(SIZE, read_tile, remembered=1)
    read.clear()
    for index in (0, 1, 300, 0):
        nodes(0, index)
    assert [tile.index for tile in read] == [0, 1, 0]
