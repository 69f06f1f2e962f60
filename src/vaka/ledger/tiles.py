# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""C2SP tlog-tiles: the tree and the entries as files that never change once written.

A hash tile holds up to 256 neighbouring nodes of one level, and level *l* of tiles is level *8 l* of the tree. An entry
bundle holds the entries under one tile of level 0. A tile that is not yet full has its width in its path,
``tile/0/001.p/44``, so that a full tile's path can only ever hold the full tile. It is up to whoever writes files to
write each path once, whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.tree import HASH_BYTES, LARGEST_SIZE, require_size

HEIGHT = 8
FULL = 1 << HEIGHT  # hashes in a full tile, entries in a full bundle
ENTRIES = -1  # the level of entry bundles
LARGEST_ENTRY = 65_535  # bytes; its length stands in two
_HIGHEST_LEVEL = 63
_LONGEST_PATH = 64
_LENGTH_BYTES = 2
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Which tile: its level (`ENTRIES` for a bundle), its index there, and how many hashes or entries it holds."""

    level: int
    index: int
    width: int = FULL

    def __post_init__(self) -> None:
        if not ENTRIES <= self.level <= _HIGHEST_LEVEL or not 1 <= self.width <= FULL:
            raise LedgerError(LedgerFault.TILE_PATH)
        if not 0 <= self.index <= LARGEST_SIZE >> HEIGHT:
            raise LedgerError(LedgerFault.TILE_PATH)

    @property
    def path(self) -> str:
        """Where the tile lies under the log's prefix: index 1234067 reads ``x001/x234/067``."""
        level = "entries" if self.level == ENTRIES else self.level
        digits = f"{self.index:d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
        name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        return f"tile/{level}/{name}" + (f".p/{self.width}" if self.width < FULL else "")


def parse_tile_path(path: str) -> Tile:
    """Read a path under the log's prefix, in its one spelling. Raises LedgerError TILE_PATH."""
    match = _PATH.fullmatch(path) if len(path) <= _LONGEST_PATH else None
    if match is None:
        raise LedgerError(LedgerFault.TILE_PATH)
    level = ENTRIES if match[1] == "entries" else int(match[1])
    tile = Tile(level, int(match[2].replace("/", "").replace("x", "")), int(match[3] or FULL))
    if tile.path != path:
        raise LedgerError(LedgerFault.TILE_PATH)
    return tile


def kept_path(tile: Tile) -> str:
    """Where what stays of a bundle lies, once entries of it were removed: outside of what tlog-tiles describes.

    It reads like a bundle, with an empty entry in the place of each that is gone; no entry of ours is empty.
    """
    return tile.path.replace("tile/entries", "kept")


def kept_checkpoint_path(size: int) -> str:
    """Where the checkpoint of that size lies, by which the age of what was removed is judged."""
    return f"kept/checkpoint.{size}"


def tile_at(size: int, level: int, index: int) -> Tile:
    """Return the tile as a log of `size` entries has it, full or not. Raises LedgerError RANGE where it has none."""
    require_size(size)
    width = min((size >> HEIGHT * max(level, 0)) - (index << HEIGHT), FULL)
    if index < 0 or width < 1:
        raise LedgerError(LedgerFault.RANGE)
    return Tile(level, index, width)


def changed_tiles(old_size: int, new_size: int) -> list[Tile]:
    """Which tiles and bundles a log of `new_size` entries has that it had not at `old_size`: what to publish."""
    require_size(new_size)
    if not 0 <= old_size <= new_size:
        raise LedgerError(LedgerFault.RANGE)
    tiles = []
    for level in range(ENTRIES, _HIGHEST_LEVEL // HEIGHT + 1):
        old, new = old_size >> HEIGHT * max(level, 0), new_size >> HEIGHT * max(level, 0)
        if old < new:
            tiles += [tile_at(new_size, level, index) for index in range(old >> HEIGHT, (new - 1 >> HEIGHT) + 1)]
    return tiles


def require_tile(tile: Tile, data: bytes) -> None:
    """Refuse hash tile data that is not exactly what its path says. Raises LedgerError TILE with the path."""
    if tile.level == ENTRIES or len(data) != tile.width * HASH_BYTES:
        raise LedgerError(LedgerFault.TILE, tile.path)


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """Return entries as they stand in a bundle, each after its length; a bundle grows by appending such pieces."""
    if any(len(entry) > LARGEST_ENTRY for entry in entries):
        raise LedgerError(LedgerFault.ENTRY_TOO_LARGE)
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES) + entry for entry in entries)


def decode_bundle(tile: Tile, data: bytes) -> list[bytes]:
    """Read the entries of a bundle: as many as its path says and not a byte more. Raises LedgerError BUNDLE."""
    if tile.level != ENTRIES:
        raise LedgerError(LedgerFault.BUNDLE, tile.path)
    entries, start = [], 0
    try:
        for _ in range(tile.width):
            first = start + _LENGTH_BYTES
            start = first + (data[start] << 8 | data[start + 1])
            entries.append(data[first:start])
    except IndexError:
        raise LedgerError(LedgerFault.BUNDLE, tile.path) from None
    if start != len(data):  # nor was the last of them cut short
        raise LedgerError(LedgerFault.BUNDLE, tile.path)
    return entries
