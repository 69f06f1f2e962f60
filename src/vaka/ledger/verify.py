# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Verifying a whole log from what is published of it, without trusting whoever published it.

In this order, and nothing is read twice, so that no answer can be another the second time:
the checkpoint's signature and its cosignatures, the upper tiles against the root, then each tile of leaf hashes against
the one above it, each entry against its leaf hash, and the entries against each other. At last, whether what is missing
was let go; for that alone one tile is read again, and held to the root again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from vaka.ledger import verify_beats, verify_removal
from vaka.ledger.checkpoints import Checkpoint, verify_checkpoint
from vaka.ledger.cosignatures import Policy, quorum_time, require_quorum
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.findings import Checked, Wrong, WrongError
from vaka.ledger.note_keys import LogKey
from vaka.ledger.notes import LARGEST_NOTE, Note, parse_note
from vaka.ledger.retention import Pruning
from vaka.ledger.tiles import (
    ENTRIES,
    FULL,
    HEIGHT,
    LARGEST_ENTRY,
    Tile,
    decode_bundle,
    kept_checkpoint_path,
    kept_path,
    tile_at,
)
from vaka.ledger.tiling import Edge, TileNodes, edge_tiles
from vaka.ledger.tree import HASH_BYTES, hash_full_row, hash_leaves, read_compact_range
from vaka.ledger.verify_beats import Beats
from vaka.ledger.verify_entries import EntryRules
from vaka.ledger.verify_receipts import Remembered, require_hashes, require_within
from vaka.ledger.verify_removal import Removals

CHECKPOINT = "checkpoint"
LARGEST_BUNDLE = FULL * (LARGEST_ENTRY + 2)  # bytes
_TELLING = frozenset(f'"{event.value}"'.encode() for event in (*verify_removal.EVENTS, *verify_beats.EVENTS))

Read = Callable[[str, int], bytes]
"""Returns the file at a path under the log's prefix, cut one byte past so many. Raises NotPublishedError,
UnreadableError."""


class NotPublishedError(Exception):
    """There is no such file."""


class UnreadableError(Exception):
    """Whether there is such a file cannot be told. Holds a sentence without a path."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What whoever verifies knows beforehand, and how much is forgiven.

    `since` is an earlier checkpoint of the same log. `oldest` is how many seconds ago a cosignature may have been made;
    None asks for no freshness. `back_seconds` and `ahead_seconds` are for clocks: how far entries' times may run
    backwards, and how far in the future anything may be dated. `least_days` is how long the authority knows that its
    log must be kept, whatever the log says.
    """

    log: LogKey
    policy: Policy | None = None
    since: Checkpoint | None = None
    oldest: int | None = None
    back_seconds: int = 600
    ahead_seconds: int = 300
    least_days: int | None = None
    receipts: tuple[Remembered, ...] = ()
    """Entries that whoever verifies has had proven before: they must stand in this log, where they stood."""
    known_gaps: frozenset[int] = frozenset()
    """The places of entries before which the numbers of their writers are known to be broken."""
    silence: int | None = None
    """Seconds: no more may lie between two heartbeats, and after the last one."""


