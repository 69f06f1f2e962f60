# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A log as files, in the layout of C2SP tlog-tiles, for whoever verifies it without us.

Where entries were removed for their age (tlog-tiles calls it pruning), a bundle that has lost any is not there, as the
format has it, and all hash tiles are. What stays of such a bundle lies under ``kept/``, with an empty entry for each
that is gone, and so does the checkpoint that shows how old the last of them was.

A directory that holds an earlier export of the same log is brought up to date: what is new is written, each file whole,
then the checkpoint, and last goes what no longer belongs. A crash leaves an export that still is what it was, or is the
new one with a few old files that nobody reads; the next time begins with the checkpoint that is there.
"""

import os
from contextlib import suppress
from pathlib import Path

from vaka.errors import Category, ConfigurationError, Sentence, VakaError
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint
from vaka.ledger.errors import LedgerError
from vaka.ledger.notes import LARGEST_NOTE, parse_note
from vaka.ledger.published import open_published
from vaka.ledger.publishing import CHECKPOINT, read_leaves, read_removed, split_bundle
from vaka.ledger.stored import QUERIES, Connection, read_tiles
from vaka.ledger.tiles import ENTRIES, FULL, Tile, changed_tiles, kept_checkpoint_path, kept_path
from vaka.ledger.tiling import TileNodes, edge_tiles
from vaka.ledger.tree import EMPTY_ROOT, HASH_BYTES, read_compact_range
from vaka.ledger.verify import NotPublishedError, UnreadableError

_AT_ONCE = 32  # tiles or bundles of one question to the database
_EMPTY = Checkpoint("nothing", 0, EMPTY_ROOT)


class NothingPublishedError(VakaError):
    """No checkpoint of this log has been published yet, or what stands in its place is none."""

    def __init__(self) -> None:
        super().__init__(
            Category.MISSING,
            Sentence(sv="Liggaren har ännu ingen undertecknad kontrollpunkt.", en="The log has no checkpoint yet."),
        )


async def export_log(connection: Connection, directory: Path) -> Checkpoint:
    """Write the log at its newest checkpoint into `directory`: empty, not there yet, or an earlier export of this log.

    Nothing is verified: what the database holds is written as it is, for the verifier to judge. An entry or tile that
    is missing, and that nothing in the log says was removed, leaves a short or missing file. Raises
    NothingPublishedError, ConfigurationError.
    """
    note, checkpoint = await _read_newest(connection)
    try:
        earlier = _prepare(directory)
        await _require_continued(connection, directory, earlier, checkpoint)
        removed, bases = await read_removed(connection, checkpoint.size)
        await _export_bases(connection, directory, bases)
        tiles = changed_tiles(earlier.size, checkpoint.size)
        if earlier.size:  # of what was written then, something may have been removed since
            old = earlier.size // FULL
            tiles += [Tile(ENTRIES, index) for index in range(min(old, removed // FULL))]
        gone: list[str] = []
        for start in range(0, len(tiles), _AT_ONCE):
            gone += await _export_tiles(connection, directory, tiles[start : start + _AT_ONCE], removed)
        _write(directory / CHECKPOINT, note)  # who finds it finds everything else
        _clear(directory, earlier, checkpoint, gone, bases)
    except OSError as error:
        raise ConfigurationError(f"The directory {directory} cannot be written: {error.strerror}.") from error
    return checkpoint


async def read_published(connection: Connection) -> Checkpoint:
    """Return the log's newest checkpoint. Raises NothingPublishedError."""
    return (await _read_newest(connection))[1]


async def _read_newest(connection: Connection) -> tuple[bytes, Checkpoint]:
    row = await (await connection.execute(QUERIES["read_checkpoint"])).fetchone()
    if row is None:
        raise NothingPublishedError
    note = bytes(row[1])
    try:
        return note, parse_checkpoint(parse_note(note).text)
    except LedgerError:
        raise NothingPublishedError from None


