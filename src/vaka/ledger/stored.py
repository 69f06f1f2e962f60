# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The log as the database keeps it: how far it has come, its tiles, and proofs out of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries
from vaka.ledger.tiles import Tile
from vaka.ledger.tiling import ReadTile, TileNodes, consistency_tiles
from vaka.ledger.tree import prove_consistency

QUERIES = load_queries("vaka.ledger")

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a log has come. Nothing of it is believed until a signer has seen that it continues what it signed."""

    size: int
    root: bytes
    published: int | None
    """Size of the newest checkpoint that was stored; None before the first."""
    waiting: bool
    """Whether entries wait in the inbox."""


async def read_standing(connection: Connection) -> Standing:
    """Read how far the log of this database has come."""
    async with connection.cursor(row_factory=class_row(Standing)) as cursor:
        await cursor.execute(QUERIES["read_standing"])
        standing = await cursor.fetchone()
    if standing is None:
        raise LookupError("ledger.head has no row")
    return standing


async def read_tiles(connection: Connection, tiles: Iterable[Tile]) -> ReadTile:
    """Fetch hash tiles, and return what answers for them. A tile that is not there reads as empty: LedgerError TILE."""
    wanted = list(tiles)
    cursor = await connection.execute(
        QUERIES["read_tiles"],
        {"levels": [tile.level for tile in wanted], "indexes": [tile.index for tile in wanted]},
    )
    found = {(level, index): bytes(data) for level, index, data in await cursor.fetchall()}
    return lambda tile: found.get((tile.level, tile.index), b"")


async def prove_growth(connection: Connection, old_size: int, new_size: int) -> tuple[bytes, ...]:
    """Prove that the log at `new_size` begins with the log at `old_size`; from the empty log, nothing is to prove."""
    read_tile = await read_tiles(connection, consistency_tiles(old_size, new_size))
    return prove_consistency(old_size, new_size, TileNodes(new_size, read_tile))
