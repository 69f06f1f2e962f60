# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A log as files, in the layout of C2SP tlog-tiles, for whoever verifies it without us.

Where entries were removed for their age (tlog-tiles calls it pruning), a bundle that has lost any is not there, as the
format has it, and all hash tiles are. What stays of such a bundle lies under ``kept/``, with an empty entry for each
that is gone, and so does the checkpoint
that shows how old the last of them was.
"""

from pathlib import Path

from vaka.errors import Category, ConfigurationError, Sentence, VakaError
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint
from vaka.ledger.errors import LedgerError
from vaka.ledger.leaves import parse_leaf
from vaka.ledger.notes import parse_note
from vaka.ledger.retention import read_pruning
from vaka.ledger.stored import QUERIES, Connection, read_tiles
from vaka.ledger.tiles import ENTRIES, FULL, Tile, changed_tiles, encode_entries, kept_checkpoint_path, kept_path
from vaka.ledger.tree import HASH_BYTES

_NEWEST = 3  # entries about removal
_AT_ONCE = 32  # tiles or bundles of one question to the database


class NothingPublishedError(VakaError):
    """No checkpoint of this log has been published yet, or what stands in its place is none."""

    def __init__(self) -> None:
        super().__init__(
            Category.MISSING,
            Sentence(sv="Liggaren har ännu ingen undertecknad kontrollpunkt.", en="The log has no checkpoint yet."),
        )


async def export_log(connection: Connection, directory: Path) -> Checkpoint:
    """Write the log at its newest checkpoint into `directory`, which is empty or not there yet.

    Nothing is verified: what the database holds is written as it is, for the verifier to judge. An entry or tile that
    is missing, and that nothing in the log says was removed, leaves a short or missing file. Raises
    NothingPublishedError, ConfigurationError.
    """
    note, checkpoint = await _read_newest(connection)
    try:
        _prepare(directory)
        pruned = await _export_basis(connection, directory, checkpoint.size)
        tiles = changed_tiles(0, checkpoint.size)
        for start in range(0, len(tiles), _AT_ONCE):
            await _export_tiles(connection, directory, tiles[start : start + _AT_ONCE], pruned)
        _write(directory / "checkpoint", note)  # last: who finds it finds everything else
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


async def _export_basis(connection: Connection, directory: Path, size: int) -> int:
    """Write the checkpoints that removal rests on; return before which entry something may have been removed.

    The newest entry about it covers all that went before, once it has been carried out; one that comes too late for a
    decision that was changed meanwhile never is, and then the one before it holds.
    """
    end = 0
    rows = await (await connection.execute(QUERIES["list_pruned"], {"size": size, "most": _NEWEST})).fetchall()
    for index, data in rows:
        try:
            said = read_pruning(index, parse_leaf(bytes(data)))
        except LedgerError:
            continue
        if said is None:
            continue
        end = max(end, said.end)
        found = await (await connection.execute(QUERIES["find_checkpoint"], {"size": said.checkpoint})).fetchone()
        if found is not None:
            _write(directory / kept_checkpoint_path(said.checkpoint), bytes(found[0]))
    return end


async def _export_tiles(connection: Connection, directory: Path, tiles: list[Tile], pruned: int) -> None:
    read_tile = await read_tiles(connection, [tile for tile in tiles if tile.level != ENTRIES])
    bundles = [tile for tile in tiles if tile.level == ENTRIES]
    leaves = await _read_leaves(connection, bundles)
    for tile in tiles:
        if tile.level == ENTRIES:
            first = tile.index * FULL
            found = [leaves[place] for place in range(first, first + tile.width) if place in leaves]
            if first + tile.width <= pruned and len(found) < tile.width:
                if found:
                    every = [leaves.get(place, b"") for place in range(first, first + tile.width)]
                    _write(directory / kept_path(tile), encode_entries(every))
                continue
            data = encode_entries(found)
        else:
            data = read_tile(tile)[: tile.width * HASH_BYTES]
        _write(directory / tile.path, data)


async def _read_leaves(connection: Connection, bundles: list[Tile]) -> dict[int, bytes]:
    if not bundles:
        return {}
    values = {"start": bundles[0].index * FULL, "end": bundles[-1].index * FULL + bundles[-1].width}
    cursor = await connection.execute(QUERIES["read_entries"], values)
    return {index: bytes(leaf) for index, leaf in await cursor.fetchall()}


def _prepare(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise ConfigurationError(f"The directory {directory} is not empty.")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
