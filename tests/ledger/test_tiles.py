# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Tiles and bundles: one path for each, one content for each path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.sample import entries, is_refused
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.tiles import (
    ENTRIES,
    FULL,
    LARGEST_ENTRY,
    Tile,
    changed_tiles,
    decode_bundle,
    encode_entries,
    parse_tile_path,
    require_tile,
    tile_at,
)
from vaka.ledger.tree import LARGEST_SIZE


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(1, 7, 255), "tile/1/007.p/255"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(4, 1234067), "tile/4/x001/x234/067"),
        (Tile(4, 1234067, 8), "tile/4/x001/x234/067.p/8"),
        (Tile(ENTRIES, 1234067, 8), "tile/entries/x001/x234/067.p/8"),
        (Tile(ENTRIES, 5), "tile/entries/005"),
        (Tile(0, LARGEST_SIZE >> 8), "tile/0/x036/x028/x797/x018/x963/967"),
        (Tile(63, 0), "tile/63/000"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_tile_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000", "/tile/0/000",
        "tile/0/000/", "tile/00/000", "tile/01/000", "tile/64/000", "tile/100/000", "tile/-1/000", "tile/data/000",
        "tile/0/x000", "tile/0/x000/001", "tile/0/001/000", "tile/0/x001/x000", "tile/0/X001/000", "tile/0/x1/000",
        "tile/0/x037/x028/x797/x018/x963/967", "tile/0/x001/x036/x028/x797/x018/x963/967", "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/01", "tile/0/000.p/256", "tile/0/000.p/-1",
        "tile/0/000.p/1/",
        "tile/0/000.p/1000", "tile/0/000.p/1.p/1", "tile/0/../000", "tile/0/./000", "tile/0//000", "tile/8/0/000",
        "tile/0/000\n", "tile/0/٠٠٠", "tile/٠/000", "tile/entries/", "tile/entries/000.p/256", "checkpoint",
        "tile/0/" + "x000/" * 10_000 + "001",
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused(path: str) -> None:
    assert is_refused(LedgerFault.TILE_PATH, parse_tile_path, path)


@given(st.text("tile/0123456789x.pentries", max_size=40))
def test_a_path_has_one_spelling(path: str) -> None:
    if not is_refused(LedgerFault.TILE_PATH, parse_tile_path, path):
        assert parse_tile_path(path).path == path


@given(st.integers(ENTRIES, 63), st.integers(0, LARGEST_SIZE >> 8), st.integers(1, FULL))
def test_every_tile_has_a_path_of_its_own(level: int, index: int, width: int) -> None:
    assert parse_tile_path(Tile(level, index, width).path) == Tile(level, index, width)


@pytest.mark.parametrize(
    ("level", "index", "width"), [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**55, 1), (0, 0, 0), (0, 0, 257)]
)
def test_no_other_tile_exists(level: int, index: int, width: int) -> None:
    assert is_refused(LedgerFault.TILE_PATH, Tile, level, index, width)


def hash_tiles(size: int) -> list[str]:
    return [tile.path for tile in changed_tiles(0, size) if tile.level != ENTRIES]


def test_the_tiles_of_a_log() -> None:
    """The two examples of the specification, and the smallest logs."""
    assert hash_tiles(256) == ["tile/0/000", "tile/1/000.p/1"]
    paths = hash_tiles(70_000)
    assert len(paths) == 273 + 1 + 1 + 1 + 1
    assert paths[272:] == ["tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert changed_tiles(0, 0) == []
    assert [tile.path for tile in changed_tiles(0, 1)] == ["tile/entries/000.p/1", "tile/0/000.p/1"]
    assert changed_tiles(7, 7) == []
    assert [tile.path for tile in changed_tiles(255, 257)] == [
        "tile/entries/000", "tile/entries/001.p/1", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1",
    ]  # fmt: skip


@given(st.integers(0, 200_000), st.integers(0, 3000))
def test_changed_tiles_are_those_that_were_not_there(old: int, more: int) -> None:
    new = set(changed_tiles(0, old + more))
    assert set(changed_tiles(old, old + more)) == new - set(changed_tiles(0, old))


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1), (0, LARGEST_SIZE + 1)])
def test_a_log_never_shrinks(old: int, new: int) -> None:
    assert is_refused(LedgerFault.RANGE, changed_tiles, old, new)