def verify_log(read: Read, expected: Expected, now: datetime, checked: Checked) -> None:
    """Verify everything, and write into `checked` what holds. Raises WrongError for the first thing that does not.

    Raises UnreadableError and TooManySourcesError where it cannot be told.
    """
    checkpoint = _verify_checkpoint(_read(read, CHECKPOINT, LARGEST_NOTE), expected, now, checked)
    since = expected.since
    if since is not None and since.size > checkpoint.size:
        raise WrongError(Wrong.OLDER, f"{CHECKPOINT} ({checkpoint.size} after {since.size})")
    seen_at = now if checked.seen_at is None else datetime.fromtimestamp(checked.seen_at, UTC)
    latest = seen_at + timedelta(seconds=expected.ahead_seconds)
    rules = EntryRules(checked, expected.back_seconds, latest, expected.known_gaps)
    known = [decision for each in expected.receipts if (decision := each.decision) is not None]
    removals = Removals(expected.least_days, known)
    beats = Beats(checked, [each.index for each in known])
    require_within(expected.receipts, checkpoint.size)
    tiles = _Tiles(read, checkpoint)
    tiles.verify_upper(checked)
    if since is not None and since.size >> HEIGHT == checkpoint.size >> HEIGHT:
        _verify_since(since, tiles, checked)
    for index in range(-(-checkpoint.size // FULL)):
        hashes = tiles.verify_leaf_hashes(index, checked)
        if since is not None and since.size >> HEIGHT == index and checked.continues is None:
            tiles.known[Tile(0, index)] = hashes
            _verify_since(since, tiles, checked)
        require_hashes(expected.receipts, index, hashes, checked)
        entries, path = _read_entries(read, tile_at(checkpoint.size, ENTRIES, index), hashes)
        events = _check_entries(index * FULL, entries, path, rules, removals)
        if events is None or not _TELLING.isdisjoint(events):
            removals.look(index * FULL, entries)
            beats.look(index * FULL, entries)
    removals.judge(rules.resumed_at, beats.resumed_at, lambda said: _require_seen(said, read, expected, tiles), checked)
    beats.require_silence_within(expected.silence, seen_at)


def _verify_checkpoint(data: bytes, expected: Expected, now: datetime, checked: Checked) -> Checkpoint:
    try:
        note = parse_note(data)
        checkpoint = verify_checkpoint(note, expected.log)
    except LedgerError as error:
        raise WrongError(_CHECKPOINT_FAULTS.get(error.code, Wrong.CHECKPOINT), CHECKPOINT) from None
    checked.origin, checked.size, checked.root = checkpoint.origin, checkpoint.size, checkpoint.root.hex()
    checked.is_signed = True
    if expected.policy is not None:
        verify_quorum(note, expected, now, checked)
    return checkpoint


def verify_quorum(note: Note, expected: Expected, now: datetime, checked: Checked) -> None:
    """Require the cosignatures that are asked for. Raises WrongError COSIGNATURE, QUORUM."""
    if expected.policy is None:
        return
    seconds = int(now.timestamp())
    earliest = 0 if expected.oldest is None else max(seconds - expected.oldest, 0)
    try:
        counted = require_quorum(
            note, expected.policy, expected.log, earliest=earliest, latest=seconds + expected.ahead_seconds
        )
    except LedgerError as error:
        code = Wrong.QUORUM if error.code is LedgerFault.QUORUM else Wrong.COSIGNATURE
        raise WrongError(code, f"{CHECKPOINT} ({error.where})" if error.where else CHECKPOINT) from None
    checked.witnesses = [each.witness for each in counted]
    checked.seen_at = quorum_time(counted, expected.policy.quorum)


class _Tiles:
    """The hash tiles of one log. Those above the leaf hashes are kept, a 256th of the log; and the edge."""

    def __init__(self, read: Read, checkpoint: Checkpoint) -> None:
        self._read = read
        self._size = checkpoint.size
        self._root = checkpoint.root
        self.known: dict[Tile, bytes] = {}

    def verify_upper(self, checked: Checked) -> None:
        """Read the edge and every level but the lowest, and require that the root rests on them."""
        edge = edge_tiles(self._size)
        for tile in edge:
            self._keep(tile)
        levels = (self._size.bit_length() + HEIGHT - 1) // HEIGHT
        by_level = {tile.level: self._of(tile) for tile in edge}
        if Edge(self._size, tuple(by_level.get(level, b"") for level in range(levels))).root() != self._root:
            raise WrongError(Wrong.ROOT, CHECKPOINT if not edge else edge[-1].path)
        checked.tiles += len(edge)
        for level in range(levels - 1, 0, -1):
            for index in range(self._size >> HEIGHT * (level + 1)):
                self._keep(Tile(level, index))
                self._require_above(Tile(level, index), self._of(Tile(level, index)))
                checked.tiles += 1

    def verify_leaf_hashes(self, index: int, checked: Checked) -> bytes:
        """Return the leaf hashes of a bundle, once what is above rests on them."""
        tile = tile_at(self._size, 0, index)
        if tile.width < FULL:  # on the edge
            return self._of(tile)
        data = _read_tile(self._read, tile)
        self._require_above(tile, data)
        checked.tiles += 1
        return data

    def root_at(self, size: int) -> bytes:
        """Return the root when the log had `size` entries."""
        index = size // FULL
        if size % FULL and Tile(0, index) not in self.known:
            self._keep(Tile(0, index))
            self._require_above(Tile(0, index), self._of(Tile(0, index)))
        return read_compact_range(size, self.nodes()).root()

    def nodes(self) -> TileNodes:
        """The tree as far as it is kept; everything in it is verified."""
        return TileNodes(self._size, self._of)

    def _keep(self, tile: Tile) -> None:
        self.known[Tile(tile.level, tile.index)] = _read_tile(self._read, tile)

    def _of(self, tile: Tile) -> bytes:
        return self.known[Tile(tile.level, tile.index)]

    def _require_above(self, tile: Tile, data: bytes) -> None:
        above, place = divmod(tile.index, FULL)
        place *= HASH_BYTES
        if self._of(Tile(tile.level + 1, above))[place : place + HASH_BYTES] != hash_full_row(data):
            raise WrongError(Wrong.TILE, tile.path)


def _verify_since(since: Checkpoint, tiles: _Tiles, checked: Checked) -> None:
    """Require that this tree begins with the earlier one: its root out of our own, verified hashes."""
    if read_compact_range(since.size, tiles.nodes()).root() != since.root:
        raise WrongError(Wrong.DIFFERENT, f"{CHECKPOINT} (of {since.size} entries)")
    checked.continues = since.size


def _check_entries(
    first: int, entries: Sequence[bytes | None], path: str, rules: EntryRules, removals: Removals
) -> frozenset[bytes] | None:
    """Check the entries that are there; return what events they are of, where that is known and none is missing."""
    if None not in entries:
        return rules.check(first, [entry for entry in entries if entry is not None])
    for is_gone, run in groupby(enumerate(entries, first), key=lambda each: each[1] is None):
        numbered = list(run)
        if is_gone:
            rules.skip(len(numbered))
            removals.miss(numbered[0][0], len(numbered), path)
        else:
            rules.check(numbered[0][0], [entry for _, entry in numbered if entry is not None])
    return None


def _require_seen(said: Pruning, read: Read, expected: Expected, tiles: _Tiles) -> None:
    """Require that a quorum had seen all that was removed, so long before as it had to be kept."""
    if expected.policy is None:
        return
    path = kept_checkpoint_path(said.checkpoint)
    data = _read(read, path, LARGEST_NOTE)
    latest = int((said.at - timedelta(days=said.days)).timestamp())
    try:
        note = parse_note(data)
        checkpoint = verify_checkpoint(note, expected.log)
        require_quorum(note, expected.policy, expected.log, latest=latest)
    except LedgerError:
        raise WrongError(Wrong.AGE, path) from None
    if checkpoint.size != said.checkpoint or not said.end <= checkpoint.size <= said.index:
        raise WrongError(Wrong.AGE, path)
    if tiles.root_at(checkpoint.size) != checkpoint.root:
        raise WrongError(Wrong.DIFFERENT, path)


def _read_entries(read: Read, tile: Tile, hashes: bytes) -> tuple[Sequence[bytes | None], str]:
    """Return the entries of a bundle, each of them the one that was hashed, and where they belong.

    None stands for each that is gone: of a bundle that is not there, all but those that are kept elsewhere.
    """
    try:
        data, published = _read_either(read, tile, LARGEST_BUNDLE)
    except WrongError:
        if tile.width < FULL:
            raise  # where the log grows, nothing is old
        return _read_kept(read, tile, hashes)
    try:
        entries = decode_bundle(published, data)[: tile.width]
    except LedgerError:
        raise WrongError(Wrong.BUNDLE, published.path) from None
    if b"".join(hash_leaves(entries)) != hashes:
        _accuse(published.path, tile, entries, hashes)
    return entries, published.path


def _read_kept(read: Read, tile: Tile, hashes: bytes) -> tuple[Sequence[bytes | None], str]:
    path = kept_path(tile)
    try:
        data = read(path, LARGEST_BUNDLE)
    except NotPublishedError:
        return [None] * tile.width, tile.path
    try:
        entries = decode_bundle(tile, data)
    except LedgerError:
        raise WrongError(Wrong.BUNDLE, path) from None
    _accuse(path, tile, entries, hashes, may_be_gone=True)
    return [entry or None for entry in entries], tile.path


def _accuse(path: str, tile: Tile, entries: Sequence[bytes], hashes: bytes, *, may_be_gone: bool = False) -> None:
    for place, found in enumerate(hash_leaves(entries)):
        if hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES] != found and (entries[place] or not may_be_gone):
            raise WrongError(Wrong.ENTRY, f"{path}, entry {tile.index * FULL + place}")


def _read_tile(read: Read, tile: Tile) -> bytes:
    data, published = _read_either(read, tile, FULL * HASH_BYTES)
    if len(data) != published.width * HASH_BYTES:
        raise WrongError(Wrong.TILE_SIZE, published.path)
    return data[: tile.width * HASH_BYTES]


def _read_either(read: Read, tile: Tile, most: int) -> tuple[bytes, Tile]:
    """Read a tile as it is at this size, or where that was cleared away, the full one that came of it."""
    try:
        return read(tile.path, most), tile
    except NotPublishedError:
        if tile.width == FULL:
            raise WrongError(Wrong.MISSING, tile.path) from None
    full = Tile(tile.level, tile.index)
    try:
        return read(full.path, most), full
    except NotPublishedError:
        raise WrongError(Wrong.MISSING, tile.path) from None


def _read(read: Read, path: str, most: int) -> bytes:
    try:
        return read(path, most)
    except NotPublishedError:
        raise WrongError(Wrong.MISSING, path) from None


_CHECKPOINT_FAULTS = {
    LedgerFault.UNSIGNED: Wrong.UNSIGNED,
    LedgerFault.SIGNATURE: Wrong.SIGNATURE,
    LedgerFault.ORIGIN: Wrong.ORIGIN,
}