def _prepare(directory: Path) -> Checkpoint:
    """Return the checkpoint of the export that the directory holds; of the empty log, where it is empty or new."""
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with open_published(str(directory)) as read:
            return parse_checkpoint(parse_note(read(CHECKPOINT, LARGEST_NOTE)).text)
    except (LedgerError, UnreadableError):
        raise ConfigurationError(
            f"What stands in {directory / CHECKPOINT} is no checkpoint of an earlier export. Name another directory."
        ) from None
    except NotPublishedError:
        if any(directory.iterdir()):
            raise ConfigurationError(
                f"The directory {directory} is not empty, and holds no finished export (it has no checkpoint)."
            ) from None
        return _EMPTY


async def _require_continued(
    connection: Connection, directory: Path, earlier: Checkpoint, checkpoint: Checkpoint
) -> None:
    """Refuse an export of another log, and one that this log does not continue."""
    if not earlier.size:
        return
    if earlier.origin != checkpoint.origin:
        raise ConfigurationError(
            f"The directory {directory} holds an export of {earlier.origin}, and this is {checkpoint.origin}."
        )
    if earlier.size > checkpoint.size:
        raise ConfigurationError(
            f"The directory {directory} holds {earlier.size} entries of this log, and the log has {checkpoint.size}: "
            "entries were taken off its end, or this database is an older copy. Nothing was written."
        )
    try:
        read_tile = await read_tiles(connection, _range_tiles(earlier.size, checkpoint.size))
        root = read_compact_range(earlier.size, TileNodes(checkpoint.size, read_tile)).root()
    except LedgerError:
        root = b""
    if root != earlier.root:
        raise ConfigurationError(
            f"The log does not continue the export in {directory}: its history was rewritten, or that export is not "
            "of this log. Nothing was written. Keep that directory, and verify both."
        )


def _range_tiles(old_size: int, size: int) -> set[Tile]:
    """Which tiles hold the root of the log when it had `old_size` entries: those that hash the way to it."""
    tiles: set[Tile] = set()

    def note(tile: Tile) -> bytes:
        tiles.add(tile)
        return bytes(tile.width * HASH_BYTES)

    read_compact_range(old_size, TileNodes(size, note))
    return tiles


async def _export_bases(connection: Connection, directory: Path, sizes: list[int]) -> None:
    """Write the checkpoints that removal rests on."""
    for size in sizes:
        found = await (await connection.execute(QUERIES["find_checkpoint"], {"size": size})).fetchone()
        if found is not None:
            _write(directory / kept_checkpoint_path(size), bytes(found[0]))


async def _export_tiles(connection: Connection, directory: Path, tiles: list[Tile], removed: int) -> list[str]:
    """Write these; return the paths of those that are not there (any more)."""
    read_tile = await read_tiles(connection, [tile for tile in tiles if tile.level != ENTRIES])
    bundles = [tile for tile in tiles if tile.level == ENTRIES]
    leaves: dict[int, bytes] = {}
    for tile in bundles:
        leaves |= await read_leaves(connection, tile.index * FULL, tile.index * FULL + tile.width)
    gone = []
    for tile in tiles:
        if tile.level != ENTRIES:
            _write(directory / tile.path, read_tile(tile)[: tile.width * HASH_BYTES])
            continue
        bundle, kept = split_bundle(tile, leaves, removed)
        for path, data in ((tile.path, bundle), (kept_path(tile), kept)):
            if data is None:
                gone.append(path)
            else:
                _write(directory / path, data)
    return gone


def _clear(directory: Path, earlier: Checkpoint, now: Checkpoint, gone: list[str], bases: list[int]) -> None:
    """Remove what an earlier export wrote and this one has not: tiles that have grown, and what was removed since."""
    if not earlier.size:
        return
    stale = [directory / path for path in gone]
    edge = edge_tiles(earlier.size)
    if earlier.size % FULL:
        edge.append(Tile(ENTRIES, earlier.size // FULL, earlier.size % FULL))
    current = {*edge_tiles(now.size), Tile(ENTRIES, now.size // FULL, now.size % FULL or FULL)}
    stale += [directory / tile.path for tile in edge if tile not in current]
    kept = {directory / kept_checkpoint_path(size) for size in bases}
    stale += [path for path in directory.glob("kept/checkpoint.*") if path not in kept]
    for path in stale:
        path.unlink(missing_ok=True)
        with suppress(OSError):  # others lie there
            path.parent.rmdir()


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: whoever reads meanwhile, or after a crash, never finds half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.new")
    half.write_bytes(data)
    os.replace(half, path)
