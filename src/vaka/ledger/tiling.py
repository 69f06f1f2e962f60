# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A tree kept as tiles: how it grows at its right edge, and how proofs are read out of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.tiles import FULL, HEIGHT, Tile, tile_at
from vaka.ledger.tree import (
    HASH_BYTES,
    CompactRange,
    hash_full_row,
    hash_pairs,
    prove_consistency,
    prove_inclusion,
    require_size,
)

ReadTile = Callable[[Tile], bytes]


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a log grows: for each level the hashes of the tile that is not yet full. It fixes the whole tree."""

    size: int = 0
    tiles: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        require_size(self.size)
        if [len(data) for data in self.tiles] != [width * HASH_BYTES for _, width in _edge_places(self.size)]:
            raise LedgerError(LedgerFault.TILE)

    def append(self, leaf_hashes: Sequence[bytes]) -> tuple["Edge", dict[Tile, bytes]]:
        """Return the edge after `leaf_hashes`, and the data of every hash tile that is new by them."""
        changed: dict[Tile, bytes] = {}
        unfinished = []
        level, row = 0, list(leaf_hashes)
        while row or level < len(self.tiles):
            older = self.tiles[level] if level < len(self.tiles) else b""
            hashes, grown, row = _split(older) + row, bool(row), []
            index = self.size >> HEIGHT * (level + 1)
            whole = len(hashes) - len(hashes) % FULL
            for start in range(0, whole, FULL):
                tile = hashes[start : start + FULL]
                changed[Tile(level, index + start // FULL)] = b"".join(tile)
                row.append(hash_full_row(b"".join(tile)))
            rest = b"".join(hashes[whole:])
            if grown and rest:
                changed[Tile(level, index + whole // FULL, len(hashes) - whole)] = rest
            unfinished.append(rest)
            level += 1
        return Edge(self.size + len(leaf_hashes), tuple(unfinished)), changed

    def compact_range(self) -> CompactRange:
        """Return the compact range of the same tree."""
        hashes = (CompactRange().append(_split(data)).hashes for data in reversed(self.tiles))
        return CompactRange(self.size, tuple(each for level in hashes for each in level))

    def root(self) -> bytes:
        """Return the root hash of the tree."""
        return self.compact_range().root()


def edge_tiles(size: int) -> list[Tile]:
    """Which tiles hold the edge of a log of `size` entries: at most one a level, none of them full."""
    return [Tile(level, index, width) for level, (index, width) in enumerate(_edge_places(size)) if width]


def read_edge(size: int, read_tile: ReadTile) -> Edge:
    """Read the edge of a log of `size` entries back from its tiles."""
    return Edge(
        size,
        tuple(
            b"".join(_hashes(Tile(level, index, width), read_tile)) if width else b""
            for level, (index, width) in enumerate(_edge_places(size))
        ),
    )


class TileNodes:
    """Answers for the full nodes of a log of `size` entries out of its tiles: a `ReadNode` for making proofs.

    `read_tile` may answer with a tile that has grown since; the hashes past the width asked for are not looked at.
    What it answers is trusted: verify the proof that comes of it.
    """

    def __init__(self, size: int, read_tile: ReadTile, remembered: int = 64) -> None:
        require_size(size)
        self._size = size
        self._rows = lru_cache(maxsize=remembered)(lambda tile: [_hashes(tile, read_tile)])

    def __call__(self, level: int, index: int) -> bytes:
        """Return the hash of a node. Raises LedgerError RANGE where the log has no such full node."""
        tile_level, height = divmod(level, HEIGHT)
        tile_index, place = divmod(index << height, FULL)
        tile = tile_at(self._size, tile_level, tile_index)
        if place + (1 << height) > tile.width:
            raise LedgerError(LedgerFault.RANGE)
        rows = self._rows(tile)
        while len(rows) <= height:
            below = rows[-1]
            rows.append(hash_pairs(below[: len(below) & ~1]))
        return rows[height][place >> height]


def inclusion_tiles(index: int, size: int) -> set[Tile]:
    """Which tiles proving the inclusion of `index` reads, for those who must fetch them first."""
    return _read_by(size, lambda nodes: prove_inclusion(index, size, nodes))


def consistency_tiles(old_size: int, new_size: int) -> set[Tile]:
    """Which tiles proving consistency reads."""
    return _read_by(new_size, lambda nodes: prove_consistency(old_size, new_size, nodes))


def _read_by(size: int, prove: Callable[[TileNodes], object]) -> set[Tile]:
    tiles: set[Tile] = set()

    def read_tile(tile: Tile) -> bytes:
        tiles.add(tile)
        return bytes(tile.width * HASH_BYTES)

    prove(TileNodes(size, read_tile))
    return tiles


def _hashes(tile: Tile, read_tile: ReadTile) -> list[bytes]:
    data = read_tile(tile)
    if not tile.width * HASH_BYTES <= len(data) <= FULL * HASH_BYTES or len(data) % HASH_BYTES:
        raise LedgerError(LedgerFault.TILE, tile.path)
    return _split(data[: tile.width * HASH_BYTES])


def _split(data: bytes) -> list[bytes]:
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def _edge_places(size: int) -> list[tuple[int, int]]:
    """For each level of a log of `size` entries: the index of the tile that is not yet full, and its width (or 0)."""
    require_size(size)
    places = []
    while size:
        places.append(divmod(size, FULL))
        size >>= HEIGHT
    return places
