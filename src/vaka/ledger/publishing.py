# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A log's published files one at a time, in the layout of C2SP tlog-tiles, out of the database that holds it.

They are the files that ``ledger.export`` writes and ``vaka verify`` reads, no more: nothing past the newest checkpoint,
and every tile as wide as it is asked for, so that whoever began with an older checkpoint can go on. A bundle that has
lost entries for their age is not there; what is kept of it lies under ``kept/``.
"""

import re
from dataclasses import dataclass

from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.errors import LedgerError
from vaka.ledger.leaves import parse_leaf
from vaka.ledger.notes import parse_note
from vaka.ledger.retention import read_pruning
from vaka.ledger.stored import QUERIES, Connection, read_tiles
from vaka.ledger.tiles import (
    ENTRIES,
    FULL,
    Tile,
    changed_tiles,
    encode_entries,
    kept_checkpoint_path,
    kept_path,
    parse_tile_path,
    tile_at,
)
from vaka.ledger.tree import HASH_BYTES

CHECKPOINT = "checkpoint"
LARGEST_EXCUSES = 3
"""Entries about removal that are looked at: the newest covers all before it, once it has been carried out."""
_KEPT_CHECKPOINT = re.compile(r"kept/checkpoint\.([1-9][0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file."""

    data: bytes
    never_changes: bool
    """Whether the path holds these bytes for ever: a full hash tile does. A bundle is removed when it is old enough."""


async def read_published_file(connection: Connection, path: str) -> PublishedFile | None:
    """Return the file at a path under the log's prefix (as portal); None where the log publishes none.

    Nothing is verified: what the database holds is given as it is, for the verifier to judge. A tile or entry that is
    missing, and that nothing in the log says was removed, leaves a short file.
    """
    newest = await (await connection.execute(QUERIES["read_checkpoint"])).fetchone()
    if newest is None:
        return None
    note = bytes(newest[1])
    if path == CHECKPOINT:
        return PublishedFile(note, never_changes=False)
    try:
        size = parse_checkpoint(parse_note(note).text).size
        if kept := _KEPT_CHECKPOINT.fullmatch(path):
            return await _read_kept_checkpoint(connection, int(kept[1]), size)
        tile = parse_tile_path(path.replace("kept/", "tile/entries/", 1) if path.startswith("kept/") else path)
        if tile.width > tile_at(size, tile.level, tile.index).width:
            return None
    except LedgerError:
        return None
    if tile.level != ENTRIES:
        data = (await read_tiles(connection, [tile]))(tile)[: tile.width * HASH_BYTES]
        return PublishedFile(data, never_changes=len(data) == FULL * HASH_BYTES)
    return await _read_bundle(connection, tile, size, is_kept=path == kept_path(tile))


async def published_paths(connection: Connection) -> tuple[bytes, int, list[str]]:
    """Return the newest checkpoint, how many entries it covers, and the paths of all files below it (as portal).

    The checkpoint's own path is not among them. Nothing where no checkpoint is signed yet, or it is none.
    """
    newest = await (await connection.execute(QUERIES["read_checkpoint"])).fetchone()
    try:
        note = b"" if newest is None else bytes(newest[1])
        size = parse_checkpoint(parse_note(note).text).size
    except LedgerError:
        return b"", 0, []
    tiles = changed_tiles(0, size)
    removed, checkpoints = await read_removed(connection, size)
    kept = [kept_path(tile) for tile in tiles if tile.level == ENTRIES and tile.index * FULL < removed]
    return note, size, [tile.path for tile in tiles] + kept + [kept_checkpoint_path(one) for one in checkpoints]


async def read_removed(connection: Connection, size: int) -> tuple[int, list[int]]:
    """Return before which entry something may have been removed, and the checkpoints that its age rests on.

    One announcement that comes too late for a decision that was changed meanwhile is never carried out; then the one
    before it holds.
    """
    end, checkpoints = 0, []
    values = {"size": size, "most": LARGEST_EXCUSES}
    for index, data in await (await connection.execute(QUERIES["list_pruned"], values)).fetchall():
        try:
            said = read_pruning(index, parse_leaf(bytes(data)))
        except LedgerError:
            continue
        if said is not None:
            end = max(end, said.end)
            checkpoints.append(said.checkpoint)
    return end, checkpoints


def split_bundle(tile: Tile, leaves: dict[int, bytes], removed: int) -> tuple[bytes | None, bytes | None]:
    """Return a bundle, and what is kept of one that has lost entries for their age; None for each that is not there."""
    places = range(tile.index * FULL, tile.index * FULL + tile.width)
    found = [leaves[place] for place in places if place in leaves]
    if places.stop > removed or len(found) == tile.width:
        return encode_entries(found), None
    return None, encode_entries([leaves.get(place, b"") for place in places]) if found else None


async def read_leaves(connection: Connection, start: int, end: int) -> dict[int, bytes]:
    """Return the leaves that are there, by their place, from ``start`` up to ``end``."""
    cursor = await connection.execute(QUERIES["read_entries"], {"start": start, "end": end})
    return {index: bytes(leaf) for index, leaf in await cursor.fetchall()}


async def _read_bundle(connection: Connection, tile: Tile, size: int, *, is_kept: bool) -> PublishedFile | None:
    leaves = await read_leaves(connection, tile.index * FULL, tile.index * FULL + tile.width)
    removed = 0 if len(leaves) == tile.width else (await read_removed(connection, size))[0]
    data = split_bundle(tile, leaves, removed)[1 if is_kept else 0]
    return None if data is None else PublishedFile(data, never_changes=False)


async def _read_kept_checkpoint(connection: Connection, wanted: int, size: int) -> PublishedFile | None:
    _, checkpoints = await read_removed(connection, size)
    if wanted not in checkpoints:
        return None
    found = await (await connection.execute(QUERIES["find_checkpoint"], {"size": wanted})).fetchone()
    return None if found is None else PublishedFile(bytes(found[0]), never_changes=False)
