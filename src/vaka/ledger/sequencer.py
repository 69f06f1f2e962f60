# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From the inbox into the log: entries get their place for ever, and the tree grows over them, in one transaction."""

from dataclasses import dataclass

from psycopg.rows import TupleRow

from vaka.ledger.errors import LedgerError
from vaka.ledger.leaves import Leaf, flatten
from vaka.ledger.search import index_entries
from vaka.ledger.signer import LedgerHaltedError
from vaka.ledger.stored import QUERIES, Connection, read_standing, read_tiles
from vaka.ledger.tiles import Tile
from vaka.ledger.tiling import Edge, edge_tiles, read_edge
from vaka.ledger.tree import hash_leaves

BATCH = 2000
"""Entries of one transaction."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The log after a call: `added` entries more, all committed, nothing signed yet."""

    size: int
    root: bytes
    added: int


async def sequence(connection: Connection, most: int = BATCH) -> Sealed | None:
    """Move the oldest `most` entries of the inbox into the log; None where another sequencer is at work.

    In the order of the inbox's numbers among those that are visible: one that commits later comes later, and nobody
    waits for it. Entries of one session keep their order, because they were numbered and committed in it.

    A crash before the commit leaves everything in the inbox; after it, the entries are in the log and unsigned, which
    is where every round begins. Raises LedgerHaltedError where the stored tiles are not those of the stored head.
    """
    async with connection.transaction():
        # Asked for in a statement of its own, so that what is read next is as the sequencer before us left it.
        claimed = await (await connection.execute(QUERIES["claim"])).fetchone()
        if claimed is None:
            return None
        rows = await (await connection.execute(QUERIES["drain"], {"most": most})).fetchall()
        head = await read_standing(connection)
        if not rows:
            return Sealed(head.size, head.root, 0)
        edge = await _read_edge(connection, head.size, head.root)
        entries = [_leaf(row) for row in rows]
        leaves = [entry.encode() for entry in entries]
        grown, changed = edge.append(hash_leaves(leaves))
        ids = [entry.id for entry in entries]
        await connection.execute(QUERIES["add_entries"], {"first": edge.size, "leaves": leaves, "ids": ids})
        await index_entries(connection, edge.size, entries, leaves)
        await _grow_tiles(connection, changed)
        root = grown.root()
        await connection.execute(QUERIES["move_head"], {"size": grown.size, "root": root})
    return Sealed(grown.size, root, len(leaves))


async def _read_edge(connection: Connection, size: int, root: bytes) -> Edge:
    try:
        edge = read_edge(size, await read_tiles(connection, edge_tiles(size)))
    except LedgerError:
        raise LedgerHaltedError("tiles") from None
    if edge.root() != root:
        raise LedgerHaltedError("tiles")
    return edge


async def _grow_tiles(connection: Connection, changed: dict[Tile, bytes]) -> None:
    await connection.execute(
        QUERIES["grow_tiles"],
        {
            "levels": [tile.level for tile in changed],
            "indexes": [tile.index for tile in changed],
            "widths": [tile.width for tile in changed],
            "data": list(changed.values()),
        },
    )


def _leaf(row: TupleRow) -> Leaf:
    id_, at, event, actor, object_, outcome, detail, written_by, written_at, source, number, clock = row
    return Leaf(
        id=id_, at=at, event=event, actor=actor, object=object_, outcome=outcome, written_by=written_by,
        written_at=written_at, source=source, number=number, detail=flatten(detail), clock=clock,
    )  # fmt: skip
