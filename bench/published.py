# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A large log as files, made of entries as an authority's log holds them, for the verifiers to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vaka.ledger.checkpoints import Checkpoint, sign_checkpoint
from vaka.ledger.cosignatures import WitnessSigner
from vaka.ledger.leaves import Leaf
from vaka.ledger.note_keys import LogSigner
from vaka.ledger.tiles import ENTRIES, FULL, Tile, decode_bundle, encode_entries, tile_at
from vaka.ledger.tiling import Edge
from vaka.ledger.tree import hash_leaves

ORIGIN = "bench.example/authority/one"
_EVENTS = ("alarm.raised", "alarm.presented", "alarm.taken", "alarm.read", "alarm.noted", "alarm.closed")
_WRITERS = 40
"""Database sessions that wrote in turns."""


@dataclass(frozen=True, slots=True)
class PublishedLog:
    """Where it lies and what whoever verifies it knows beforehand."""

    directory: Path
    size: int
    root: bytes
    log_key: str
    witness_key: str

    def bundles(self) -> Iterator[list[bytes]]:
        """Read the entries again, 256 at a time."""
        for index in range(-(-self.size // FULL)):
            tile = tile_at(self.size, ENTRIES, index)
            yield decode_bundle(tile, (self.directory / tile.path).read_bytes())


def publish_log(directory: Path, size: int) -> PublishedLog:
    """Make a log of `size` entries below `directory`, its checkpoint cosigned by one witness a moment ago."""
    now = datetime.now(UTC)
    edge, tiles = Edge(), dict[Tile, bytes]()
    for first in range(0, size, FULL):
        entries = [_entry(index, size, now) for index in range(first, min(first + FULL, size))]
        _write(directory, Tile(ENTRIES, first // FULL, len(entries)), encode_entries(entries))
        edge, changed = edge.append(hash_leaves(entries))
        tiles |= changed
    for tile, data in tiles.items():
        if tile == tile_at(size, tile.level, tile.index):
            _write(directory, tile, data)
    log = LogSigner.of(ORIGIN, Ed25519PrivateKey.generate())
    witness = WitnessSigner.of("witness.example/one", Ed25519PrivateKey.generate())
    checkpoint = Checkpoint(ORIGIN, size, edge.root())
    note = sign_checkpoint(checkpoint, log).with_signatures([witness.cosign(checkpoint.text, int(now.timestamp()))])
    (directory / "checkpoint").write_bytes(note.encode())
    return PublishedLog(directory, size, edge.root(), log.key.encode(), witness.key.encode())


def _entry(index: int, size: int, now: datetime) -> bytes:
    at = now - timedelta(milliseconds=size - index)
    return Leaf(
        id=index + 1, at=at, event=_EVENTS[index % len(_EVENTS)], actor=f"account:019b{index % 97:08x}-7000-8000",
        object=f"alarm:019b{index:012x}-7000-8000", outcome="success", written_by="vaka_provkommun_desk",
        written_at=at, source=f"6420f{index % _WRITERS:09x}-3a1", number=index // _WRITERS + 1,
        detail={"class": "life", "count": index % 3},
    ).encode()  # fmt: skip


def _write(directory: Path, tile: Tile, data: bytes) -> None:
    path = directory / tile.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