@pytest.mark.parametrize(
    ("size", "level", "index", "width"),
    [(1, 0, 0, 1), (256, 0, 0, 256), (257, 0, 1, 1), (256, 1, 0, 1), (257, ENTRIES, 1, 1), (65536, 2, 0, 1)],
)
def test_tile_of_a_size(size: int, level: int, index: int, width: int) -> None:
    assert tile_at(size, level, index) == Tile(level, index, width)


@pytest.mark.parametrize(
    ("size", "level", "index"),
    [(0, 0, 0), (256, 0, 1), (255, 1, 0), (256, ENTRIES, 1), (5, 0, -1), (-1, 0, 0), (2**63, 0, 0)],
)
def test_tile_that_a_size_has_not(size: int, level: int, index: int) -> None:
    assert is_refused(LedgerFault.RANGE, tile_at, size, level, index)


@pytest.mark.parametrize(
    ("tile", "length", "fits"),
    [
        (Tile(0, 0), 8192, True),
        (Tile(0, 0), 8191, False),
        (Tile(0, 0), 8160, False),  # a short tile under a full tile's path
        (Tile(0, 0), 0, False),
        (Tile(0, 0, 5), 160, True),
        (Tile(0, 0, 5), 192, False),
        (Tile(0, 0, 5), 8192, False),
        (Tile(ENTRIES, 0, 5), 160, False),
    ],
)
def test_a_path_holds_nothing_but_its_tile(tile: Tile, length: int, fits: bool) -> None:
    if fits:
        require_tile(tile, bytes(length))
        return
    with pytest.raises(LedgerError) as caught:
        require_tile(tile, bytes(length))
    assert (caught.value.code, caught.value.where) == (LedgerFault.TILE, tile.path)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=FULL))
def test_entries_come_out_of_a_bundle_as_they_went_in(some: list[bytes]) -> None:
    tile = Tile(ENTRIES, 0, len(some))
    assert decode_bundle(tile, encode_entries(some)) == some
    assert b"".join(encode_entries([entry]) for entry in some) == encode_entries(some)


def test_entries_of_any_size_the_format_has() -> None:
    some = [b"", bytes(LARGEST_ENTRY)]
    assert decode_bundle(Tile(ENTRIES, 0, 2), encode_entries(some)) == some
    assert is_refused(LedgerFault.ENTRY_TOO_LARGE, encode_entries, [bytes(LARGEST_ENTRY + 1)])


@pytest.mark.parametrize("width", [1, 5])
@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data + b"\0\0",
        lambda data: b"\xff" + data[1:],
        lambda data: data[:2],
    ],
    ids=["empty", "cut", "byte too many", "entry too many", "length", "first length only"],
)
def test_bundle_holds_what_its_path_says(width: int, change: object) -> None:
    assert callable(change)
    tile = Tile(ENTRIES, 0, width)
    data = encode_entries(entries(width + 1)[1:])
    assert is_refused(LedgerFault.BUNDLE, decode_bundle, tile, change(data))
    assert is_refused(LedgerFault.BUNDLE, decode_bundle, Tile(0, 0, width), data)


@given(st.binary(max_size=60), st.integers(1, 8))
def test_any_bytes_are_a_bundle_or_refused(data: bytes, width: int) -> None:
    tile = Tile(ENTRIES, 0, width)
    if not is_refused(LedgerFault.BUNDLE, decode_bundle, tile, data):
        assert encode_entries(decode_bundle(tile, data)) == data
