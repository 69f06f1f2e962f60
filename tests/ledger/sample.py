# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A small clean log to test on: keys that never change, entries, and what a log publishes of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vaka.ledger.checkpoints import Checkpoint, sign_checkpoint
from vaka.ledger.cosignatures import Policy, WitnessKey, WitnessSigner
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import LogKey, LogSigner
from vaka.ledger.notes import Note
from vaka.ledger.tiles import ENTRIES, FULL, Tile, encode_entries
from vaka.ledger.tiling import Edge, TileNodes
from vaka.ledger.tree import EMPTY_ROOT, hash_leaf, hash_leaves, hash_node

ORIGIN = "vaka.example/log/provkommun"
SEEN_AT = 1_773_453_540  # POSIX seconds


def private_key(seed: str) -> Ed25519PrivateKey:
    """A key that is the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest())


LOG = LogSigner.of(ORIGIN, private_key("log"))
WITNESSES = tuple(WitnessSigner.of(f"witness.example/{n}", private_key(f"witness {n}")) for n in (1, 2, 3))


def log_key() -> LogKey:
    """The public key of the log."""
    return LogKey.parse(LOG.key.encode())


def witness_keys(count: int = len(WITNESSES)) -> tuple[WitnessKey, ...]:
    """The public keys of the first `count` witnesses."""
    return tuple(WitnessKey.parse(witness.key.encode()) for witness in WITNESSES[:count])


def policy(quorum: int = 2, count: int = len(WITNESSES)) -> Policy:
    """`quorum` of the first `count` witnesses."""
    return Policy(witness_keys(count), quorum)


def entries(count: int, start: int = 0) -> list[bytes]:
    """Entries of different lengths, the empty one among them."""
    return [b"entry %d;" % n * (n % 4) for n in range(start, start + count)]


def slow_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root as RFC 6962 section 2.1 defines it, word by word: the oracle for everything faster."""
    if not leaf_hashes:
        return EMPTY_ROOT
    if len(leaf_hashes) == 1:
        return leaf_hashes[0]
    split = 1
    while split * 2 < len(leaf_hashes):
        split *= 2
    return hash_node(slow_root(leaf_hashes[:split]), slow_root(leaf_hashes[split:]))


def slow_node(leaf_hashes: Sequence[bytes], level: int, index: int) -> bytes:
    """A full node out of its leaves."""
    leaves = leaf_hashes[index << level : (index + 1) << level]
    assert len(leaves) == 1 << level, "a proof asked for a node that is not full"
    return slow_root(leaves)


@dataclass
class SampleLog:
    """A log in memory, kept as tiles and bundles, as the one in the database is."""

    edge: Edge = field(default_factory=Edge)
    tiles: dict[Tile, bytes] = field(default_factory=dict)
    bundles: dict[int, bytes] = field(default_factory=dict)

    def append(self, more: Sequence[bytes]) -> dict[Tile, bytes]:
        """Append entries; returns the hash tiles that are new by them."""
        for number, entry in enumerate(more, self.edge.size):
            index = number // FULL
            self.bundles[index] = self.bundles.get(index, b"") + encode_entries([entry])
        self.edge, changed = self.edge.append(hash_leaves(more))
        self.tiles |= changed
        return changed

    def read(self, tile: Tile) -> bytes:
        """What was published under the tile's path."""
        if tile.level == ENTRIES:
            return self.bundles[tile.index]
        return self.tiles[tile]

    def nodes(self, size: int | None = None) -> TileNodes:
        """Nodes of the tree at `size`, out of tiles that may have grown since."""
        newest = {(tile.level, tile.index): data for tile, data in sorted(self.tiles.items())}
        return TileNodes(self.edge.size if size is None else size, lambda tile: newest[tile.level, tile.index])

    def checkpoint(self, witnesses: Iterable[WitnessSigner] = WITNESSES, seen_at: int = SEEN_AT) -> Note:
        """Sign the log as it is and have it cosigned, each witness a second after the one before."""
        note = sign_checkpoint(Checkpoint(ORIGIN, self.edge.size, self.edge.root()), LOG)
        return note.with_signatures([each.cosign(note.text, seen_at + n) for n, each in enumerate(witnesses)])

    def publish(self, directory: Path) -> None:
        """Write the log as it is served: what a reader of the newest checkpoint needs."""
        size = self.edge.size
        files = {tile.path: data for tile, data in self.tiles.items()}
        for index, data in self.bundles.items():
            files[Tile(ENTRIES, index, min(size - index * FULL, FULL)).path] = data
        files["checkpoint"] = self.checkpoint().encode()
        for path, data in files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(data)


def sample_log(size: int, batch: int = 1000) -> SampleLog:
    """A log of `size` entries that grew by `batch` at a time."""
    log = SampleLog()
    for start in range(0, size, batch):
        log.append(entries(min(batch, size - start), start))
    return log


def leaf_hashes(count: int) -> list[bytes]:
    """The leaf hashes of `entries`."""
    return [hash_leaf(entry) for entry in entries(count)]


def is_refused(code: LedgerFault, check: Callable[..., object], *arguments: object) -> bool:
    """Whether `check` refuses with this code; any other exception is an error of the test."""
    try:
        check(*arguments)
    except LedgerError as error:
        return error.code is code
    return False
